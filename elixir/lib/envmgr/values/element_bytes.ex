defmodule Envmgr.Values.ElementBytes do
  # The bytes of an array's elements, from Elixir terms and from another byte order.
  @moduledoc false

  alias Envmgr.Complex
  alias Envmgr.Values.Dtype

  @nat -0x8000000000000000
  @epoch ~D[1970-01-01]

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
