defmodule Envmgr.Libraries.Usage.Record do
  # What is known of the calls of one path, as a value: read from counters, added up, written, told.
  @moduledoc false

  alias Envmgr.Libraries.Usage.Histogram

  # Atoms of this module: at the start none that others name need be there.
  @classes Map.new(
             [:usage, :conversion, :library, :resource, :policy, :internal],
             &{Atom.to_string(&1), &1}
           )

  @enforce_keys [:path, :library, :first, :last]
  defstruct [:path, :library, :first, :last, cached: 0, errors: %{}, buckets: %{}]

  @typedoc "`first`, `last`: Unix time in ms. `errors`: by class."
  @type t :: %__MODULE__{
          path: String.t(),
          library: String.t() | nil,
          first: integer(),
          last: integer(),
          cached: non_neg_integer(),
          errors: %{atom() => pos_integer()},
          buckets: Histogram.t()
        }

  @spec merge(t(), t()) :: t()
  def merge(one, other) do
    newer = if other.last > one.last, do: other, else: one

    %{
      newer
      | first: min(one.first, other.first),
        cached: one.cached + other.cached,
        errors: Map.merge(one.errors, other.errors, fn _class, a, b -> a + b end),
        buckets: Histogram.merge(one.buckets, other.buckets)
    }
  end

  @doc "All records by path, those of one path added up."
  @spec sum([[t()]]) :: %{String.t() => t()}
  def sum(lists) do
    for records <- lists, record <- records, reduce: %{} do
      all -> Map.update(all, record.path, record, &merge(&1, record))
    end
  end

  @doc "A row of `Envmgr.calls/1`; times in ms."
  @spec row(t()) :: map()
  def row(record) do
    [p50, p95, p99, longest] = Histogram.quantiles(record.buckets, [0.5, 0.95, 0.99, 1.0])

    %{
      path: record.path,
      library: record.library,
      count: Histogram.count(record.buckets),
      errors: record.errors |> Map.values() |> Enum.sum(),
      classes: record.errors,
      cached: record.cached,
      p50: ms(p50),
      p95: ms(p95),
      p99: ms(p99),
      max: ms(longest),
      first: DateTime.from_unix!(record.first, :millisecond),
      last: DateTime.from_unix!(record.last, :millisecond)
    }
  end

  defp ms(nil), do: nil
  defp ms(ns), do: Float.round(ns / 1.0e6, 3)

  @doc "As it is written (docs/protocol.md, section 1)."
  @spec dump(t()) :: list()
  def dump(record) do
    errors = Map.new(record.errors, fn {class, n} -> {Atom.to_string(class), n} end)
    buckets = for {index, n} <- Enum.sort(record.buckets), do: [index, n]
    [record.path, record.library, record.first, record.last, record.cached, errors, buckets]
  end

  @spec load(term()) :: {:ok, t()} | :error
  def load([path, library, first, last, cached, %{} = errors, buckets])
      when is_binary(path) and (is_binary(library) or library == nil) and is_integer(first) and
             is_integer(last) and is_integer(cached) and cached >= 0 and is_list(buckets) do
    if Enum.all?(errors, &counted?/1) and Enum.all?(buckets, &bucket?/1) do
      {:ok,
       %__MODULE__{
         path: path,
         library: library,
         first: first,
         last: last,
         cached: cached,
         errors: Map.new(errors, fn {class, n} -> {@classes[class], n} end),
         buckets: Map.new(buckets, fn [index, n] -> {index, n} end)
       }}
    else
      :error
    end
  end

  def load(_malformed), do: :error

  defp counted?({class, n}), do: is_map_key(@classes, class) and is_integer(n) and n > 0

  defp bucket?([index, n]),
    do: is_integer(index) and index in 0..(Histogram.size() - 1) and is_integer(n) and n > 0

  defp bucket?(_malformed), do: false
end
