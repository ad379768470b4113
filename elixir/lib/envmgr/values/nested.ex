defmodule Envmgr.Values.Nested do
  # Nested lists and their shape.
  @moduledoc false

  @doc "Flat elements in C order as lists of these sizes; the one element where there are none."
  @spec items(list(), [non_neg_integer()]) :: term()
  def items([item], []), do: item
  def items(items, [_size]), do: items

  def items(items, [size | inner]) do
    case Enum.product(inner) do
      0 -> List.duplicate(items([], inner), size)
      step -> items |> Enum.chunk_every(step) |> Enum.map(&items(&1, inner))
    end
  end

  @doc "The elements in C order and the sizes. Raises `ArgumentError` for lists of different lengths."
  @spec flatten!(term()) :: {list(), [non_neg_integer()]}
  def flatten!(nested) do
    sizes = sizes(nested)
    {nested |> flatten(sizes, []) |> :lists.reverse(), sizes}
  end

  defp sizes([first | _] = list), do: [length(list) | sizes(first)]
  defp sizes([]), do: [0]
  defp sizes(_item), do: []

  defp flatten(list, [size | inner], acc) when is_list(list) and length(list) == size,
    do: Enum.reduce(list, acc, &flatten(&1, inner, &2))

  defp flatten(item, [], acc) when not is_list(item), do: [item | acc]

  defp flatten(_other, _sizes, _acc),
    do: raise(ArgumentError, "the lists are not all equally long")
end
