defmodule Envmgr.Arrow.Builder do
  # Writes FlatBuffers. All offsets are relative, and a part's objects stand behind it: so a part is bytes that may be put
  # anywhere, at multiples of 8. A part is `{bytes, where in them the object is that is pointed to}`.
  @moduledoc false

  @type part :: {binary(), non_neg_integer()}
  @type field :: {8 | 16 | 32 | 64, integer()} | part() | nil

  @doc "The buffer whose root is this table."
  @spec root(part()) :: binary()
  def root({bytes, at}), do: <<8 + at::little-32, 0::32, bytes::binary>>

  @doc "A table of fields by their slots: `{bits, integer}`, a part, or nil for what is absent."
  @spec table([field()]) :: part()
  def table(fields) do
    {entries, inline, size} = lay(fields)
    vtable = for n <- [4 + 2 * length(fields), size | entries], into: <<>>, do: <<n::little-16>>
    vtable = pad(vtable)
    start = byte_size(vtable)
    size = padded(size)

    {inline, behind, _end} =
      Enum.reduce(inline, {<<start::little-32>>, <<>>, size}, fn {at, field},
                                                                 {inline, behind, free} ->
        inline = inline <> gap(at - byte_size(inline))

        case field do
          {bytes, entry} when is_binary(bytes) ->
            offset = free + entry - at
            {<<inline::binary, offset::little-32>>, behind <> bytes, free + byte_size(bytes)}

          {bits, n} ->
            {<<inline::binary, n::little-size(bits)>>, behind, free}
        end
      end)

    {vtable <> pad(inline) <> behind, start}
  end

  @spec string(String.t()) :: part()
  def string(text), do: {pad(<<byte_size(text)::little-32, text::binary, 0>>), 0}

  @doc "A vector of tables."
  @spec tables([part()]) :: part()
  def tables(parts) do
    start = padded(4 + 4 * length(parts))

    {offsets, behind, _free} =
      Enum.reduce(parts, {<<length(parts)::little-32>>, <<>>, start}, fn {bytes, entry},
                                                                         {offsets, behind, free} ->
        offset = free + entry - byte_size(offsets)
        {<<offsets::binary, offset::little-32>>, [behind | bytes], free + byte_size(bytes)}
      end)

    {IO.iodata_to_binary([pad(offsets) | behind]), 0}
  end

  @doc "A vector of structs of 8-byte members."
  @spec structs(binary(), pos_integer()) :: part()
  def structs(bytes, size),
    do: {<<0::32, div(byte_size(bytes), size)::little-32, bytes::binary>>, 4}

  @doc "Zeros to a multiple of 8."
  @spec pad(binary()) :: binary()
  def pad(bytes), do: bytes <> gap(padded(byte_size(bytes)) - byte_size(bytes))

  @spec padded(non_neg_integer()) :: non_neg_integer()
  def padded(size), do: div(size + 7, 8) * 8

  defp gap(size), do: <<0::size(size)-unit(8)>>

  # Where each field is in its table, behind the four bytes that lead to the vtable.
  defp lay(fields) do
    {entries, {inline, size}} =
      Enum.map_reduce(fields, {[], 4}, fn
        nil, acc ->
          {0, acc}

        field, {inline, size} ->
          width = width(field)
          at = div(size + width - 1, width) * width
          {at, {[{at, field} | inline], at + width}}
      end)

    {entries, Enum.reverse(inline), size}
  end

  defp width({bytes, _entry}) when is_binary(bytes), do: 4
  defp width({bits, _n}), do: div(bits, 8)
end
