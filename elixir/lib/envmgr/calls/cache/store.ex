defmodule Envmgr.Calls.Cache.Store do
  # The tables of an instance's results, as callers use them without asking a process; and how often they did.
  @moduledoc false

  alias Envmgr.Calls.Cache.Key

  @enforce_keys [:keeper, :entries, :flights, :waiting, :version]
  defstruct [:keeper, :entries, :flights, :waiting, :version]

  @typedoc "`version` counts invalidations."
  @type t :: %__MODULE__{
          keeper: pid(),
          entries: :ets.tid(),
          flights: :ets.tid(),
          waiting: :ets.tid(),
          version: :atomics.atomics_ref()
        }

  # A row of entries: {key, kept?, value, metadata, expires, used?}
  @kept 2
  @used 6

  @counts [:hits, :misses, :evicted, :invalidated, :entries, :bytes]
  @index @counts |> Enum.with_index(1) |> Map.new()

  @doc "Tables of the calling process."
  @spec new(pid()) :: t()
  def new(keeper) do
    options = [:public, read_concurrency: true, write_concurrency: true]

    %__MODULE__{
      keeper: keeper,
      entries: :ets.new(:entries, options),
      flights: :ets.new(:flights, options),
      waiting: :ets.new(:waiting, [:bag | options]),
      version: :atomics.new(1, signed: false)
    }
  end

  @doc "Those of an instance; nil where it has ended."
  @spec of(atom()) :: t() | nil
  def of(name) do
    case :ets.lookup(name, :cache) do
      [{:cache, store}] -> store
      [] -> nil
    end
  rescue
    ArgumentError -> nil
  end

  @spec version(t()) :: non_neg_integer()
  def version(store), do: :atomics.get(store.version, 1)

  @spec advance(t()) :: :ok
  def advance(store), do: :atomics.add(store.version, 1, 1)

  @doc "A copy of a result that is kept, with its metadata."
  @spec find(t(), Key.t()) :: {:ok, term(), map()} | :none
  def find(store, key) do
    now = System.monotonic_time(:millisecond)

    # An atom is greater than any number.
    case :ets.lookup(store.entries, key) do
      [{_key, true, value, metadata, expires, used?}] when expires > now ->
        used? || :ets.update_element(store.entries, key, {@used, true})
        {:ok, value, metadata}

      _none ->
        :none
    end
  rescue
    # The tables went with their process.
    ArgumentError -> :none
  end

  @doc "Puts a result there, which nobody finds before it is published."
  @spec put(t(), Key.t(), term(), map(), integer() | :infinity) :: boolean()
  def put(store, key, value, metadata, expires) do
    :ets.insert(store.entries, {key, false, value, metadata, expires, false})
  rescue
    ArgumentError -> false
  end

  @spec publish(t(), Key.t()) :: boolean()
  def publish(store, key), do: :ets.update_element(store.entries, key, {@kept, true})

  @spec delete(t(), Key.t()) :: true
  def delete(store, key), do: :ets.delete(store.entries, key)

  @doc "Whether it was used since this was last asked."
  @spec used?(t(), Key.t()) :: boolean()
  def used?(store, key) do
    used? = :ets.lookup_element(store.entries, key, @used)
    if used?, do: :ets.update_element(store.entries, key, {@used, false})
    used?
  rescue
    ArgumentError -> false
  end

  @spec count(atom(), String.t(), atom(), non_neg_integer()) :: :ok
  def count(name, path, what, n) do
    :counters.add(counters(name, path), @index[what], n)
  rescue
    ArgumentError -> :ok
  end

  @spec size(atom(), String.t(), %{entries: non_neg_integer(), bytes: non_neg_integer()}) :: :ok
  def size(name, path, size) do
    counters = counters(name, path)
    :counters.put(counters, @index.entries, size.entries)
    :counters.put(counters, @index.bytes, size.bytes)
  end

  @doc "By path, with the rate of hits."
  @spec read(atom()) :: %{String.t() => map()}
  def read(name) do
    for [path, counters] <- :ets.match(name, {{:cached, :"$1"}, :"$2"}), into: %{} do
      facts = Map.new(@index, fn {count, index} -> {count, :counters.get(counters, index)} end)
      asked = facts.hits + facts.misses
      {path, Map.put(facts, :hit_rate, if(asked > 0, do: facts.hits / asked, else: 0.0))}
    end
  end

  defp counters(name, path) do
    case :ets.lookup(name, {:cached, path}) do
      [{_key, counters}] ->
        counters

      [] ->
        :ets.insert_new(name, {{:cached, path}, :counters.new(length(@counts), [])})
        counters(name, path)
    end
  end
end
