defmodule Envmgr.Libraries.Catalog do
  # What may be called. Pools write catalogs, callers read them without asking a process, and keep the rows of the paths
  # that they call in the same table: the second call of a path is one lookup.
  @moduledoc false

  alias Envmgr.Libraries.{CatalogFile, Hooks, Manifest, Pipeline, Plan, Row, Scripted, Usage}

  @typedoc "Where a path leads: the real path of an alias, whose it is, its catalog, the number of its object."
  @type place :: {target :: String.t() | nil, Row.home(), CatalogFile.t(), non_neg_integer()}

  @doc "The catalogs of an environment, by library; and why others cannot be read. Reads the files side by side, decodes no row."
  @spec load(Manifest.t()) ::
          {%{String.t() => CatalogFile.t()}, unread :: %{String.t() => String.t()}}
  def load(manifest) do
    read = manifest.libraries |> Enum.to_list() |> opened()

    {for({name, {:ok, file}} <- read, into: %{}, do: {name, file}),
     for({name, {:error, reason}} <- read, into: %{}, do: {name, reason})}
  end

  defp opened([{name, library}]), do: [{name, CatalogFile.open(library.catalog)}]

  defp opened(libraries) do
    libraries
    |> Task.async_stream(&hd(opened([&1])), ordered: false, timeout: :infinity)
    |> Enum.map(fn {:ok, read} -> read end)
  end

  @doc """
  Puts the catalogs where callers see them, then takes away those of earlier epochs with their rows. Not in one step: see
  Pool.Server.

  `epoch` marks what was published together.
  """
  @spec publish(atom(), Manifest.t(), integer(), %{String.t() => CatalogFile.t()}) :: :ok
  def publish(table, manifest, epoch, files) do
    announce(table, manifest, epoch)

    for {name, file} <- files do
      %{timeout: timeout, trace: traced?} = manifest.libraries[name]
      :ets.insert(table, {{:catalog, name}, manifest.environment, epoch, timeout, traced?, file})
    end

    delete(table, manifest.environment, [{:"=/=", :"$1", epoch}])
    forget(table, epoch, Map.keys(files))
  end

  @doc "Makes the names of an environment's libraries known, before their catalogs are read."
  @spec announce(atom(), Manifest.t(), integer()) :: :ok
  def announce(table, manifest, epoch) do
    environment = manifest.environment

    for {name, library} <- manifest.libraries do
      facts =
        Map.merge(library, %{
          generation: manifest.generation,
          python: manifest.python,
          pools: Manifest.pools_of(manifest, name)
        })

      :ets.insert(table, {{:library, name}, environment, epoch, facts})

      for {alias, target} <- library.aliases,
          do: :ets.insert(table, {{:alias, alias}, environment, epoch, target})
    end

    :ok
  end

  @doc "Removes what an environment has from one publication."
  @spec remove(atom(), String.t(), integer()) :: :ok
  def remove(table, environment, epoch), do: delete(table, environment, [{:"=:=", :"$1", epoch}])

  # Catalogs go before rows: a caller that puts a row there looks afterwards whether its catalog is still the same.
  defp delete(table, environment, which) do
    catalog = {{{:catalog, :_}, environment, :"$1", :_, :_, :_}, which, [true]}
    library = {{{:library, :_}, environment, :"$1", :_}, which, [true]}
    alias = {{{:alias, :_}, environment, :"$1", :_}, which, [true]}
    shape = {{{:shape, :_, :_, :_}, environment, :"$1", :_}, which, [true]}
    :ets.select_delete(table, [catalog, library, alias, shape])
    :ets.select_delete(table, [{pattern(%{3 => environment, 7 => :"$1"}), which, [true]}])
    :ok
  end

  # A library that came from another environment answers from this one at once, and what an alias stands for may have changed.
  defp forget(table, epoch, libraries) do
    moved =
      for name <- libraries,
          do: {pattern(%{2 => name, 7 => :"$1"}), [{:"=/=", :"$1", epoch}], [true]}

    aliased = {pattern(%{11 => :"$1"}), [{:"=/=", :"$1", nil}], [true]}
    :ets.select_delete(table, [aliased | moved])
    :ok
  end

  defp pattern(elements), do: List.to_tuple(for i <- 1..14, do: Map.get(elements, i, :_))

  @doc "The row of a path that was called before."
  @spec lookup(atom(), String.t()) :: Row.t() | nil
  def lookup(table, path) do
    case :ets.lookup(table, path) do
      [row] -> row
      [] -> nil
    end
  end

  @doc "The row of a path, read from its catalog and kept. `:error`: there is none that can be called."
  @spec fetch(atom(), String.t()) :: {:ok, Row.t()} | :error | {:error, String.t()}
  def fetch(table, path) do
    with {target, home, file, object} = place <- locate(table, path),
         {:ok, [_path, kind | _] = raw} when kind != "module" <- CatalogFile.row(file, object) do
      {pipeline, plan} = said(table, target || path)
      hooks = Hooks.met(table, [path | List.wrap(target)])
      plan = plan |> Plan.with_hooks(hooks) |> Scripted.mark()
      tally = Usage.tally(table, target || path, elem(home, 0))
      row = Row.build(path, target, home, Pipeline.seen(raw, pipeline), plan, tally)
      :ets.insert(table, row)

      # A row must not outlive its catalog: one that was replaced meanwhile took no row of ours with it.
      if same?(place, locate(table, path)) do
        {:ok, row}
      else
        :ets.delete_object(table, row)
        fetch(table, path)
      end
    else
      {:error, reason} -> {:error, reason}
      _none -> :error
    end
  end

  # What envmgr.toml says of a function.
  defp said(table, path) do
    [name, rest] = :binary.split(path, ".")

    case library(table, name) do
      {_environment, facts} -> {Pipeline.of(facts.pipelines, rest), Plan.of(facts, rest)}
      nil -> {nil, nil}
    end
  end

  defp same?({target, home, _file, object}, {target, home, _same, object}), do: true
  defp same?(_place, _other), do: false

  @doc "Where a path leads, by its own name or by an alias. An alias never hides a library, or what a catalog has."
  @spec locate(atom(), String.t()) :: place() | nil
  def locate(table, path) do
    with nil <- locate(table, path, nil),
         target when is_binary(target) <- target(table, path),
         do: locate(table, target, target)
  end

  defp locate(table, path, target) do
    with [library, rest] <- :binary.split(path, "."),
         [{_, environment, epoch, timeout, traced?, file}] <-
           :ets.lookup(table, {:catalog, library}),
         {:ok, number} <- CatalogFile.find(file, rest) do
      {target, {library, environment, timeout, epoch, traced?}, file,
       CatalogFile.object(file, number)}
    else
      _none -> nil
    end
  end

  @doc "The path that an alias, or a path that begins with one, stands for; nil when there is none."
  @spec target(atom(), String.t()) :: String.t() | nil
  def target(table, path), do: target(table, path, byte_size(path))

  # The longest alias counts.
  defp target(table, path, size) do
    <<name::binary-size(size), rest::binary>> = path

    case not_hidden(table, name) do
      [{_, _environment, _epoch, target}] -> target <> rest
      [] -> shorter(table, path, name)
    end
  end

  defp not_hidden(table, name) do
    if library(table, name), do: [], else: :ets.lookup(table, {:alias, name})
  end

  defp shorter(table, path, name) do
    case :binary.matches(name, ".") do
      [] -> nil
      dots -> target(table, path, dots |> List.last() |> elem(0))
    end
  end

  @doc "The environment that a path's library is in, or that of its alias; nil when there is none."
  @spec home(atom(), String.t()) :: String.t() | nil
  def home(table, path) do
    [library | _] = :binary.split(path, ".")

    case library(table, library) || library(table, aliased(table, path)) do
      {environment, _facts} -> environment
      nil -> nil
    end
  end

  defp aliased(table, path) do
    target = target(table, path)
    target && target |> :binary.split(".") |> hd()
  end

  @doc "All libraries: `{name, environment, facts}`."
  @spec libraries(atom()) :: [{String.t(), String.t(), map()}]
  def libraries(table) do
    :ets.select(table, [{{{:library, :"$1"}, :"$2", :_, :"$3"}, [], [{{:"$1", :"$2", :"$3"}}]}])
  end

  @doc "The library that a name stands for: itself, where it is one or stands for none."
  @spec real(atom(), String.t()) :: String.t()
  def real(table, name), do: if(library(table, name), do: name, else: target(table, name) || name)

  @doc "All aliases, each with the path or library that it stands for."
  @spec aliases(atom()) :: [{String.t(), String.t()}]
  def aliases(table),
    do: :ets.select(table, [{{{:alias, :"$1"}, :_, :_, :"$2"}, [], [{{:"$1", :"$2"}}]}])

  @doc "One library: `{environment, facts}`."
  @spec library(atom(), String.t()) :: {String.t(), map()} | nil
  def library(table, name) do
    case :ets.lookup(table, {:library, name}) do
      [{_, environment, _epoch, facts}] -> {environment, facts}
      [] -> nil
    end
  end

  @doc "The deadline of a library's calls, and whether they are traced; nil when it is not there."
  @spec settings(atom(), String.t() | nil) ::
          {timeout :: pos_integer(), traced? :: boolean()} | nil
  def settings(table, library) do
    key = {:catalog, library}
    {:ets.lookup_element(table, key, 4), :ets.lookup_element(table, key, 5)}
  rescue
    ArgumentError -> nil
  end

  @doc "What marks the publication that a library's catalog is of; nil when it is not there."
  @spec epoch(atom(), String.t()) :: integer() | nil
  def epoch(table, library) do
    :ets.lookup_element(table, {:catalog, library}, 3)
  rescue
    ArgumentError -> nil
  end

  @doc "The catalog of a library, when it was read."
  @spec file(atom(), String.t()) :: CatalogFile.t() | nil
  def file(table, library) do
    case :ets.lookup(table, {:catalog, library}) do
      [{_, _environment, _epoch, _timeout, _traced?, file}] -> file
      [] -> nil
    end
  end
end
