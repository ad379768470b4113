defmodule Mix.Tasks.Compile.Envmgr do
  @shortdoc "Keeps the environments in step with envmgr.toml"

  @moduledoc """
  Keeps the environments in step with envmgr.toml and the locks, whenever the project is compiled.

      # mix.exs
      def project, do: [compilers: [:envmgr] ++ Mix.compilers(), ...]

  Where nothing changed since the last time (envmgr.toml, the locks, variables `ENVMGR_*`, the command, what is active) it starts no
  process and takes a few milliseconds. Else it runs `envmgr sync --keep-rollbacks`, which locks what has no lock, builds, verifies and
  activates; what was rolled back stays so until envmgr.toml changes.

  In CI (the variable `CI`) and with `MIX_ENV=prod` locks are taken as they are (`--frozen`): a missing or stale one is an error.

  What is wrong in envmgr.toml is an error of the compilation, with file, line and column. So is a command that is not installed
  (`mix envmgr.install`). With `config :envmgr, project: false` it does nothing.

  `--force` syncs in any case. `mix clean` forgets what was compared; environments stay.
  """

  use Mix.Task.Compiler

  alias Envmgr.Command.{Answer, Diagnosis, Tool}
  alias Envmgr.{Error, Options}
  alias Envmgr.Reload.Standing

  @manifest "compile.envmgr"
  @version 1
  # Another envmgr is at work on the project: a build takes minutes. The command itself waits five seconds each time.
  @turns 120

  @impl true
  def run(arguments) do
    cond do
      Options.without_project?() ->
        {:noop, []}

      project = Tool.project([]) ->
        keep(project, "--force" in arguments)

      true ->
        refused(
          %Error{
            code: :sync,
            message: "there is no envmgr.toml here or above",
            hint: "`mix envmgr.init` starts one; `config :envmgr, project: false` does without"
          },
          File.cwd!()
        )
    end
  end

  @impl true
  def manifests, do: [manifest()]

  @impl true
  def clean, do: File.rm(manifest())

  defp manifest, do: Path.join(Mix.Project.manifest_path(), @manifest)

  defp keep(project, force?) do
    before = remembered()
    command = Tool.find(project)
    now = Standing.take(project, command, before)

    if not force? and Standing.same?(before, now),
      do: {:noop, []},
      else: sync(project, command, now, @turns)
  end

  defp sync(project, nil, _before, _turns) do
    hint = "run `mix envmgr.install`"

    refused(
      %Error{code: :sync, message: "the command envmgr is not installed", hint: hint},
      project
    )
  end

  defp sync(project, [program | arguments] = command, before, turns) do
    if turns == @turns, do: Mix.shell().info("Syncing the environments of #{where(project)}")
    words = ["sync", "--project", project, "--format", "json", "--keep-rollbacks"] ++ frozen()
    # Only stdout is ours: progress goes on to the terminal.
    {said, status} = System.cmd(program, arguments ++ words)

    case Answer.parse(said, status) do
      {:ok, _outcomes} ->
        # What was edited meanwhile was not read.
        remember(%{Standing.take(project, command, nil) | toml: before.toml})
        {:ok, []}

      {:error, %{details: %{"code" => "E-BUSY"}} = error} when turns > 0 ->
        if turns == @turns, do: Mix.shell().info("Waiting: #{error.message}")
        sync(project, command, before, turns - 1)

      {:error, error} ->
        refused(error, project)
    end
  rescue
    error in ErlangError ->
      message = "the command #{program} does not start: #{inspect(error.original)}"
      refused(%Error{code: :sync, message: message}, project)
  end

  defp frozen do
    if Mix.env() == :prod or System.get_env("CI") not in [nil, "", "0", "false"],
      do: ["--frozen"],
      else: []
  end

  defp refused(error, project) do
    Mix.shell().error("error: " <> Exception.message(error))
    {:error, Diagnosis.of(error, project)}
  end

  defp where(project), do: Path.relative_to_cwd(Path.join(project, "envmgr.toml"))

  defp remembered do
    with {:ok, content} <- File.read(manifest()),
         {@version, %Standing{} = standing} <- read(content),
         do: standing,
         else: (_none -> nil)
  end

  defp read(content) do
    :erlang.binary_to_term(content)
  rescue
    ArgumentError -> nil
  end

  defp remember(standing) do
    File.mkdir_p!(Path.dirname(manifest()))
    File.write!(manifest(), :erlang.term_to_binary({@version, standing}))
  end
end
