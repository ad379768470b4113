defmodule Envmgr.Calls.Tally do
  # How often a library's calls were recovered, and by what: counters in the instance's table, made when first needed.
  @moduledoc false

  alias Envmgr.Calls.Call

  @counts [:retries, :recovered, :exhausted, :fallbacks, :hedges, :hedges_won, :rate_limited]
  @index @counts |> Enum.with_index(1) |> Map.new()

  @spec add(Call.t(), atom()) :: :ok
  def add(%{library: nil}, _count), do: :ok

  def add(call, count) do
    call.options.name |> counters(call.library) |> :counters.add(@index[count], 1)
  rescue
    # The instance has ended.
    ArgumentError -> :ok
  end

  @doc "By library."
  @spec read(atom()) :: %{String.t() => %{atom() => non_neg_integer()}}
  def read(name) do
    for [library, counters] <- :ets.match(name, {{:tally, :"$1"}, :"$2"}), into: %{} do
      {library, Map.new(@index, fn {count, index} -> {count, :counters.get(counters, index)} end)}
    end
  end

  defp counters(name, library) do
    case :ets.lookup(name, {:tally, library}) do
      [{_key, counters}] ->
        counters

      [] ->
        :ets.insert_new(name, {{:tally, library}, :counters.new(length(@counts), [])})
        counters(name, library)
    end
  end
end
