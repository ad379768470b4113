defmodule Envmgr.Calls.Cache.Weight do
  # What a value takes in memory, and the value as it may be kept: a slice of something larger becomes a binary of its own.
  @moduledoc false

  alias Envmgr.Ref

  @word 8
  # Larger binaries are outside of the heap.
  @on_heap 64
  @reference 6 * @word

  @doc "The value to keep, and its bytes, about. `:none`: it holds what lives somewhere: a ref, a process, a function."
  @spec of(term()) :: {:ok, term(), pos_integer()} | :none
  def of(value) do
    case add(value, {0, false}) do
      {bytes, false} -> {:ok, value, bytes + @word}
      {bytes, true} -> {:ok, own(value), bytes + @word}
    end
  catch
    :alive -> :none
  end

  @doc "The refs that a value holds."
  @spec refs(term()) :: [Ref.t()]
  def refs(%Ref{} = ref), do: [ref]
  def refs([first | rest]), do: refs(first) ++ refs(rest)
  def refs(tuple) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> refs()

  def refs(map) when is_map(map),
    do: for({key, value} <- :maps.to_list(map), ref <- refs(key) ++ refs(value), do: ref)

  def refs(_other), do: []

  # `sliced?`: whether some binary is a slice.
  defp add(n, sum) when is_integer(n) and abs(n) < 0x800000000000000, do: sum
  defp add(atom, sum) when is_atom(atom), do: sum
  defp add(float, sum) when is_float(float), do: more(sum, 2 * @word)
  defp add(n, sum) when is_integer(n), do: more(sum, 2 * @word + div(bits(n), 8))

  defp add(binary, {bytes, sliced?}) when is_binary(binary) do
    size = byte_size(binary)
    own = if size <= @on_heap, do: 2 * @word + size, else: @reference + size
    {bytes + own, sliced? or :binary.referenced_byte_size(binary) > size}
  end

  defp add([first | rest], sum), do: add(rest, add(first, more(sum, 2 * @word)))
  defp add([], sum), do: sum

  defp add(tuple, sum) when is_tuple(tuple) do
    tuple
    |> Tuple.to_list()
    |> Enum.reduce(more(sum, (1 + tuple_size(tuple)) * @word), &add/2)
  end

  defp add(%Ref{}, _sum), do: throw(:alive)

  defp add(map, sum) when is_map(map) do
    :maps.fold(
      fn key, value, sum -> add(value, add(key, sum)) end,
      more(sum, (3 + 2 * map_size(map)) * @word),
      map
    )
  end

  defp add(_process_or_function, _sum), do: throw(:alive)

  defp more({bytes, sliced?}, n), do: {bytes + n, sliced?}

  defp bits(n), do: n |> abs() |> :binary.encode_unsigned() |> bit_size()

  defp own(binary) when is_binary(binary) do
    if :binary.referenced_byte_size(binary) > byte_size(binary),
      do: :binary.copy(binary),
      else: binary
  end

  defp own([first | rest]), do: [own(first) | own(rest)]
  defp own(tuple) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> own() |> List.to_tuple()

  defp own(map) when is_map(map) do
    :maps.from_list(for {key, value} <- :maps.to_list(map), do: {own(key), own(value)})
  end

  defp own(other), do: other
end
