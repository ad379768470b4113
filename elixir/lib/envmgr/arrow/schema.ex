defmodule Envmgr.Arrow.Schema do
  # The fields of a Schema table.
  @moduledoc false

  alias Envmgr.Arrow.{Field, Flatbuffer, Type}

  @max_depth 64
  # FlatBuffers may name one table or string many times; a field of its own takes more bytes than this, and its text.
  @bytes_per_field 8

  @doc "The fields and the metadata of a Schema table, which is in `size` bytes."
  @spec read(Flatbuffer.table(), non_neg_integer()) :: {[Field.t()], [{binary(), binary()}]}
  def read(table, size) do
    if Flatbuffer.int(table, 0, 16, 0) != 0,
      do: throw({:arrow, "a big-endian Arrow stream; only little-endian ones are read"})

    {fields, left} = fields(table, 1, @max_depth, div(size, @bytes_per_field))
    {metadata, _left} = metadata(table, 2, left)
    {fields, metadata}
  end

  @doc "The fields under `fields`, at any depth, whose values are in dictionaries, by the dictionary's id."
  @spec dictionaries([Field.t()]) :: %{integer() => Field.t()}
  def dictionaries(fields) do
    Enum.reduce(fields, %{}, fn field, found ->
      found = Map.merge(found, dictionaries(field.children))

      case field.dictionary do
        {id, _index, _ordered} -> Map.put(found, id, %{field | dictionary: nil})
        nil -> found
      end
    end)
  end

  defp fields(_table, _slot, 0, _left), do: throw({:arrow, "an Arrow schema nested too deep"})

  defp fields(table, slot, depth, left) do
    tables = Flatbuffer.tables(table, slot)
    Enum.map_reduce(tables, left, &field(&1, depth, &2))
  end

  defp field(_table, _depth, left) when left <= 0, do: too_much()

  defp field(table, depth, left) do
    type = Type.read(Flatbuffer.byte(table, 2), Flatbuffer.table(table, 3, :required))
    name = Flatbuffer.string(table, 0) || ""
    left = left - 1 - div(byte_size(name) + zone(type), @bytes_per_field)
    {metadata, left} = metadata(table, 6, left)
    {children, left} = fields(table, 5, depth - 1, left)

    if Type.children(type) not in [nil, length(children)],
      do:
        throw(
          {:arrow, "an Arrow field of type #{Type.text(type)} with #{length(children)} children"}
        )

    if type == :map and not match?([%Field{type: :struct, children: [_, _]}], children),
      do: throw({:arrow, "an Arrow map whose entries are no pairs"})

    field = %Field{
      name: name,
      nullable: Flatbuffer.bool(table, 1, false),
      type: type,
      children: children,
      metadata: metadata,
      dictionary: table |> Flatbuffer.table(4, :optional) |> dictionary()
    }

    {field, left}
  end

  defp metadata(table, slot, left) do
    table
    |> Flatbuffer.tables(slot)
    |> Enum.map_reduce(left, fn pair, left ->
      key = Flatbuffer.bytes(pair, 0) || ""
      value = Flatbuffer.bytes(pair, 1) || ""
      left = left - 1 - div(byte_size(key) + byte_size(value), @bytes_per_field)
      if left < 0, do: too_much()
      {{:binary.copy(key), :binary.copy(value)}, left}
    end)
  end

  defp too_much,
    do: throw({:arrow, "malformed Arrow metadata: it has more fields than bytes for them"})

  defp zone({:timestamp, _unit, zone}) when zone != nil, do: byte_size(zone)
  defp zone(_type), do: 0

  defp dictionary(nil), do: nil

  defp dictionary(table) do
    index =
      case Flatbuffer.table(table, 1, :optional) do
        nil -> {:int, 32}
        type -> Type.read(2, type)
      end

    {Flatbuffer.int(table, 0, 64, 0), index, Flatbuffer.bool(table, 2, false)}
  end
end
