defmodule Envmgr.Libraries.Unknown do
  # Errors for paths that are in no catalog, with the path that was probably meant.
  @moduledoc false

  alias Envmgr.{Commands, Error, Near}
  alias Envmgr.Libraries.{Catalog, CatalogFile, Nearby, State}

  @spec error(atom(), String.t()) :: Error.t()
  def error(table, path) do
    target = Catalog.target(table, path)
    [library | rest] = String.split(target || path, ".", parts: 2)

    error =
      case {Catalog.library(table, library), rest} do
        {nil, _rest} -> no_library(table, library, path)
        {{environment, facts}, []} -> no_function(library, environment, facts)
        {{environment, facts}, [rest]} -> unknown(table, library, environment, facts, rest)
      end

    about(%{error | path: path}, path, target)
  end

  defp about(error, _path, nil), do: error

  defp about(error, path, target),
    do: %{error | message: "#{path} stands for #{target}: #{error.message}"}

  defp no_library(table, library, path) do
    libraries = Catalog.libraries(table)

    cond do
      unloaded?(table, library) -> unloaded(library)
      reason = failed(table, library) -> reason
      libraries == [] -> not_installed(table)
      true -> unknown_library(table, libraries, library, path)
    end
  end

  defp unloaded?(table, library) do
    case :ets.lookup(table, :unloaded) do
      [{:unloaded, libraries}] -> library in libraries
      [] -> false
    end
  end

  @doc "Why a library is not there that is configured; nil where it is."
  @spec failed(atom(), String.t()) :: Error.t() | nil
  def failed(table, library) do
    case State.of(table, library) do
      {_environment, %{state: :failed, reason: %Error{} = reason}} -> %{reason | library: library}
      _other -> nil
    end
  end

  defp unloaded(library) do
    %Error{
      code: :unknown_library,
      library: library,
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
          hint:
            Commands.spoken(
              "set `config :envmgr, project: PATH`, or start a project with `envmgr init`"
            )
        }

      [{:project, project}] ->
        no_directory(project) ||
          %Error{
            code: :not_installed,
            message: "no environment of #{project} is installed",
            hint: "run #{Commands.install()}"
          }
    end
  end

  @doc "That there is no project in this place; nil where one may be."
  @spec no_directory(String.t()) :: Error.t() | nil
  def no_directory(project) do
    unless File.dir?(project) do
      {what, right} =
        if File.regular?(project),
          do: {"is a file, no directory", inspect(Path.dirname(project))},
          else: {"does not exist", "PATH"}

      %Error{
        code: :not_installed,
        message: "the project #{project} #{what}",
        hint:
          "set `config :envmgr, project: #{right}` (of an instance of your own its option `project`): the directory of envmgr.toml"
      }
    end
  end

  defp unknown_library(table, libraries, library, path) do
    %Error{
      code: :unknown_library,
      library: library,
      message: nameless(library, path) || "there is no library #{library}",
      hint:
        of_module(libraries, library, path) || without_library(table, libraries, path) ||
          Near.question(near(table, libraries, library)) ||
          "libraries stand in envmgr.toml; Envmgr.configuration() tells whether a change there is in force"
    }
  end

  defp nameless("", path),
    do: "#{inspect(path)} begins with no library: a path is one's name, a dot, and a path in it"

  defp nameless(_library, _path), do: nil

  # A library's name need not be that of its module: scikit-learn, sklearn.
  defp of_module(libraries, module, path) do
    case for {name, _, %{module: ^module}} <- libraries, do: name do
      [] ->
        nil

      names ->
        rest = binary_part(path, byte_size(module), byte_size(path) - byte_size(module))

        "#{module} is the module of the library #{names |> Enum.sort() |> Enum.join(", ")}: " <>
          Near.question(for name <- Enum.sort(names), do: name <> rest)
    end
  end

  defp without_library(table, libraries, path) do
    found =
      for {name, _, _} <- Enum.sort(libraries),
          file = Catalog.file(table, name),
          match?({:ok, _}, CatalogFile.find(file, path)),
          do: "#{name}.#{path}"

    found |> Enum.take(3) |> Near.question()
  end

  defp near(table, libraries, library) do
    names = for {name, _, _} <- libraries, do: name
    names = names ++ for {alias, _target} <- Catalog.aliases(table), do: alias
    lower = String.downcase(library)
    {same, others} = Enum.split_with(names, &(String.downcase(&1) == lower))
    Enum.take(same ++ Near.names(library, others, 3), 3)
  end

  defp no_function(library, environment, facts) do
    unknown_function(
      library,
      environment,
      facts,
      "names a library, not a function",
      "Envmgr.functions(#{inspect(library)}) lists what it has"
    )
  end

  defp unknown(table, library, environment, facts, path) do
    file = Catalog.file(table, library)

    with nil <- if(file == nil, do: failed(table, library)) do
      {message, hint} = why(file, library, facts, path)
      unknown_function(library, environment, facts, message, hint)
    end
  end

  defp unknown_function(library, environment, facts, message, hint) do
    %Error{
      code: :unknown_function,
      library: library,
      environment: environment,
      generation: facts.generation,
      version: facts.version,
      message: message,
      hint: hint
    }
  end

  defp why(nil, library, _facts, _path), do: {"the catalog of #{library} is not there yet", nil}

  defp why(file, library, facts, path) do
    case CatalogFile.find(file, path) do
      {:ok, _number} ->
        {"names a module, not a function",
         "Envmgr.functions(#{inspect(library)}, module: #{inspect(path)}) lists what it has"}

      {:none, _at} ->
        missing(file, library, facts, path)
    end
  end

  defp missing(file, library, facts, path) do
    {known, missing, rest} = Nearby.split(file, path)
    named = "#{library}#{if facts.version, do: " " <> facts.version}"
    near = for near <- Nearby.paths(file, path), do: "#{library}.#{near}"
    has_none = "#{named} has no such #{what(file, known)}"

    cond do
      private = Enum.find(String.split(path, "."), &String.starts_with?(&1, "_")) ->
        {"#{has_none}: private names are not reachable, and #{private} is one",
         Near.question(near)}

      near != [] ->
        {has_none, Near.question(near)}

      rest != [] and what(file, known) == "function" ->
        {"#{has_none}: #{missing} is not #{library}'s",
         "only what #{library} itself defines can be called; where #{missing} is a library of its own, " <>
           "add [library.#{missing}] to envmgr.toml"}

      true ->
        imported =
          if what(file, known) == "function",
            do: "; what it has from other libraries is not reachable",
            else: ""

        {has_none, everything(library, known) <> imported}
    end
  end

  defp what(file, known) do
    with {:ok, number} <- CatalogFile.find(file, known),
         {:ok, [_path, "class" | _]} <- CatalogFile.row(file, CatalogFile.object(file, number)) do
      "method of #{known}"
    else
      _module -> "function"
    end
  end

  defp everything(library, ""), do: "Envmgr.functions(#{inspect(library)}) lists what it has"

  defp everything(library, known),
    do: "Envmgr.functions(#{inspect(library)}, module: #{inspect(known)}) lists what #{known} has"
end
