defmodule Envmgr.Arrow.Part do
  # Some fields or some rows of a table, without reading them.
  @moduledoc false

  alias Envmgr.Arrow.{Bits, Column, Listing, Packing, Table, Type}

  @doc "The table with these fields only, in this order; each is there. Dictionaries stay: what is not used is not written."
  @spec fields(Table.t(), [non_neg_integer()]) :: Table.t()
  def fields(%Table{} = table, indices) do
    batches = for {rows, columns} <- table.batches, do: {rows, pick(columns, indices)}
    %{table | fields: pick(table.fields, indices), batches: batches}
  end

  @doc "The rows at these positions, each of which is there. Its dictionaries become plain values."
  @spec rows_at(Table.t(), [non_neg_integer()]) :: Table.t()
  def rows_at(%Table{} = table, positions) do
    {fields, columns} =
      table.fields
      |> Enum.with_index()
      |> Enum.map(fn {field, i} ->
        values = table |> Listing.column(i, fn _type -> nil end) |> List.to_tuple()
        Packing.column(field, Enum.map(positions, &elem(values, &1)))
      end)
      |> Enum.unzip()

    rows = length(positions)
    %{table | fields: fields, batches: [{rows, columns}], rows: rows, dictionaries: %{}}
  end

  @doc "Of a field with one dictionary throughout: its indices (nil: missing) and the dictionary's values; else nil."
  @spec indices(Table.t(), non_neg_integer()) :: {[integer() | nil], list()} | nil
  def indices(%Table{} = table, field) do
    columns = for {_rows, columns} <- table.batches, do: Enum.at(columns, field)

    case columns |> Enum.flat_map(&Column.keys/1) |> Enum.uniq() do
      [key] ->
        batches =
          for %Column{type: {:dictionary, ^key, index}} = column <- columns,
              do: {column.length, [%{column | type: index}]}

        bare = %Table{fields: [Enum.at(table.fields, field)], batches: batches}
        {Listing.column(bare, 0, fn _type -> nil end), Listing.dictionary(table, key)}

      _none_or_several ->
        nil
    end
  end

  @doc "The first `count` rows."
  @spec head(Table.t(), non_neg_integer()) :: Table.t()
  def head(%Table{rows: rows} = table, count) when rows <= count, do: table

  def head(%Table{} = table, count),
    do: %{table | rows: count, batches: batches(table.batches, count)}

  defp pick(items, indices) do
    items = List.to_tuple(items)
    Enum.map(indices, &elem(items, &1))
  end

  defp batches([{rows, _columns} = batch | rest], count) when count >= rows,
    do: [batch | batches(rest, count - rows)]

  defp batches([{_rows, columns} | _rest], count) when count > 0,
    do: [{count, Enum.map(columns, &rows(&1, count))}]

  defp batches(_batches, _count), do: []

  # A bitmap may be longer than its rows; readers look at as many bits as there are rows.
  defp rows(%Column{validity: nil} = column, count),
    do: column.type |> cut(column, count) |> Map.put(:length, count)

  defp rows(%Column{validity: bits} = column, count) do
    column = column.type |> cut(column, count) |> Map.put(:length, count)
    %{column | validity: bytes(bits, count), nulls: Bits.zeros(bits, count)}
  end

  defp cut({:dictionary, _key, index}, column, count), do: cut(index, column, count)
  defp cut(:null, column, _count), do: column

  defp cut(:struct, column, count),
    do: %{column | children: Enum.map(column.children, &rows(&1, count))}

  defp cut({:fixed_list, size}, %{children: [child]} = column, count),
    do: %{column | children: [rows(child, size * count)]}

  defp cut({:unread, name, _buffers}, _column, _count),
    do: throw({:arrow, "an Arrow column of type #{name} is not cut"})

  defp cut(type, %{buffers: [first | rest]} = column, count) do
    case {Type.offset(type), rest, column.children} do
      {nil, rest, _none} ->
        %{column | buffers: [bytes(first, count * Type.width(type)) | rest]}

      {bits, [data], _none} ->
        {offsets, last} = offsets(first, bits, count)
        if last > byte_size(data), do: beyond()
        %{column | buffers: [offsets, binary_part(data, 0, last)]}

      {bits, [], [child]} ->
        {offsets, last} = offsets(first, bits, count)
        if last > child.length, do: beyond()
        %{column | buffers: [offsets], children: [rows(child, last)]}
    end
  end

  defp offsets(offsets, bits, count) do
    size = div(bits * count, 8)

    case offsets do
      <<_::binary-size(size), last::signed-little-size(bits), _::binary>> when last >= 0 ->
        {binary_part(offsets, 0, size + div(bits, 8)), last}

      _negative_or_none ->
        beyond()
    end
  end

  defp bytes(data, bits), do: binary_part(data, 0, div(bits + 7, 8))

  defp beyond, do: throw({:arrow, "a malformed Arrow column: its offsets lead out of it"})
end
