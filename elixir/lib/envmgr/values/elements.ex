defmodule Envmgr.Values.Elements do
  # The elements of an array's bytes as Elixir terms, and the bytes of Elixir terms.
  @moduledoc false

  alias Envmgr.{Complex, Text}
  alias Envmgr.Values.{Dtype, Times}

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
  @spec read(binary(), Dtype.t(), [non_neg_integer()]) :: term()
  def read(data, dtype, sizes) do
    case {Dtype.parse(dtype), sizes} do
      {parsed, []} ->
        data |> all(parsed) |> hd()

      {{:void, 0, _}, _} ->
        raise ArgumentError, "no list of elements without bytes"

      {parsed, _} when elem(parsed, 1) == 0 ->
        List.duplicate(one(<<>>, parsed), Enum.product(sizes))
        |> Envmgr.Values.Nested.items(sizes)

      {parsed, _} ->
        nest(data, parsed, sizes)
    end
  end

  defp nest(data, parsed, [_size]), do: all(data, parsed)

  defp nest(data, parsed, [size | inner]) do
    case Enum.product(inner) * elem(parsed, 1) do
      0 -> List.duplicate(nest(<<>>, parsed, inner), size)
      step -> for <<part::binary-size(step) <- data>>, do: nest(part, parsed, inner)
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
    Map.new(fields, fn {name, dtype, offset} ->
      parsed = Dtype.parse(dtype)
      {name, data |> binary_part(offset, elem(parsed, 1)) |> one(parsed)}
    end)
  end

  defp one(data, {:sub, _, dtype, sizes}), do: read(data, dtype, sizes)

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
    Envmgr.Values.Floats.special(sign, rest)
  end

  @doc "The dtype that holds all of these. Raises `ArgumentError` where none does."
  @spec dtype!(list()) :: String.t()
  def dtype!(items) do
    case items |> Enum.map(&family/1) |> Enum.uniq() |> Enum.sort() do
      [] -> "float64"
      [:bool] -> "bool"
      [:int] -> "int64"
      [:date] -> "<M8[D]"
      [:naive] -> "<M8[us]"
      [:text] -> "<U#{items |> Enum.map(&length(String.to_charlist(&1))) |> Enum.max() |> max(1)}"
      families -> number!(families)
    end
  end

  defp number!(families) do
    cond do
      families -- [:float, :int] == [] ->
        "float64"

      families -- [:complex, :float, :int] == [] ->
        "complex128"

      true ->
        raise ArgumentError, "no one dtype holds all elements: name it with the option dtype"
    end
  end

  defp family(item) when is_boolean(item), do: :bool
  defp family(item) when is_integer(item), do: :int
  defp family(item) when is_float(item) or item in [:nan, :infinity, :neg_infinity], do: :float
  defp family(item) when is_binary(item), do: :text
  defp family(%Complex{}), do: :complex
  defp family(%Date{}), do: :date
  defp family(%NaiveDateTime{}), do: :naive
  defp family(_item), do: :other

  @doc "The bytes of elements. Raises `ArgumentError` for one that the dtype does not hold."
  @spec write!(list(), term()) :: binary()
  def write!(items, dtype) do
    parsed = Dtype.parse(dtype)

    items
    |> Enum.map(fn item ->
      bytes(item, parsed) ||
        raise ArgumentError, "#{inspect(item)} is no element of dtype #{inspect(dtype)}"
    end)
    |> IO.iodata_to_binary()
  end

  defp bytes(bool, {:bool, _, _}) when is_boolean(bool), do: if(bool, do: <<1>>, else: <<0>>)

  defp bytes(n, {:int, size, order}) when is_integer(n) do
    half = Bitwise.bsl(1, 8 * size - 1)
    if n >= -half and n < half, do: whole(n, size, order)
  end

  defp bytes(n, {:uint, size, order}) when is_integer(n) and n >= 0,
    do: if(n < Bitwise.bsl(1, 8 * size), do: whole(n, size, order))

  defp bytes(x, {:float, size, order}) when size <= 8, do: float(x, size, order)

  defp bytes(%Complex{re: re, im: im}, {:complex, size, order}) when size <= 16 do
    with <<re::binary>> <- float(re, div(size, 2), order),
         <<im::binary>> <- float(im, div(size, 2), order),
         do: re <> im
  end

  defp bytes(x, {:complex, _, _} = parsed) when not is_struct(x),
    do: bytes(%Complex{re: x, im: 0.0}, parsed)

  defp bytes(nil, {:datetime, _, order, {_, _}}), do: whole(@nat, 8, order)

  defp bytes(%Date{} = date, {:datetime, _, order, {"D", 1}}),
    do: whole(Date.diff(date, @epoch), 8, order)

  defp bytes(%NaiveDateTime{} = naive, {:datetime, _, order, {"us", 1}}),
    do: whole(NaiveDateTime.diff(naive, ~N[1970-01-01 00:00:00], :microsecond), 8, order)

  defp bytes(text, {:text, size, order}) when is_binary(text) do
    encoded = :unicode.characters_to_binary(text, :utf8, {:utf32, order})

    if is_binary(encoded) and byte_size(encoded) <= size,
      do: [encoded | :binary.copy(<<0>>, size - byte_size(encoded))]
  end

  defp bytes(_item, _parsed), do: nil

  defp whole(n, size, :little), do: <<n::little-size(8 * size)>>
  defp whole(n, size, :big), do: <<n::size(8 * size)>>

  defp float(:nan, size, order), do: whole(pattern(size, 0, :nan), size, order)
  defp float(:infinity, size, order), do: whole(pattern(size, 0, :infinity), size, order)
  defp float(:neg_infinity, size, order), do: whole(pattern(size, 1, :infinity), size, order)

  defp float(x, size, order) when is_number(x) do
    data = <<x::float-size(8 * size)>>

    # What is beyond the greatest float of this size has become an infinity, or has raised.
    case data do
      <<_::float-size(8 * size)>> -> if order == :little, do: reversed(data), else: data
      _infinity -> nil
    end
  rescue
    ArgumentError -> nil
  end

  defp float(_other, _size, _order), do: nil

  defp reversed(data), do: data |> :binary.decode_unsigned() |> whole(byte_size(data), :little)

  defp pattern(size, sign, kind) do
    mantissa = %{2 => 10, 4 => 23, 8 => 52}[size]
    exponent = 8 * size - 1 - mantissa
    quiet = if kind == :nan, do: Bitwise.bsl(1, mantissa - 1), else: 0
    <<n::size(8 * size)>> = <<sign::1, -1::size(exponent), quiet::size(mantissa)>>
    n
  end

  @doc "The same elements in this machine's byte order."
  @spec native(binary(), term()) :: binary()
  def native(data, dtype), do: turn(data, Dtype.parse(dtype), System.endianness())

  @doc "This machine's elements as little-endian ones."
  @spec little(binary(), term()) :: binary()
  def little(data, dtype),
    do: turn(data, put_elem(Dtype.parse(dtype), 2, System.endianness()), :little)

  defp turn(data, {_kind, _size, order}, order), do: data

  defp turn(data, {:complex, size, order}, wanted),
    do: turn(data, {:float, div(size, 2), order}, wanted)

  defp turn(data, {_kind, 1, _order}, _wanted), do: data

  defp turn(data, {_kind, size, _order}, _wanted),
    do: for(<<n::little-size(8 * size) <- data>>, into: <<>>, do: <<n::size(8 * size)>>)
end
