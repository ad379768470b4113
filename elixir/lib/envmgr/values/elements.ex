defmodule Envmgr.Values.Elements do
  # The elements of an array's bytes as Elixir terms.
  @moduledoc false

  alias Envmgr.{Complex, Text}
  alias Envmgr.Values.{Dtype, Floats, Nested, Times}

  @nat -0x8000000000000000
  @epoch ~D[1970-01-01]

  # Microseconds and Elixir's precision.
  @clocks %{
    "h" => {3_600_000_000, 0},
    "m" => {60_000_000, 0},
    "s" => {1_000_000, 0},
    "ms" => {1_000, 3},
    "us" => {1, 6}
  }
  @finer %{"ns" => 1_000, "ps" => 1_000_000, "fs" => 1_000_000_000, "as" => 1_000_000_000_000}

  @doc "Nested lists of elements in C order. Raises `ArgumentError` where Elixir has no such element."
  @spec read(binary(), term(), [non_neg_integer()]) :: term()
  def read(data, dtype, sizes), do: values(data, Dtype.parse(dtype), sizes)

  defp values(data, parsed, []), do: one(data, parsed)

  # There is nothing to read of elements without bytes.
  defp values(<<>>, parsed, sizes) when elem(parsed, 1) == 0,
    do: one(<<>>, parsed) |> List.duplicate(Enum.product(sizes)) |> Nested.items(sizes)

  defp values(data, parsed, [_size]), do: all(data, parsed)

  defp values(data, parsed, [size | inner]) do
    case Enum.product(inner) * elem(parsed, 1) do
      0 -> List.duplicate(values(<<>>, parsed, inner), size)
      step -> for <<part::binary-size(step) <- data>>, do: values(part, parsed, inner)
    end
  end

  defp all(data, {:bool, _, _}), do: for(<<byte <- data>>, do: byte != 0)

  for {order, ending} <- [little: quote(do: little), big: quote(do: big)], size <- [1, 2, 4, 8] do
    defp all(data, {:int, unquote(size), unquote(order)}),
      do: for(<<n::signed-unquote(ending)-size(unquote(8 * size)) <- data>>, do: n)

    defp all(data, {:uint, unquote(size), unquote(order)}),
      do: for(<<n::unquote(ending)-size(unquote(8 * size)) <- data>>, do: n)
  end

  for {order, ending} <- [little: quote(do: little), big: quote(do: big)], size <- [2, 4, 8] do
    # The generator passes over NaN and the infinities, for which the BEAM has no floats: their number tells.
    defp all(data, {:float, unquote(size), unquote(order)} = parsed) do
      floats = for <<x::float-unquote(ending)-size(unquote(8 * size)) <- data>>, do: x

      if length(floats) == div(byte_size(data), unquote(size)),
        do: floats,
        else: each(data, parsed)
    end

    defp one(data, {:float, unquote(size), unquote(order)}) do
      case data do
        <<x::float-unquote(ending)-size(unquote(8 * size))>> -> x
        <<n::unquote(ending)-size(unquote(8 * size))>> -> special(n, unquote(size))
      end
    end
  end

  defp all(data, parsed), do: each(data, parsed)

  defp each(data, parsed) do
    size = elem(parsed, 1)
    for <<part::binary-size(size) <- data>>, do: one(part, parsed)
  end

  defp one(data, {kind, _, _} = parsed) when kind in [:bool, :int, :uint] do
    [value] = all(data, parsed)
    value
  end

  defp one(data, {:complex, size, order}) when size <= 16 do
    half = div(size, 2)
    <<re::binary-size(half), im::binary-size(half)>> = data
    %Complex{re: one(re, {:float, half, order}), im: one(im, {:float, half, order})}
  end

  defp one(_data, {kind, size, _order}) when kind in [:float, :complex] do
    raise ArgumentError,
          "a longdouble of #{size} bytes has no counterpart in Elixir: convert the array in Python with astype(\"float64\")"
  end

  defp one(data, {:bytes, _, _}), do: unpadded(data)
  defp one(data, {:void, _, _}), do: data

  defp one(data, {:text, _, order}),
    do: text(for(<<c::binary-size(4) <- data>>, do: :binary.decode_unsigned(c, order)))

  defp one(data, {:datetime, _, order, unit}), do: data |> integer(order) |> datetime(unit)
  defp one(data, {:timedelta, _, order, _unit}), do: data |> integer(order) |> known()

  defp one(data, {:struct, _, fields}) do
    Map.new(fields, fn {name, parsed, offset} ->
      {name, data |> binary_part(offset, elem(parsed, 1)) |> one(parsed)}
    end)
  end

  defp one(data, {:sub, _, parsed, sizes}), do: values(data, parsed, sizes)

  defp integer(data, :little), do: :binary.decode_unsigned(data, :little) |> signed()
  defp integer(data, :big), do: data |> :binary.decode_unsigned() |> signed()

  defp signed(n) when n >= 0x8000000000000000, do: n - 0x10000000000000000
  defp signed(n), do: n

  defp known(@nat), do: nil
  defp known(n), do: n

  defp datetime(@nat, _unit), do: nil
  defp datetime(n, nil), do: n

  defp datetime(n, {unit, count}) do
    n = n * count

    case unit do
      "Y" -> date(month_days(12 * n))
      "M" -> date(month_days(n))
      "W" -> date(7 * n)
      "D" -> date(n)
      unit when is_map_key(@clocks, unit) -> clock(n, @clocks[unit])
      unit -> n |> Integer.floor_div(@finer[unit]) |> clock({1, 6})
    end
  end

  defp month_days(months) do
    year = 1970 + Integer.floor_div(months, 12)
    if year in 1..9999, do: Date.diff(Date.new!(year, Integer.mod(months, 12) + 1, 1), @epoch)
  end

  defp date(days), do: (is_integer(days) && Times.date(days)) || beyond()

  defp clock(n, {factor, precision}) do
    naive = Times.naive(n * factor) || beyond()
    %{naive | microsecond: {elem(naive.microsecond, 0), precision}}
  end

  defp beyond,
    do: raise(ArgumentError, "a time outside of the years 1 to 9999 has no counterpart in Elixir")

  defp text(points) do
    points = points |> Enum.reverse() |> Enum.drop_while(&(&1 == 0)) |> Enum.reverse()

    case :unicode.characters_to_binary(points) do
      text when is_binary(text) -> text
      _surrogates -> %Text{wtf8: points |> Enum.map(&wtf8/1) |> IO.iodata_to_binary()}
    end
  end

  defp wtf8(point) when point in 0xD800..0xDFFF do
    <<a::4, b::6, c::6>> = <<point::16>>
    <<0b1110::4, a::4, 0b10::2, b::6, 0b10::2, c::6>>
  end

  defp wtf8(point) when point <= 0x10FFFF, do: <<point::utf8>>
  defp wtf8(point), do: raise(ArgumentError, "#{point} is no code point")

  defp unpadded(data) do
    kept = byte_size(data) - trailing(data, byte_size(data))
    binary_part(data, 0, kept)
  end

  defp trailing(_data, 0), do: 0

  defp trailing(data, size),
    do: if(:binary.at(data, size - 1) == 0, do: 1 + trailing(data, size - 1), else: 0)

  defp special(n, size) do
    mantissa = %{2 => 10, 4 => 23, 8 => 52}[size]
    <<sign::1, _::size(8 * size - 1 - mantissa), rest::size(mantissa)>> = <<n::size(8 * size)>>
    Floats.special(sign, rest)
  end
end
