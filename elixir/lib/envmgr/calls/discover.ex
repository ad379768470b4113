defmodule Envmgr.Calls.Discover do
  # Discovery for callers: options are checked, and catalogs that are just being read are waited for.
  @moduledoc false

  alias Envmgr.{Error, Near, Pool, Ref}
  alias Envmgr.Calls.Help
  alias Envmgr.Libraries.{Catalog, CatalogFile, Description, Discovery, Filters, Search, Unknown}
  alias Envmgr.Libraries.Usage.{Keeper, Record}

  @kinds ~w(function coroutine generator async-generator ufunc class method classmethod staticmethod property constant module)

  @sorts ~w(count errors cached p50 p95 p99 max first last path)a

  defstruct name: Envmgr, library: nil, limit: 20, sort: :count, filters: %Filters{}

  @type t :: %__MODULE__{
          name: atom(),
          library: String.t() | nil,
          limit: non_neg_integer(),
          sort: atom(),
          filters: Filters.t()
        }

  @doc "Options of `known` keys. Raises `Envmgr.Error` with all that is wrong."
  @spec options!(keyword(), [atom()]) :: t()
  def options!(opts, known) do
    unless Keyword.keyword?(opts),
      do:
        raise(Error, code: :arguments, message: "#{inspect(opts)} is no keyword list of options")

    case for {key, value} <- opts, problem = problem(key, value, known), do: problem do
      [] ->
        filters = %Filters{
          kind: opts[:kind] && to_string(opts[:kind]),
          module: opts[:module],
          deprecated: opts[:deprecated]
        }

        struct!(
          %__MODULE__{filters: filters},
          Keyword.take(opts, [:name, :library, :limit, :sort])
        )

      problems ->
        raise Error,
          code: :arguments,
          message: Enum.join(problems, "; "),
          hint: "options are #{Enum.join(known, ", ")}"
    end
  end

  defp problem(key, value, known) do
    cond do
      key not in known ->
        "unknown option #{key}#{near(key, known)}"

      not fits?(key, value) ->
        "#{inspect(value)} is no value of the option #{key}#{near(value, kinds(key))}"

      true ->
        nil
    end
  end

  defp fits?(:kind, kind),
    do: kind == nil or ((is_atom(kind) or is_binary(kind)) and to_string(kind) in @kinds)

  defp fits?(:module, module), do: module == nil or is_binary(module)
  defp fits?(:deprecated, flag), do: flag in [true, false, nil]
  defp fits?(:library, library), do: library == nil or is_binary(library)
  defp fits?(:limit, limit), do: is_integer(limit) and limit >= 0
  defp fits?(:sort, sort), do: sort in @sorts
  defp fits?(:name, name), do: is_atom(name)

  defp kinds(:kind), do: @kinds
  defp kinds(:sort), do: @sorts
  defp kinds(_key), do: []

  defp near(word, words) when is_atom(word) or is_binary(word) do
    near = Near.hint(to_string(word), Enum.map(words, &to_string/1))
    if near, do: ", " <> near
  end

  defp near(_word, _words), do: nil

  @spec functions(String.t(), t()) :: [map()]
  def functions(library, opts) do
    library = Catalog.real(opts.name, library)
    Discovery.functions(library, file!(opts.name, library), Filters.within(opts.filters, library))
  end

  @spec describe(String.t(), t()) :: map()
  def describe(path, opts) do
    await(opts.name, Catalog.home(opts.name, path))
    found = Description.of(opts.name, path)
    Map.put(found, :calls, called(opts.name, found))
  end

  # What was called under any of its paths; of a library all of it.
  defp called(name, found) do
    records = Map.values(Keeper.read(name))

    theirs =
      if found.kind == "library",
        do: for(record <- records, record.library == found.library, do: record),
        else:
          for(
            record <- records,
            record.path in [found.path, found.canonical | found.aliases],
            do: record
          )

    case for(record <- theirs, record.buckets != %{}, do: record) do
      [] ->
        nil

      [first | others] ->
        Record.row(%{Enum.reduce(others, first, &Record.merge/2) | path: found.path})
    end
  end

  @doc "What `Envmgr.h/2` prints: of a path, a library, a ref; or why there is nothing to print."
  @spec help(String.t() | Ref.t(), t()) :: IO.ANSI.ansidata()
  def help(%Ref{} = ref, opts) do
    case class(ref) do
      nil -> Help.ref(ref, false)
      path -> [Help.ref(ref, true), "\n\n", help(path, opts)]
    end
  end

  def help(path, opts) do
    found = describe(path, opts)

    functions =
      if found.kind == "library",
        do: functions(found.library, %{opts | filters: %Filters{kind: "function"}})

    Help.lines(found, functions || [])
  rescue
    error in Error -> Exception.message(error)
  end

  # A class may be in the catalog under a shorter path than that of the module that defines it.
  defp class(ref) do
    name = ref.type |> String.split(".") |> List.last()

    with library when is_binary(library) <- ref.library,
         %{} = file <- Catalog.file(ref.name, library) do
      paths =
        for number <- CatalogFile.containing(file, name),
            path = CatalogFile.path(file, number),
            path |> String.split(".") |> List.last() == name,
            {:ok, [_path, "class" | _]} <- [
              CatalogFile.row(file, CatalogFile.object(file, number))
            ],
            defined?(file, number, ref.type),
            do: path

      best = Enum.min_by(paths, &{byte_size(&1), &1}, fn -> nil end)
      best && "#{library}.#{best}"
    end
  end

  # Two classes may have one name: that of the type is defined in its module.
  defp defined?(file, number, type) do
    case CatalogFile.detail(file, CatalogFile.object(file, number)) do
      {:ok, %{"module" => module}} when is_binary(module) ->
        String.starts_with?(type, module <> ".")

      _unknown ->
        false
    end
  end

  @spec search(String.t(), t()) :: [map()]
  def search(words, opts) do
    Search.run(catalogs(opts), words, opts.filters, opts.limit)
  end

  @spec calls(t()) :: [map()]
  def calls(opts) do
    library = opts.library && Catalog.real(opts.name, opts.library)

    rows =
      for {_path, record} <- Keeper.read(opts.name),
          library == nil or record.library == library,
          row = Record.row(record),
          row.count > 0,
          do: row

    rows |> Enum.sort_by(& &1.path) |> sorted(opts.sort)
  end

  defp sorted(rows, :path), do: rows

  defp sorted(rows, key) when key in [:first, :last],
    do: Enum.sort_by(rows, & &1[key], {:desc, DateTime})

  defp sorted(rows, key), do: Enum.sort_by(rows, & &1[key], :desc)

  # One environment whose catalogs cannot be read hides no other.
  defp catalogs(%{library: nil, name: name}) do
    for {library, environment, _facts} <- Catalog.libraries(name),
        Pool.await_catalog(name, environment, :infinity) == :ok,
        file = Catalog.file(name, library),
        do: {library, file}
  end

  defp catalogs(%{library: library, name: name}) do
    library = Catalog.real(name, library)
    [{library, file!(name, library)}]
  end

  defp file!(name, library) do
    await(name, Catalog.home(name, library))
    Catalog.file(name, library) || raise Unknown.error(name, library)
  end

  defp await(_name, nil), do: :ok

  defp await(name, environment) do
    with {:error, error} <- Pool.await_catalog(name, environment, :infinity), do: raise(error)
  end
end
