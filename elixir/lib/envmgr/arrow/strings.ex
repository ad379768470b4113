defmodule Envmgr.Arrow.Strings do
  # Strings and bytes by offsets, and views.
  @moduledoc false

  @copy_below 65

  alias Envmgr.Arrow.Bits

  @doc "Elements between offsets of `bits` bits. What is missing by `validity` need not be text."
  @spec list(term(), 32 | 64, [binary()], binary() | nil, non_neg_integer()) :: [binary()]
  def list(_type, _bits, _buffers, _validity, 0), do: []

  def list(type, bits, [offsets, data], validity, count) do
    <<offsets::binary-size(div(bits * (count + 1), 8)), _::binary>> = offsets
    <<first::signed-little-size(bits), rest::binary>> = offsets
    if first < 0 or first > byte_size(data), do: beyond()

    values =
      if bits == 32,
        do: short(rest, data, first),
        else: long(rest, data, first)

    if type in [:utf8, :large_utf8] and not ascii?(data),
      do: texts(values, offsets, bits, data, validity)

    values
  end

  # Bytes that are text as a whole are cut into text where characters begin. Behind a missing value may be any bytes.
  defp texts(values, offsets, bits, data, validity) do
    cond do
      String.valid?(data) ->
        for <<at::little-size(bits) <- offsets>>, do: begins?(data, at) || no_text()

      validity ->
        values |> Bits.mask(validity, nil) |> Enum.each(&(&1 == nil || valid(&1)))

      true ->
        Enum.each(values, &valid/1)
    end
  end

  defp short(<<to::signed-little-32, rest::binary>>, data, from)
       when to >= from and to <= byte_size(data),
       do: [part(data, from, to - from) | short(rest, data, to)]

  defp short(<<>>, _data, _from), do: []
  defp short(_offsets, _data, _from), do: beyond()

  defp long(<<to::signed-little-64, rest::binary>>, data, from)
       when to >= from and to <= byte_size(data),
       do: [part(data, from, to - from) | long(rest, data, to)]

  defp long(<<>>, _data, _from), do: []
  defp long(_offsets, _data, _from), do: beyond()

  @doc "Elements by views of 16 bytes: short ones in the view, others in one of the data buffers."
  @spec views(term(), [binary()], non_neg_integer()) :: [binary()]
  def views(type, [views | data], count) do
    # Views may name the same bytes again and again, so that bytes are checked once, not a view at a time.
    if type == :utf8_view, do: Enum.each(data, &valid/1)
    whole? = type == :utf8_view and not Enum.all?(data, &ascii?/1)
    view(binary_part(views, 0, 16 * count), List.to_tuple(data), {type, whole?})
  end

  defp view(<<size::signed-little-32, inline::binary-size(12), rest::binary>>, data, type)
       when size >= 0 and size <= 12 do
    text = :binary.copy(binary_part(inline, 0, size))
    if elem(type, 0) == :utf8_view, do: valid(text)
    [text | view(rest, data, type)]
  end

  defp view(
         <<size::signed-little-32, _prefix::32, buffer::signed-little-32, at::signed-little-32,
           rest::binary>>,
         data,
         {_type, whole?} = type
       )
       when size > 12 and buffer >= 0 and buffer < tuple_size(data) and at >= 0 do
    bytes = elem(data, buffer)
    if at + size > byte_size(bytes), do: beyond()
    if whole? and not (begins?(bytes, at) and begins?(bytes, at + size)), do: no_text()
    [part(bytes, at, size) | view(rest, data, type)]
  end

  defp view(<<>>, _data, _type), do: []
  defp view(_views, _data, _type), do: beyond()

  # Whether a character begins here, in bytes that are UTF-8.
  defp begins?(bytes, at), do: at == byte_size(bytes) or :binary.at(bytes, at) not in 0x80..0xBF

  defp part(data, at, size) when size < @copy_below, do: :binary.copy(binary_part(data, at, size))
  defp part(data, at, size), do: binary_part(data, at, size)

  defp valid(text), do: if(ascii?(text) or String.valid?(text), do: :ok, else: no_text())

  defp ascii?(<<a::64, rest::binary>>) when Bitwise.band(a, 0x8080808080808080) == 0,
    do: ascii?(rest)

  defp ascii?(<<a, rest::binary>>) when a < 128, do: ascii?(rest)
  defp ascii?(<<>>), do: true
  defp ascii?(_other), do: false

  defp no_text, do: throw({:arrow, "an Arrow string that is not valid UTF-8"})
  defp beyond, do: throw({:arrow, "a malformed Arrow string: its offsets lead out of its bytes"})
end
