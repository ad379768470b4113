defmodule Envmgr.Arrow.Writer do
  # A table as an IPC stream. Buffers go into it as they are; only metadata is made.
  @moduledoc false

  alias Envmgr.Arrow.{Bits, Builder, Column, Field, Listing, Packing, Schema, Table, Type}

  @version 4
  @schema 1
  @dictionary 2
  @batch 3

  @units %{"s" => 0, "ms" => 1, "us" => 2, "ns" => 3}

  @doc "Throws `{:arrow, reason}` for a type that cannot be written."
  @spec stream(Table.t()) :: iodata()
  def stream(%Table{fields: fields} = table) do
    fields = fields |> Enum.map(&field/1) |> Builder.tables()
    schema = Builder.table([{16, 0}, fields, metadata(table.metadata)])

    {messages, _current} =
      Enum.map_reduce(table.batches, %{}, fn {rows, columns}, current ->
        {dictionaries, current} = dictionaries(columns, table, current)
        {body, batch} = batch(rows, columns)
        {[dictionaries | message(@batch, batch, body)], current}
      end)

    [message(@schema, schema, []), messages | <<0xFFFFFFFF::32, 0::32>>]
  end

  # A batch's dictionaries, as far as they are not those that are there; the ones that they use come first.
  defp dictionaries(columns, table, current) do
    columns
    |> Enum.flat_map(&Column.keys/1)
    |> Enum.uniq()
    |> Enum.flat_map_reduce(current, fn {id, generation} = key, current ->
      if current[id] == generation do
        {[], current}
      else
        parts = table.dictionaries |> Map.get(key, []) |> Enum.reverse() |> whole(key, table)
        {before, current} = dictionaries(parts, table, current)

        messages =
          parts |> Enum.with_index() |> Enum.map(fn {part, i} -> dictionary(id, part, i > 0) end)

        {[before | messages], Map.put(current, id, generation)}
      end
    end)
  end

  # Not everybody reads deltas (polars does not): a dictionary that grew is written as one.
  defp whole([_, _ | _] = parts, {id, _generation} = key, table) do
    field = Schema.dictionaries(table.fields)[id]

    if Enum.any?([field | field.children], &(&1.dictionary || &1.type == :utf8_view)),
      do: parts,
      else: [field |> Packing.column(Listing.dictionary(table, key)) |> elem(1)]
  end

  defp whole(parts, _key, _table), do: parts

  defp dictionary(id, column, delta?) do
    {body, batch} = batch(column.length, [column])
    message(@dictionary, Builder.table([{64, id}, batch, {8, if(delta?, do: 1, else: 0)}]), body)
  end

  defp message(kind, header, body) do
    size = IO.iodata_length(body)
    metadata = Builder.root(Builder.table([{16, @version}, {8, kind}, header, {64, size}]))
    [<<0xFFFFFFFF::32, byte_size(metadata)::little-32>>, metadata | body]
  end

  defp batch(rows, columns) do
    {nodes, buffers, views} = columns |> Enum.map(&parts/1) |> joined()

    {places, {body, _size}} =
      Enum.map_reduce(buffers, {[], 0}, fn buffer, {body, at} ->
        size = byte_size(buffer)
        gap = Builder.padded(size) - size

        {<<at::little-64, size::little-64>>,
         {[body, buffer | <<0::size(gap)-unit(8)>>], at + size + gap}}
      end)

    nodes = for {length, nulls} <- nodes, into: <<>>, do: <<length::little-64, nulls::little-64>>
    counts = for count <- views, into: <<>>, do: <<count::little-64>>

    table =
      Builder.table([
        {64, rows},
        Builder.structs(nodes, 16),
        Builder.structs(IO.iodata_to_binary(places), 16),
        nil,
        if(views != [], do: Builder.structs(counts, 8))
      ])

    {body, table}
  end

  # Nodes, buffers and numbers of view buffers, a column before its children.
  defp parts(%Column{} = column) do
    {nodes, buffers, views} = column.children |> Enum.map(&parts/1) |> joined()
    node = {column.length, nulls(column)}
    {[node | nodes], validity(column) ++ column.buffers ++ buffers, views(column) ++ views}
  end

  defp joined(parts) do
    {Enum.flat_map(parts, &elem(&1, 0)), Enum.flat_map(parts, &elem(&1, 1)),
     Enum.flat_map(parts, &elem(&1, 2))}
  end

  defp nulls(%Column{type: :null, length: length}), do: length
  defp nulls(%Column{validity: nil}), do: 0
  defp nulls(%Column{nulls: nulls}) when nulls >= 0, do: nulls
  defp nulls(%Column{validity: bits, length: length}), do: Bits.zeros(bits, length)

  defp validity(%Column{type: :null}), do: []
  defp validity(%Column{validity: bits}), do: [bits || <<>>]

  defp views(%Column{type: type, buffers: [_views | data]})
       when type in [:utf8_view, :binary_view],
       do: [length(data)]

  defp views(_column), do: []

  defp field(%Field{} = field) do
    {kind, type} = type(field.type)
    nullable = {8, if(field.nullable, do: 1, else: 0)}
    children = field.children |> Enum.map(&field/1) |> Builder.tables()

    Builder.table([
      Builder.string(field.name),
      nullable,
      {8, kind},
      Builder.table(type),
      dictionary(field.dictionary),
      children,
      metadata(field.metadata)
    ])
  end

  defp metadata([]), do: nil

  defp metadata(pairs) do
    pairs
    |> Enum.map(fn {key, value} -> Builder.table([Builder.string(key), Builder.string(value)]) end)
    |> Builder.tables()
  end

  defp dictionary(nil), do: nil

  defp dictionary({id, index, ordered?}) do
    {2, index} = type(index)
    Builder.table([{64, id}, Builder.table(index), {8, if(ordered?, do: 1, else: 0)}])
  end

  # A type's number and its own table's fields, by Schema.fbs.
  defp type(:null), do: {1, []}
  defp type({:int, bits}), do: {2, [{32, bits}, {8, 1}]}
  defp type({:uint, bits}), do: {2, [{32, bits}, {8, 0}]}
  defp type({:float, 16}), do: {3, [{16, 0}]}
  defp type({:float, 32}), do: {3, [{16, 1}]}
  defp type({:float, 64}), do: {3, [{16, 2}]}
  defp type(:binary), do: {4, []}
  defp type(:utf8), do: {5, []}
  defp type(:bool), do: {6, []}

  defp type({:decimal, precision, scale, bits}),
    do: {7, [{32, precision}, {32, scale}, {32, bits}]}

  defp type({:date, "D"}), do: {8, [{16, 0}]}
  defp type({:date, "ms"}), do: {8, [{16, 1}]}
  defp type({:time, unit, bits}), do: {9, [{16, @units[unit]}, {32, bits}]}
  defp type({:timestamp, unit, nil}), do: {10, [{16, @units[unit]}]}
  defp type({:timestamp, unit, zone}), do: {10, [{16, @units[unit]}, Builder.string(zone)]}
  defp type({:list, 32}), do: {12, []}
  defp type(:struct), do: {13, []}
  defp type({:fixed_binary, size}), do: {15, [{32, size}]}
  defp type({:fixed_list, size}), do: {16, [{32, size}]}
  defp type(:map), do: {17, [{8, 0}]}
  defp type({:duration, unit}), do: {18, [{16, @units[unit]}]}
  defp type(:large_binary), do: {19, []}
  defp type(:large_utf8), do: {20, []}
  defp type({:list, 64}), do: {21, []}
  defp type(:binary_view), do: {23, []}
  defp type(:utf8_view), do: {24, []}

  defp type(other),
    do: throw({:arrow, "an Arrow column of type #{Type.text(other)} is not written"})
end
