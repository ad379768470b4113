defmodule Envmgr.Dict do
  @moduledoc """
  A Python `dict` with its order: with the option `dicts: :ordered`, and where keys are equal in Elixir (NaN twice), which a
  map would merge. With `ordered: true` it is a `collections.OrderedDict`.

  Read it like a map or as pairs; finding a key is linear in the pairs.

      iex> dict = %Envmgr.Dict{pairs: [{"b", 1}, {"a", 2}]}
      iex> dict["a"]
      2
      iex> Enum.map(dict, fn {key, _value} -> key end)
      ["b", "a"]
  """

  @behaviour Access

  @enforce_keys [:pairs]
  defstruct [:pairs, ordered: false]

  @type t :: %__MODULE__{pairs: [{term(), term()}], ordered: boolean()}

  @doc """
  The pairs as a map; of equal keys the last one stays.

      iex> Envmgr.Dict.to_map(%Envmgr.Dict{pairs: [{"b", 1}, {"a", 2}]})
      %{"a" => 2, "b" => 1}
  """
  @spec to_map(t()) :: map()
  def to_map(%__MODULE__{pairs: pairs}), do: Map.new(pairs)

  @doc """
  The value of the first such key.

      iex> Envmgr.Dict.fetch(%Envmgr.Dict{pairs: [{1, :one}]}, 2)
      :error
  """
  @impl Access
  @spec fetch(t(), term()) :: {:ok, term()} | :error
  def fetch(%__MODULE__{pairs: pairs}, key) do
    case find(pairs, key) do
      {_key, value} -> {:ok, value}
      nil -> :error
    end
  end

  @doc false
  @impl Access
  def get_and_update(%__MODULE__{pairs: pairs} = dict, key, function) do
    found = find(pairs, key)

    case function.(found && elem(found, 1)) do
      {got, value} -> {got, %{dict | pairs: put(pairs, key, value)}}
      :pop -> pop(dict, key)
    end
  end

  @doc false
  @impl Access
  def pop(%__MODULE__{pairs: pairs} = dict, key) do
    case find(pairs, key) do
      {_key, value} = pair -> {value, %{dict | pairs: List.delete(pairs, pair)}}
      nil -> {nil, dict}
    end
  end

  defp find(pairs, key), do: Enum.find(pairs, fn {other, _value} -> other === key end)

  defp put([{other, _} | rest], key, value) when other === key, do: [{key, value} | rest]
  defp put([pair | rest], key, value), do: [pair | put(rest, key, value)]
  defp put([], key, value), do: [{key, value}]

  defimpl Enumerable do
    def count(dict), do: {:ok, length(dict.pairs)}
    def member?(dict, pair), do: {:ok, pair in dict.pairs}
    def slice(_dict), do: {:error, __MODULE__}
    def reduce(dict, acc, fun), do: Enumerable.List.reduce(dict.pairs, acc, fun)
  end
end
