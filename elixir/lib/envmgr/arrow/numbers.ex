defmodule Envmgr.Arrow.Numbers do
  # Buffers of elements of one width as lists. Most of the time of a large column is spent here.
  @moduledoc false

  import Bitwise

  @type special :: :nan | :infinity | :neg_infinity

  @doc "The first `count` elements of `data`, which has them."
  @spec list(term(), binary(), non_neg_integer()) :: [
          integer() | float() | boolean() | special() | binary()
        ]
  def list(:bool, data, count), do: Envmgr.Arrow.Bits.list(data, count)
  def list({:float, bits}, data, count), do: data |> cut(bits, count) |> floats(bits)
  def list({:uint, bits}, data, count), do: data |> cut(bits, count) |> unsigned(bits)
  def list({:decimal, _, _, bits}, data, count), do: data |> cut(bits, count) |> signed(bits)
  def list({:date, "D"}, data, count), do: data |> cut(32, count) |> signed(32)
  def list({:date, "ms"}, data, count), do: data |> cut(64, count) |> signed(64)
  def list({:time, _unit, bits}, data, count), do: data |> cut(bits, count) |> signed(bits)
  def list({:timestamp, _unit, _zone}, data, count), do: data |> cut(64, count) |> signed(64)
  def list({:duration, _unit}, data, count), do: data |> cut(64, count) |> signed(64)
  def list({:int, bits}, data, count), do: data |> cut(bits, count) |> signed(bits)
  def list({:fixed_binary, 0}, _data, count), do: List.duplicate(<<>>, count)

  def list({:fixed_binary, size}, data, count),
    do: for(<<bytes::binary-size(size) <- cut(data, 8 * size, count)>>, do: :binary.copy(bytes))

  defp cut(data, bits, count), do: binary_part(data, 0, div(bits * count, 8))

  defp signed(data, 8), do: for(<<n::signed-8 <- data>>, do: n)
  defp signed(data, 16), do: for(<<n::signed-little-16 <- data>>, do: n)
  defp signed(data, 32), do: for(<<n::signed-little-32 <- data>>, do: n)
  defp signed(data, 64), do: for(<<n::signed-little-64 <- data>>, do: n)
  defp signed(data, bits), do: for(<<n::signed-little-size(bits) <- data>>, do: n)

  defp unsigned(data, 8), do: :binary.bin_to_list(data)
  defp unsigned(data, 16), do: for(<<n::little-16 <- data>>, do: n)
  defp unsigned(data, 32), do: for(<<n::little-32 <- data>>, do: n)
  defp unsigned(data, bits), do: for(<<n::little-size(bits) <- data>>, do: n)

  # Eight at a time: a third of the time of one by one.
  defp floats(
         <<a::float-little-64, b::float-little-64, c::float-little-64, d::float-little-64,
           e::float-little-64, f::float-little-64, g::float-little-64, h::float-little-64,
           rest::binary>>,
         64
       ),
       do: [a, b, c, d, e, f, g, h | floats(rest, 64)]

  # The BEAM has no NaN and no infinity: their patterns match no float.
  defp floats(<<x::float-little-64, rest::binary>>, 64), do: [x | floats(rest, 64)]

  defp floats(<<n::little-64, rest::binary>>, 64),
    do: [special(n >>> 63, n &&& 0xFFFFFFFFFFFFF) | floats(rest, 64)]

  defp floats(<<x::float-little-32, rest::binary>>, 32), do: [x | floats(rest, 32)]

  defp floats(<<n::little-32, rest::binary>>, 32),
    do: [special(n >>> 31, n &&& 0x7FFFFF) | floats(rest, 32)]

  defp floats(<<x::float-little-16, rest::binary>>, 16), do: [x | floats(rest, 16)]

  defp floats(<<n::little-16, rest::binary>>, 16),
    do: [special(n >>> 15, n &&& 0x3FF) | floats(rest, 16)]

  defp floats(<<>>, _bits), do: []

  defp special(0, 0), do: :infinity
  defp special(1, 0), do: :neg_infinity
  defp special(_sign, _mantissa), do: :nan
end
