defmodule Envmgr.Test.Around do
  # An instance whose library `probe` is under several names, each with something else around its calls; and how often a
  # function was called, whichever worker ran it (`probe.counted`).
  @moduledoc false

  alias Envmgr.Test.Project

  @doc "An instance for all tests of a module. `libraries`: what is said of each, by name."
  def start(name, libraries, options \\ []) do
    project =
      Path.join(
        System.tmp_dir!(),
        "envmgr-around-#{System.unique_integer([:positive])}-#{System.pid()}"
      )

    File.mkdir_p!(project)
    ExUnit.Callbacks.on_exit(fn -> File.rm_rf!(project) end)
    activate(project, libraries, options)

    ExUnit.Callbacks.start_supervised!(
      {Envmgr, name: name, project: project, watch: false, start_timeout: 60_000}
    )

    # Its workers are there: no test's deadline is theirs.
    :ok = libraries |> Map.keys() |> hd() |> Envmgr.load(name)
    project
  end

  @doc "Writes the launch manifest."
  def activate(project, libraries, options \\ []) do
    libraries = for {name, said} <- libraries, into: %{}, do: {name, library(said)}
    Project.activate(project, "std", [libraries: libraries] ++ options)
  end

  defp library(said), do: Project.library("probe", said)

  @doc "A file that notes calls, for `setup`."
  def notes(_context) do
    path =
      Path.join(
        System.tmp_dir!(),
        "envmgr-notes-#{System.unique_integer([:positive])}-#{System.pid()}"
      )

    ExUnit.Callbacks.on_exit(fn -> File.rm(path) end)
    %{notes: path}
  end

  @doc "How many calls it notes."
  def times(notes) do
    case File.stat(notes) do
      {:ok, stat} -> stat.size
      {:error, :enoent} -> 0
    end
  end
end
