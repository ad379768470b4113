defmodule Envmgr.Arrow.Bits do
  # Bitmaps: one bit a row, the first row in the lowest bit.
  @moduledoc false

  @doc "The first `count` bits."
  @spec list(binary(), non_neg_integer()) :: [boolean()]
  def list(<<h::1, g::1, f::1, e::1, d::1, c::1, b::1, a::1, rest::binary>>, count)
      when count >= 8 do
    [a == 1, b == 1, c == 1, d == 1, e == 1, f == 1, g == 1, h == 1 | list(rest, count - 8)]
  end

  def list(_data, 0), do: []

  def list(<<byte, _::binary>>, count),
    do: for(i <- 0..(count - 1), do: Bitwise.band(Bitwise.bsr(byte, i), 1) == 1)

  @doc "The values with nil where the bit is 0, each other one made by `make` (nil: as it is)."
  @spec mask(list(), binary(), (term() -> term()) | nil) :: list()
  def mask([a, b, c, d, e, f, g, h | values], <<255, bits::binary>>, nil),
    do: [a, b, c, d, e, f, g, h | mask(values, bits, nil)]

  def mask(
        [a, b, c, d, e, f, g, h | values],
        <<o::1, n::1, m::1, l::1, k::1, j::1, i::1, bit::1, bits::binary>>,
        make
      ) do
    [
      one(bit, a, make),
      one(i, b, make),
      one(j, c, make),
      one(k, d, make),
      one(l, e, make),
      one(m, f, make),
      one(n, g, make),
      one(o, h, make) | mask(values, bits, make)
    ]
  end

  def mask([], _bits, _make), do: []

  def mask(values, <<byte, _::binary>>, make) do
    for {value, i} <- Enum.with_index(values),
        do: one(Bitwise.band(Bitwise.bsr(byte, i), 1), value, make)
  end

  defp one(0, _value, _make), do: nil
  defp one(1, value, nil), do: value
  defp one(1, value, make), do: make.(value)

  @doc "The bitmap of a list: 1 where `set?` holds."
  @spec write(list(), (term() -> boolean())) :: binary()
  def write(values, set?), do: write(values, set?, <<>>)

  defp write([a, b, c, d, e, f, g, h | rest], set?, acc) do
    byte =
      <<bit(set?.(h))::1, bit(set?.(g))::1, bit(set?.(f))::1, bit(set?.(e))::1, bit(set?.(d))::1,
        bit(set?.(c))::1, bit(set?.(b))::1, bit(set?.(a))::1>>

    write(rest, set?, <<acc::binary, byte::binary>>)
  end

  defp write([], _set?, acc), do: acc

  defp write(rest, set?, acc) do
    byte =
      rest
      |> Enum.with_index()
      |> Enum.reduce(0, fn {x, i}, n -> n + Bitwise.bsl(bit(set?.(x)), i) end)

    <<acc::binary, byte>>
  end

  @doc "How many of the first `count` bits are 0."
  @spec zeros(binary(), non_neg_integer()) :: non_neg_integer()
  def zeros(bitmap, count), do: bitmap |> list(count) |> Enum.count(&(not &1))

  defp bit(true), do: 1
  defp bit(false), do: 0
end
