defmodule Envmgr.Release do
  @moduledoc """
  Environments in a release of `mix release`, or beside it.

  ## In the release

      # mix.exs
      releases: [
        my_app: [steps: [:assemble, &Envmgr.Release.assemble/1]]
      ]

  `assemble/1` copies the active environments, their catalogs and runtime layers, envmgr.toml and locks to `releases/VERSION/envmgr`. The release runs from there,
  also when it is moved or unpacked elsewhere, on a machine with the same system and libc and the same interpreter at the same place: the environments lead to it. A VM that
  runs from such a release uses them by itself, unless `config :envmgr, project:` in runtime.exs names another directory than the release was assembled from.
  Nothing is written there: no watch, and `Envmgr.reload/1` refuses.

  Options stand beside the steps:

      my_app: [steps: [...], envmgr: [environments: ["data"], files: ["rules"]]]

  - `project`: the project's directory; default as everywhere
  - `environments`: which; default all that are active
  - `files`: what else of the project goes along, relative to it: what functions read in their working directory. Files of hooks and pipelines go by themselves

  ## Beside the release

      # config/runtime.exs
      config :envmgr, project: "/srv/my_app"

  Where a command line builds them on the machine itself: `envmgr sync --frozen`, or `envmgr unbundle` without a network (docs/bundles.md).

  ## At boot

  In a release the environments are checked before the first worker starts (`check!/1`). Where what is in the release cannot run, the application does not
  start, and says all that is wrong; a VM that was booting ends with status 1 and without a crash dump (so it does where `config :envmgr` cannot be used). Environments beside it can be mended while the VM runs: there problems are logged. `config :envmgr, check: :raise | :log | false`
  decides otherwise.
  """

  require Logger

  alias Envmgr.{Commands, Error, Near, Options}
  alias Envmgr.Command.{Answer, Tool}
  alias Envmgr.Release.{Checking, Closed, Packing, Place}

  @known [:project, :environments, :files]

  @doc """
  A step of `mix release`: copies the environments of the project into the release. Raises `Mix.Error` where they are not what envmgr.toml says, as far
  as the command envmgr is there to tell, and where one cannot be moved.

      steps: [:assemble, &Envmgr.Release.assemble/1, :tar]
  """
  @spec assemble(Mix.Release.t()) :: Mix.Release.t()
  def assemble(%{version_path: version_path, options: options} = release) do
    options = options!(options[:envmgr] || [])
    place = Place.in_version(version_path)
    current!(options.project)

    case Packing.run(options, place) do
      {:ok, names} ->
        Mix.shell().info("* assembled environments #{Enum.join(names, ", ")}")
        for line <- private(place), do: Mix.shell().info(line)
        release

      {:error, problems} ->
        Mix.raise("environments cannot go into the release:\n  " <> Enum.join(problems, "\n  "))
    end
  end

  # Whoever builds a release is often not who runs it.
  defp private(place) do
    for python <-
          Path.wildcard(Path.join(place, ".envmgr/store/*/bin/python"), match_dot: true),
        {:ok, target} <- [File.read_link(python)],
        directory = Closed.to_others(Path.expand(target, Path.dirname(python))),
        uniq: true do
      "* only its owner can start #{target}, for #{directory} is closed to others: " <>
        "to run the release as another user, take an interpreter elsewhere (`python` in envmgr.toml)"
    end
  end

  defp options!(options) do
    for {key, _value} <- options, key not in @known do
      near = Near.hint(to_string(key), Enum.map(@known, &to_string/1))

      Mix.raise(
        "unknown option #{inspect(key)} of envmgr in a release#{if near, do: ", " <> near}"
      )
    end

    project = Tool.project(Keyword.take(options, [:project]))
    if project == nil, do: Mix.raise("there is no envmgr.toml here or above")
    %{project: project, environments: options[:environments], files: options[:files] || []}
  end

  defp current!(project) do
    with [program | arguments] <- Tool.find(project),
         words = arguments ++ ["status", "--project", project, "--format", "json"],
         {said, status} = System.cmd(program, words),
         {:ok, environments} <- Answer.parse(said, status),
         [_ | _] = off <-
           for(%{"state" => state} = found when state != "ready" <- environments, do: found) do
      lines =
        for found <- off, do: "\n  #{found["environment"]}: #{Commands.spoken(found["detail"])}"

      Mix.raise("environments are not what envmgr.toml says:#{lines}")
    else
      {:error, error} -> Mix.raise(Exception.message(error))
      _current_or_nobody_to_tell -> :ok
    end
  end

  @doc """
  Raises `Envmgr.Error` with all that keeps the active environments of a project from running on this machine: manifests, the protocol of their workers, the
  interpreter and its version, files that are missing, extension modules of another size, catalogs. Costs a look at each directory and one start of each
  interpreter: some 20 ms an environment.

      :ok = Envmgr.Release.check!("/srv/my_app")
  """
  @spec check!(String.t()) :: :ok
  def check!(project) do
    {problems, warnings} = Checking.run(Path.expand(project))
    for warning <- warnings, do: Logger.warning("envmgr: #{warning}")
    if problems != [], do: raise(error(project, problems)), else: :ok
  end

  @doc false
  # At the start of an instance.
  @spec check(Options.t()) :: :ok
  def check(%Options{check: check, project: project}) when check == false or project == nil,
    do: :ok

  def check(%Options{check: :raise, project: project}) do
    check!(project)
  rescue
    error in Error ->
      # What starts the instance shows the reason in its own way.
      Logger.error("envmgr: " <> Exception.message(error))
      Logger.flush()
      reraise error, __STACKTRACE__
  end

  def check(%Options{check: :log, project: project}) do
    spawn(__MODULE__, :tell, [project])
    :ok
  end

  @doc false
  @spec tell(String.t()) :: :ok
  def tell(project) do
    check!(project)
  rescue
    error in Error -> Logger.error("envmgr: " <> Exception.message(error))
  end

  defp error(project, problems) do
    %Error{
      code: :not_installed,
      message: "environments of #{project} cannot run here:\n  " <> Enum.join(problems, "\n  "),
      hint:
        if(Place.assembled?(project),
          do:
            "build the release where it is to run, or on a machine with the same system and the same Python at the same place",
          else:
            Commands.spoken(
              "`envmgr sync` mends what can be mended; `envmgr doctor`, on this machine, says what it lacks"
            )
        )
    }
    |> Error.classified()
  end
end
