defmodule Envmgr.Libraries.Unknown do
  # Errors for paths that are in no catalog, with the path that was probably meant.
  @moduledoc false

  alias Envmgr.{Error, Near}
  alias Envmgr.Libraries.Catalog

  @spec error(atom(), String.t()) :: Error.t()
  def error(table, path) do
    libraries = Catalog.libraries(table)
    [library | rest] = String.split(path, ".", parts: 2)

    case {Enum.find(libraries, &(elem(&1, 0) == library)), rest, unloaded?(table, library)} do
      {nil, _rest, true} ->
        unloaded(library, path)

      {nil, _rest, _} when libraries == [] ->
        %{not_installed(table) | path: path}

      {nil, _rest, _} ->
        unknown_library(libraries, library, path)

      {{_, environment, facts}, [], _} ->
        no_function(library, environment, facts, path)

      {{_, environment, facts}, [_], _} ->
        unknown_function(table, library, environment, facts, path)
    end
  end

  defp unloaded?(table, library) do
    case :ets.lookup(table, :unloaded) do
      [{:unloaded, libraries}] -> library in libraries
      [] -> false
    end
  end

  defp unloaded(library, path) do
    %Error{
      code: :unknown_library,
      library: library,
      path: path,
      message: "the library #{library} was unloaded",
      hint: "Envmgr.load(#{inspect(library)}) loads it again"
    }
  end

  @doc "Why there is no library at all."
  @spec not_installed(atom()) :: Error.t()
  def not_installed(table) do
    case :ets.lookup(table, :project) do
      [{:project, nil}] ->
        %Error{
          code: :not_installed,
          message: "no project: there is no envmgr.toml in the working directory or above it",
          hint: "set `config :envmgr, project: PATH`, or start with `envmgr init`"
        }

      [{:project, project}] ->
        %Error{
          code: :not_installed,
          message: "no environment of #{project} is installed",
          hint: "run `mix envmgr.install`"
        }
    end
  end

  defp unknown_library(libraries, library, path) do
    near = Near.hint(library, Enum.map(libraries, &elem(&1, 0)))

    %Error{
      code: :unknown_library,
      library: library,
      path: path,
      message: "there is no library #{library}",
      hint:
        near ||
          "libraries stand in envmgr.toml; Envmgr.configuration() tells whether a change there is in force"
    }
  end

  defp no_function(library, environment, facts, path) do
    %Error{
      code: :unknown_function,
      library: library,
      environment: environment,
      generation: facts.generation,
      path: path,
      message: "names a library, not a function",
      hint: "Envmgr.functions(#{inspect(library)}) lists what it has"
    }
  end

  defp unknown_function(table, library, environment, facts, path) do
    near = nearest(path, Catalog.paths(table, library))

    %Error{
      code: :unknown_function,
      library: library,
      environment: environment,
      generation: facts.generation,
      path: path,
      message: "#{library}#{if facts.version, do: " " <> facts.version} has no such function",
      hint:
        if(near,
          do: "did you mean #{near}?",
          else: "Envmgr.functions(#{inspect(library)}) lists what it has"
        )
    }
  end

  # The same last name elsewhere (numpy.norm: numpy.linalg.norm) is a better guess than a similar spelling. Spelling is
  # compared with names of the same depth and first letters only: 40,000 comparisons would take a second.
  defp nearest(path, paths) do
    last = "." <> List.last(String.split(path, "."))

    case paths |> Enum.filter(&String.ends_with?(&1, last)) |> Enum.sort_by(&byte_size/1) do
      [near | _] -> near
      [] -> near_spelling(path, paths)
    end
  end

  defp near_spelling(path, paths) do
    depth = dots(path)
    size = byte_size(path)
    similar = Enum.filter(paths, &(abs(byte_size(&1) - size) <= 3 and dots(&1) == depth))
    prefix = path |> String.split(".") |> Enum.drop(-1) |> Enum.join(".")
    siblings = Enum.filter(similar, &String.starts_with?(&1, prefix <> "."))

    near = Near.name(leaf(path), Enum.map(siblings, &leaf/1))

    if near, do: "#{prefix}.#{near}", else: Near.name(path, Enum.take(similar, 2_000))
  end

  defp leaf(path), do: path |> String.split(".") |> List.last()
  defp dots(path), do: path |> :binary.matches(".") |> length()
end
