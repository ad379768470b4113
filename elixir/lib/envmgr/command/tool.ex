defmodule Envmgr.Command.Tool do
  # Where the envmgr command is, and how it comes to be there.
  @moduledoc false

  alias Envmgr.{Command, Options}
  alias Envmgr.Command.Arguments

  @checkout Path.expand("../../../..", __DIR__)
  @distribution "envmgr-elixir"
  @pythons ~w(python3.13 python3.12 python3.11 python3 python3.14)
  @usage 2

  @doc "The project's directory: `--project`, `config :envmgr, project:`, or the nearest envmgr.toml above."
  @spec project!(keyword()) :: String.t()
  def project!(options) do
    directory = options[:project] || Options.configured_project() || Options.nearest()

    cond do
      directory == nil ->
        Command.fail(
          "there is no envmgr.toml here or above",
          "start with one: `envmgr init`",
          @usage
        )

      not File.regular?(Path.join(directory, "envmgr.toml")) ->
        Command.fail("there is no envmgr.toml in #{directory}", nil, @usage)

      true ->
        Path.expand(directory)
    end
  end

  @doc """
  The command's argument vector, or nil: `config :envmgr, command:`, the variable ENVMGR, the project's own tool
  (`.envmgr/tool`), PATH.
  """
  @spec find(String.t()) :: [String.t(), ...] | nil
  def find(project) do
    own = program(project)

    cond do
      command = Options.command() -> List.wrap(command)
      command = System.get_env("ENVMGR") -> OptionParser.split(command)
      File.exists?(own) -> [own]
      command = System.find_executable("envmgr") -> [command]
      true -> nil
    end
  end

  @spec find!(String.t()) :: [String.t(), ...]
  def find!(project) do
    find(project) ||
      Command.fail("the command envmgr is not installed", "run `mix envmgr.install`")
  end

  @doc "Passes a mix task on: the same word of the command line, the task's arguments, its exit status."
  @spec forward(String.t(), [String.t()], String.t()) :: :ok
  def forward(word, arguments, help) do
    {options, rest} = Arguments.split!(arguments, help)
    project = project!(options)
    Command.finish(Command.run(find!(project) ++ [word, "--project", project] ++ rest))
  end

  @doc "Installs the command into the project's own tool environment. Shows what it does; ends the task when it fails."
  @spec install!(String.t()) :: [String.t(), ...]
  def install!(project) do
    directory = directory(project)
    IO.puts(:stderr, "installing envmgr into #{Path.relative_to_cwd(directory)}")
    # A half-made environment is never repaired.
    File.rm_rf!(directory)
    File.mkdir_p!(Path.dirname(directory))
    if not make(directory), do: give_up(directory)
    [program(project)]
  end

  @doc "What is installed: the checkout that this library stands in, else the distribution of this version's name."
  @spec source(String.t()) :: String.t()
  def source(checkout \\ @checkout) do
    case File.read(Path.join(checkout, "pyproject.toml")) do
      {:ok, text} -> if text =~ ~s(name = "#{@distribution}"), do: checkout, else: @distribution
      {:error, _} -> @distribution
    end
  end

  defp make(directory) do
    python = Path.join(directory, "bin/python")

    case {Enum.find(@pythons, &recent?/1), System.find_executable("uv")} do
      {nil, nil} ->
        Command.fail(
          "envmgr needs Python 3.11 or later, or uv; neither is on PATH",
          "Debian, Ubuntu: `apt install python3 python3-venv`; macOS: `brew install python`"
        )

      {nil, uv} ->
        with_uv(uv, directory, python)

      {system, uv} ->
        # Debian's python3 without python3-venv makes no environment; uv does.
        (Command.run([system, "-m", "venv", directory]) == 0 and
           Command.run([
             python,
             "-m",
             "pip",
             "install",
             "--quiet",
             "--disable-pip-version-check",
             source()
           ]) == 0) or
          (uv != nil and File.rm_rf!(directory) != nil and with_uv(uv, directory, python))
    end
  end

  defp with_uv(uv, directory, python) do
    Command.run([uv, "venv", "--quiet", "--python", ">=3.11", directory]) == 0 and
      Command.run(
        [uv | ~w(pip install --quiet --compile-bytecode --python)] ++ [python, source()]
      ) == 0
  end

  defp give_up(directory) do
    File.rm_rf!(directory)

    Command.fail(
      "envmgr could not be installed",
      "the lines above say why; Debian and Ubuntu need `apt install python3-venv`. " <>
        "An envmgr of your own is used with `config :envmgr, command: PATH`"
    )
  end

  defp recent?(python) do
    Command.ask([python, "-c", "import sys; print(sys.version_info >= (3, 11))"]) == "True"
  end

  defp directory(project), do: Path.join(project, ".envmgr/tool")
  defp program(project), do: Path.join(directory(project), "bin/envmgr")
end
