defmodule Envmgr.Values.Strided do
  # Elements of a binary (or list) by dimensions of count and stride, both in elements, as NumPy sees an array.
  @moduledoc false

  @type dimensions :: [{count :: non_neg_integer(), stride :: integer()}]

  @doc "The dimensions of a whole array."
  @spec dimensions([non_neg_integer()], :c | :f) :: dimensions()
  def dimensions(sizes, :f), do: sizes |> strides() |> then(&Enum.zip(sizes, &1))

  def dimensions(sizes, :c) do
    strides = sizes |> Enum.reverse() |> strides() |> Enum.reverse()
    Enum.zip(sizes, strides)
  end

  defp strides(sizes), do: sizes |> Enum.scan(1, &(&1 * &2)) |> then(&[1 | &1]) |> Enum.drop(-1)

  @doc "Where a part begins and what its dimensions are. Raises `ArgumentError` for an index that is none."
  @spec slice!(dimensions(), [integer() | Range.t()]) :: {non_neg_integer(), dimensions()}
  def slice!(dimensions, axes) do
    {named, whole} = Enum.split(dimensions, length(axes))

    {start, kept} =
      named
      |> Enum.zip(axes)
      |> Enum.reduce({0, []}, fn {dimension, axis}, {start, kept} ->
        {offset, dimension} = part!(dimension, axis)
        {start + offset, dimension ++ kept}
      end)

    {start, Enum.reverse(kept) ++ whole}
  end

  defp part!({count, stride}, index) when is_integer(index) do
    at = if index < 0, do: index + count, else: index

    if at not in 0..(count - 1)//1,
      do: raise(ArgumentError, "the index #{index} is outside of an axis of #{count}")

    {at * stride, []}
  end

  defp part!({count, stride}, %Range{first: first, last: last, step: step}) when step > 0 do
    first = max(if(first < 0, do: first + count, else: first), 0)
    last = min(if(last < 0, do: last + count, else: last), count - 1)

    if last < first,
      do: {0, [{0, stride}]},
      else: {first * stride, [{div(last - first, step) + 1, step * stride}]}
  end

  defp part!(_dimension, %Range{} = range) do
    raise ArgumentError,
          "the range #{inspect(range)} has a negative step: write #{range.first}..#{range.last}//1"
  end

  defp part!(_dimension, other),
    do: raise(ArgumentError, "#{inspect(other)} is neither an index nor a range")

  @doc "The elements in C order, from `start` on; `size` is the bytes of one. One copy of what is taken."
  @spec gather(binary() | list(), non_neg_integer(), dimensions(), pos_integer() | nil) ::
          binary() | list()
  def gather(data, start, dimensions, size) do
    cond do
      Enum.any?(dimensions, &match?({0, _}, &1)) -> if is_list(data), do: [], else: <<>>
      is_list(data) -> data |> List.to_tuple() |> elements(start, dimensions)
      true -> gather_bytes(data, start, dimensions, size)
    end
  end

  defp elements(items, start, dimensions) do
    start |> places(dimensions, []) |> Enum.map(&elem(items, &1))
  end

  defp gather_bytes(data, start, dimensions, size) do
    {run, outer} = run(dimensions)
    bytes = run * size

    start
    |> places(outer, [])
    |> Enum.map(&binary_part(data, &1 * size, bytes))
    |> IO.iodata_to_binary()
  end

  # How many elements lie beside each other, and the dimensions around them.
  defp run(dimensions) do
    dimensions
    |> Enum.reverse()
    |> Enum.reduce({1, []}, fn
      {count, stride}, {run, []} when stride == run -> {run * count, []}
      dimension, {run, outer} -> {run, [dimension | outer]}
    end)
  end

  defp places(start, [], acc), do: [start | acc]

  defp places(start, [{count, stride} | inner], acc) do
    # From the last to the first, so that the list needs no turning round.
    Enum.reduce((count - 1)..0//-1, acc, &places(start + &1 * stride, inner, &2))
  end
end
