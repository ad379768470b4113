defmodule Envmgr.Arrow.Listing do
  # Columns as lists. Strings and bytes shorter than 65 are copied: a few of them would else keep the whole stream alive.
  @moduledoc false

  alias Envmgr.Arrow.{Bits, Column, Numbers, Strings, Table, Type}

  # The largest tuple that the BEAM has.
  @most_values 16_777_215

  @doc "Throws `{:arrow, reason}`."
  @spec column(Table.t(), non_neg_integer(), Envmgr.Arrow.converter()) :: list()
  def column(%Table{fields: fields} = table, index, converter) do
    if index >= length(fields),
      do: throw({:arrow, "field #{index} of an Arrow stream with #{length(fields)}"})

    columns = for {_rows, columns} <- table.batches, do: Enum.at(columns, index)
    context = %{converter: converter, dictionaries: looked_up(columns, table, converter)}

    case columns do
      [column] -> list(column, context)
      columns -> Enum.flat_map(columns, &list(&1, context))
    end
  end

  @doc "The values of a dictionary, without a converter."
  @spec dictionary(Table.t(), Table.key()) :: list()
  def dictionary(table, key) do
    [%Column{type: {:dictionary, key, {:int, 8}}, length: 0}]
    |> looked_up(table, fn _type -> nil end)
    |> Map.fetch!(key)
    |> Tuple.to_list()
  end

  # The values of the dictionaries that these columns use, and of those that they use in turn.
  defp looked_up(columns, table, converter), do: looked_up(columns, table, converter, %{}, [])

  defp looked_up(columns, table, converter, done, open) do
    columns
    |> Enum.flat_map(&Column.keys/1)
    |> Enum.uniq()
    |> Enum.reduce(done, fn key, done ->
      cond do
        is_map_key(done, key) ->
          done

        key in open ->
          throw({:arrow, "an Arrow dictionary that leads to itself"})

        true ->
          batches = table.dictionaries |> Map.get(key, []) |> Enum.reverse()
          done = looked_up(batches, table, converter, done, [key | open])
          context = %{converter: converter, dictionaries: done}
          values = Enum.flat_map(batches, &list(&1, context))

          if length(values) > @most_values,
            do: throw({:arrow, "an Arrow dictionary with too many values"})

          Map.put(done, key, List.to_tuple(values))
      end
    end)
  end

  defp list(%Column{type: {:dictionary, key, index}} = column, context) do
    values = Map.fetch!(context.dictionaries, key)
    missing(Numbers.list(index, hd(column.buffers), column.length), column, &value(values, &1))
  end

  defp list(%Column{type: :null, length: length}, _context), do: List.duplicate(nil, length)

  defp list(%Column{type: type} = column, context),
    do: column |> raw(context) |> missing(column, context.converter.(type))

  defp value(values, i) when i >= 0 and i < tuple_size(values), do: elem(values, i)
  defp value(_values, _i), do: throw({:arrow, "an Arrow index beyond its dictionary"})

  defp missing(values, %Column{validity: nil}, nil), do: values
  defp missing(values, %Column{validity: nil}, make), do: Enum.map(values, make)
  defp missing(values, %Column{validity: bits}, make), do: Bits.mask(values, bits, make)

  defp raw(%Column{type: {:unread, name, _buffers}}, _context) do
    throw({:arrow, "an Arrow column of type #{name} is not read"})
  end

  defp raw(%Column{type: :struct, children: [], length: length}, _context),
    do: List.duplicate(%{}, length)

  defp raw(%Column{type: :struct, names: names, children: children, length: length}, context) do
    children
    |> Enum.map(&(&1 |> Map.put(:length, length) |> list(context)))
    |> Enum.zip_with(&:maps.from_list(Enum.zip(names, &1)))
  end

  defp raw(%Column{type: {:fixed_list, 0}, length: length}, _context),
    do: List.duplicate([], length)

  defp raw(%Column{type: {:fixed_list, size}, children: [child], length: length}, context),
    do: %{child | length: size * length} |> list(context) |> Enum.chunk_every(size)

  defp raw(
         %Column{type: :map, children: [%Column{children: [keys, values]} = entries]} = column,
         context
       ) do
    of = entries.length
    pairs = Enum.zip(list(%{keys | length: of}, context), list(%{values | length: of}, context))
    groups(column, 32, pairs)
  end

  defp raw(%Column{type: {:list, bits}, children: [child]} = column, context),
    do: groups(column, bits, list(child, context))

  defp raw(%Column{type: type, buffers: buffers, length: length} = column, _context) do
    cond do
      Type.offset(type) -> Strings.list(type, Type.offset(type), buffers, column.validity, length)
      type in [:utf8_view, :binary_view] -> Strings.views(type, buffers, length)
      true -> Numbers.list(type, hd(buffers), length)
    end
  end

  # Lists lie one after the other: their offsets only grow, and end within the child.
  defp groups(%Column{length: 0}, _bits, _items), do: []

  defp groups(%Column{buffers: [offsets], length: length}, bits, items) do
    [first | rest] = Numbers.list({:int, bits}, offsets, length + 1)
    if first < 0, do: beyond()
    items |> Enum.drop(first) |> split(first, rest)
  end

  defp split(items, from, [to | rest]) when to >= from do
    {group, items} = take(items, to - from, [])
    [group | split(items, to, rest)]
  end

  defp split(_items, _from, []), do: []
  defp split(_items, _from, _offsets), do: beyond()

  defp take(items, 0, acc), do: {Enum.reverse(acc), items}
  defp take([item | items], count, acc), do: take(items, count - 1, [item | acc])
  defp take([], _count, _acc), do: beyond()

  defp beyond, do: throw({:arrow, "a malformed Arrow list: its offsets lead out of its items"})
end
