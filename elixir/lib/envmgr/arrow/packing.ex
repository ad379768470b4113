defmodule Envmgr.Arrow.Packing do
  # Lists as columns: of what Listing gives for a type without a converter, nil for a missing value.
  @moduledoc false

  import Bitwise

  alias Envmgr.Arrow.{Bits, Column, Field, Type}

  @most_short 0x7FFFFFFF

  @doc """
  The field and column of these values; the field is the one that was given, but for views, which become plain strings and
  bytes, and offsets, which become long where they must. Throws `{:arrow, reason}` for a type that is not packed.
  """
  @spec column(Field.t(), list()) :: {Field.t(), Column.t()}
  def column(%Field{dictionary: {_id, _index, _ordered}} = field, values),
    do: column(%{field | dictionary: nil}, values)

  def column(%Field{type: :utf8_view} = field, values), do: column(%{field | type: :utf8}, values)

  def column(%Field{type: :binary_view} = field, values),
    do: column(%{field | type: :binary}, values)

  def column(%Field{type: type} = field, values) do
    missing? = type != :null and Enum.any?(values, &is_nil/1)
    validity = if missing?, do: Bits.write(values, &(&1 != nil))

    {field, parts} = parts(field, values)

    column = %Column{
      type: field.type,
      length: length(values),
      validity: validity,
      nulls: if(missing?, do: Enum.count(values, &is_nil/1), else: 0),
      names: Enum.map(field.children, & &1.name),
      buffers: Keyword.get(parts, :buffers, []),
      children: Keyword.get(parts, :children, [])
    }

    {field, column}
  end

  @doc "Of a dictionary: the column of indices (nil: missing) into the dictionary `{id, 1}`."
  @spec indices(integer(), [integer() | nil]) :: Column.t()
  def indices(id, values) do
    {_field, column} = column(%Field{name: "", type: {:int, 32}}, values)
    %{column | type: {:dictionary, {id, 1}, {:int, 32}}}
  end

  defp parts(%Field{type: :null} = field, _values), do: {field, []}

  defp parts(%Field{type: :bool} = field, values),
    do: {field, buffers: [Bits.write(values, &(&1 == true))]}

  defp parts(%Field{type: type} = field, values)
       when type in [:utf8, :binary, :large_utf8, :large_binary] do
    data = values |> Enum.map(&(&1 || "")) |> IO.iodata_to_binary()
    type = if byte_size(data) > @most_short, do: long(type), else: type
    offsets = offsets(values, &byte_size(&1 || ""), Type.offset(type))
    {%{field | type: type}, buffers: [offsets, data]}
  end

  defp parts(%Field{type: {:list, bits}, children: [child]} = field, values) do
    {child, column} = values |> Enum.flat_map(&(&1 || [])) |> then(&column(child, &1))
    bits = if column.length > @most_short, do: 64, else: bits
    offsets = offsets(values, &length(&1 || []), bits)
    {%{field | type: {:list, bits}, children: [child]}, buffers: [offsets], children: [column]}
  end

  defp parts(%Field{type: :map, children: [entries]} = field, values) do
    [key, value] = entries.children
    pairs = Enum.flat_map(values, &(&1 || []))
    {key, keys} = column(key, Enum.map(pairs, &elem(&1, 0)))
    {value, items} = column(value, Enum.map(pairs, &elem(&1, 1)))
    entries = %{entries | children: [key, value]}

    column = %Column{
      type: :struct,
      length: length(pairs),
      names: [key.name, value.name],
      children: [keys, items]
    }

    offsets = offsets(values, &length(&1 || []), 32)
    {%{field | children: [entries]}, buffers: [offsets], children: [column]}
  end

  defp parts(%Field{type: {:fixed_list, size}, children: [child]} = field, values) do
    gap = List.duplicate(nil, size)
    {child, column} = values |> Enum.flat_map(&(&1 || gap)) |> then(&column(child, &1))
    {%{field | children: [child]}, children: [column]}
  end

  defp parts(%Field{type: :struct, children: children} = field, values) do
    {children, columns} =
      children
      |> Enum.map(fn child -> column(child, Enum.map(values, &(&1 && &1[child.name]))) end)
      |> Enum.unzip()

    {%{field | children: children}, children: columns}
  end

  defp parts(%Field{type: {:fixed_binary, size}} = field, values) do
    gap = <<0::size(size)-unit(8)>>
    {field, buffers: [values |> Enum.map(&(&1 || gap)) |> IO.iodata_to_binary()]}
  end

  defp parts(%Field{type: {:float, bits}} = field, values),
    do: {field, buffers: [floats(values, bits, <<>>)]}

  defp parts(%Field{type: type} = field, values) do
    bits =
      Type.width(type) ||
        throw({:arrow, "an Arrow column of type #{Type.text(type)} is not written"})

    {field, buffers: [integers(values, bits, <<>>)]}
  end

  defp long(:utf8), do: :large_utf8
  defp long(:binary), do: :large_binary
  defp long(type), do: type

  defp offsets(values, size, bits), do: offsets(values, size, bits, 0, <<0::size(bits)>>)

  defp offsets([value | rest], size, bits, at, acc) do
    at = at + size.(value)
    offsets(rest, size, bits, at, <<acc::binary, at::little-size(bits)>>)
  end

  defp offsets([], _size, _bits, _at, acc), do: acc

  defp integers([nil | rest], bits, acc), do: integers(rest, bits, <<acc::binary, 0::size(bits)>>)

  defp integers([n | rest], bits, acc),
    do: integers(rest, bits, <<acc::binary, n::little-size(bits)>>)

  defp integers([], _bits, acc), do: acc

  defp floats([x | rest], bits, acc) when is_number(x),
    do: floats(rest, bits, <<acc::binary, x::float-little-size(bits)>>)

  defp floats([special | rest], bits, acc),
    do: floats(rest, bits, <<acc::binary, special(special, bits)::little-size(bits)>>)

  defp floats([], _bits, acc), do: acc

  defp special(nil, _bits), do: 0
  defp special(:infinity, bits), do: exponent(bits)
  defp special(:neg_infinity, bits), do: exponent(bits) ||| 1 <<< (bits - 1)
  defp special(:nan, bits), do: exponent(bits) ||| exponent(bits) >>> 1

  # All bits of the exponent; with one more below them it is NaN.
  defp exponent(16), do: 0x7C00
  defp exponent(32), do: 0x7F800000
  defp exponent(64), do: 0x7FF0000000000000
end
