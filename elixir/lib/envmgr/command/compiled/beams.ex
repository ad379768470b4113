defmodule Envmgr.Command.Compiled.Beams do
  # Where this Mix project's compiled modules are.
  @moduledoc false

  @doc "The project's own, of an umbrella those of its applications; with dependencies, but without Envmgr itself."
  @spec directories(deps? :: boolean()) :: [String.t()]
  def directories(deps?) do
    own = Mix.Project.apps_paths() || %{Mix.Project.config()[:app] => "."}

    apps =
      if deps?,
        do: Map.keys(own) ++ (Map.keys(Mix.Project.deps_paths()) -- [:envmgr]),
        else: Map.keys(own)

    for app <- apps |> Enum.uniq() |> Enum.sort(),
        do: Path.join([Mix.Project.build_path(), "lib", "#{app}", "ebin"])
  end

  @spec in_directory(String.t()) :: [String.t()]
  def in_directory(directory),
    do: directory |> Path.join("*.beam") |> Path.wildcard() |> Enum.sort()

  @doc "When the latest of them was written, in seconds of the system's clock; nil where there is none."
  @spec newest(String.t()) :: integer() | nil
  def newest(directory) do
    directory
    |> in_directory()
    |> Enum.map(&File.stat!(&1, time: :posix).mtime)
    |> Enum.max(fn -> nil end)
  end
end
