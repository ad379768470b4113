defmodule Envmgr.Arrow.Flatbuffer do
  # Reads FlatBuffers (https://flatbuffers.dev/internals/), Arrow's metadata. Every access is within the bytes or throws
  # `{:arrow, reason}`; nothing is copied but strings.
  @moduledoc false

  @typedoc "The bytes, where the table is, where its vtable is, and how long that is."
  @type table :: {binary(), non_neg_integer(), non_neg_integer(), non_neg_integer()}

  @doc "The table that the bytes begin with."
  @spec root(binary()) :: table()
  def root(data), do: table(data, unsigned(data, 0, 32))

  @doc "A signed integer; `default` where the field is absent."
  @spec int(table(), non_neg_integer(), 8 | 16 | 32 | 64, integer()) :: integer()
  def int({data, _, _, _} = table, slot, bits, default) do
    case place(table, slot) do
      nil -> default
      at -> signed(data, at, bits)
    end
  end

  @spec byte(table(), non_neg_integer()) :: byte()
  def byte({data, _, _, _} = table, slot) do
    case place(table, slot) do
      nil -> 0
      at -> unsigned(data, at, 8)
    end
  end

  @spec bool(table(), non_neg_integer(), boolean()) :: boolean()
  def bool({data, _, _, _} = table, slot, default) do
    case place(table, slot) do
      nil -> default
      at -> unsigned(data, at, 8) != 0
    end
  end

  @spec string(table(), non_neg_integer()) :: String.t() | nil
  def string(table, slot) do
    text = bytes(table, slot)

    cond do
      text == nil -> nil
      String.valid?(text) -> :binary.copy(text)
      true -> malformed()
    end
  end

  @doc "A string that need not be text."
  @spec bytes(table(), non_neg_integer()) :: binary() | nil
  def bytes({data, _, _, _} = table, slot) do
    with at when at != nil <- indirect(table, slot),
         size = unsigned(data, at, 32),
         <<_::binary-size(at), _::32, bytes::binary-size(size), _::binary>> <- data do
      bytes
    else
      nil -> nil
      _short -> malformed()
    end
  end

  @spec table(table(), non_neg_integer(), :required | :optional) :: table() | nil
  def table({data, _, _, _} = table, slot, need) do
    case {indirect(table, slot), need} do
      {nil, :optional} -> nil
      {nil, :required} -> malformed()
      {at, _need} -> table(data, at)
    end
  end

  @doc "The tables of a vector of tables. Several may be one and the same: the caller counts."
  @spec tables(table(), non_neg_integer()) :: [table()]
  def tables({data, _, _, _} = table, slot) do
    {at, elements} = vector(table, slot, 4)

    for {<<offset::little-32>>, i} <- Enum.with_index(for(<<e::binary-4 <- elements>>, do: e)),
        do: table(data, at + 4 * i + offset)
  end

  @doc "The bytes of a vector whose elements have `size` bytes each."
  @spec structs(table(), non_neg_integer(), pos_integer()) :: binary()
  def structs(table, slot, size), do: table |> vector(slot, size) |> elem(1)

  defp vector({data, _, _, _} = table, slot, size) do
    with at when at != nil <- indirect(table, slot),
         bytes = unsigned(data, at, 32) * size,
         <<_::binary-size(at), _::32, elements::binary-size(bytes), _::binary>> <- data do
      {at + 4, elements}
    else
      nil -> {0, <<>>}
      _short -> malformed()
    end
  end

  defp table(data, at) do
    vtable = at - signed(data, at, 32)
    {data, at, vtable, unsigned(data, vtable, 16)}
  end

  defp place({data, at, vtable, size}, slot) do
    entry = 4 + 2 * slot

    if entry + 2 <= size do
      case unsigned(data, vtable + entry, 16) do
        0 -> nil
        offset -> at + offset
      end
    end
  end

  defp indirect({data, _, _, _} = table, slot) do
    case place(table, slot) do
      nil -> nil
      at -> at + unsigned(data, at, 32)
    end
  end

  defp unsigned(data, at, bits) when at >= 0 do
    case data do
      <<_::binary-size(at), n::little-size(bits), _::binary>> -> n
      _short -> malformed()
    end
  end

  defp unsigned(_data, _at, _bits), do: malformed()

  defp signed(data, at, bits) when at >= 0 do
    case data do
      <<_::binary-size(at), n::signed-little-size(bits), _::binary>> -> n
      _short -> malformed()
    end
  end

  defp malformed, do: throw({:arrow, "malformed Arrow metadata: an offset leads out of it"})
end
