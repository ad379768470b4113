defmodule Envmgr.Set do
  @moduledoc """
  A Python `frozenset`, or a `set` whose elements are equal in Elixir (NaN twice), which a `MapSet` would merge.

      iex> Enum.to_list(%Envmgr.Set{items: [1, 2], frozen: true})
      [1, 2]
  """

  @enforce_keys [:items]
  defstruct [:items, frozen: false]

  @type t :: %__MODULE__{items: list(), frozen: boolean()}

  @doc """
  The elements as a `MapSet`; equal ones are merged.

      iex> Envmgr.Set.to_mapset(%Envmgr.Set{items: [:nan, :nan]})
      MapSet.new([:nan])
  """
  @spec to_mapset(t()) :: MapSet.t()
  def to_mapset(%__MODULE__{items: items}), do: MapSet.new(items)

  defimpl Enumerable do
    def count(set), do: {:ok, length(set.items)}
    def member?(set, item), do: {:ok, item in set.items}
    def slice(_set), do: {:error, __MODULE__}
    def reduce(set, acc, fun), do: Enumerable.List.reduce(set.items, acc, fun)
  end
end
