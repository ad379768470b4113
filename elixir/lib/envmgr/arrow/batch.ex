defmodule Envmgr.Arrow.Batch do
  # A record batch's columns: its nodes and buffers, handed out to the fields in their order.
  @moduledoc false

  alias Envmgr.Arrow.{Column, Field, Flatbuffer, Type}

  defstruct [:nodes, :buffers, :views, :body, :left, :generations]

  @compressions %{0 => "LZ4", 1 => "ZSTD"}

  @doc """
  `{rows, columns}` of a RecordBatch table and the bytes behind it. `generations` says which of a dictionary's states
  holds now.
  """
  @spec read(Flatbuffer.table(), binary(), [Field.t()], map()) ::
          {non_neg_integer(), [Column.t()]}
  def read(table, body, fields, generations) do
    uncompressed(Flatbuffer.table(table, 3, :optional))

    state = %__MODULE__{
      nodes: Flatbuffer.structs(table, 1, 16),
      buffers: Flatbuffer.structs(table, 2, 16),
      views: Flatbuffer.structs(table, 4, 8),
      body: body,
      left: byte_size(body),
      generations: generations
    }

    rows = Flatbuffer.int(table, 0, 64, 0)
    if rows < 0, do: malformed("#{rows} rows")
    {columns, _state} = Enum.map_reduce(fields, state, &column/2)

    Enum.each(columns, fn column ->
      if column.length != rows,
        do: malformed("a column of #{column.length} rows in a batch of #{rows}")
    end)

    {rows, columns}
  end

  defp uncompressed(nil), do: :ok

  defp uncompressed(compression) do
    name = Map.get(@compressions, Flatbuffer.byte(compression, 0), "an unknown codec")

    throw(
      {:arrow,
       "the buffers of this Arrow stream are compressed with #{name}; only uncompressed ones are read: write it " <>
         "with pyarrow.ipc.IpcWriteOptions(compression=None), or in polars with compression=\"uncompressed\""}
    )
  end

  defp column(field, state) do
    {length, nulls, state} = extent(state)
    {type, layout} = type(field, state)
    {validity, state} = validity(layout, nulls, state)
    {buffers, state} = buffers(layout, state)
    children = if field.dictionary, do: [], else: field.children
    {columns, state} = Enum.map_reduce(children, state, &column/2)

    column =
      Column.checked(%Column{
        type: type,
        length: length,
        nulls: nulls,
        validity: validity,
        buffers: buffers,
        names: Enum.map(children, & &1.name),
        children: columns
      })

    {column, state}
  end

  defp type(%Field{dictionary: {id, index, _ordered}}, state),
    do: {{:dictionary, {id, Map.get(state.generations, id, 0)}, index}, index}

  defp type(%Field{type: type}, _state), do: {type, type}

  defp extent(
         %{nodes: <<length::signed-little-64, nulls::signed-little-64, rest::binary>>} = state
       )
       when length >= 0 and nulls <= length,
       do: {length, nulls, %{state | nodes: rest}}

  defp extent(_state), do: malformed("its columns do not match the schema")

  defp validity(:null, _nulls, state), do: {nil, state}
  defp validity({:unread, _name, _buffers}, _nulls, state), do: {nil, state}

  defp validity(_type, nulls, state) do
    {bits, state} = buffer(state)

    cond do
      nulls == 0 -> {nil, state}
      bits == <<>> and nulls < 0 -> {nil, state}
      true -> {bits, state}
    end
  end

  defp buffers(:null, state), do: {[], state}
  defp buffers({:unread, _name, count}, state), do: take(state, count)
  defp buffers(type, state) when type in [:struct], do: {[], state}
  defp buffers({:fixed_list, _size}, state), do: {[], state}
  defp buffers({:list, _bits}, state), do: take(state, 1)
  defp buffers(:map, state), do: take(state, 1)

  defp buffers(type, state) when type in [:utf8_view, :binary_view] do
    case state.views do
      <<count::signed-little-64, rest::binary>> when count >= 0 ->
        take(%{state | views: rest}, 1 + count)

      _none ->
        malformed("its views have no number of buffers")
    end
  end

  defp buffers(type, state), do: take(state, if(Type.offset(type), do: 2, else: 1))

  # A number of buffers from the wire is only as good as the buffers that are there.
  defp take(%{buffers: left} = state, count) when count * 16 <= byte_size(left),
    do: Enum.map_reduce(List.duplicate(nil, count), state, fn nil, state -> buffer(state) end)

  defp take(_state, _count), do: malformed("buffers are missing")

  defp buffer(%{buffers: <<at::signed-little-64, size::signed-little-64, rest::binary>>} = state)
       when at >= 0 and size >= 0 do
    # No writer has two columns share bytes; a few bytes could else pass for any number of columns.
    left = state.left - size
    if left < 0, do: malformed("its buffers overlap")
    state = %{state | buffers: rest, left: left}

    case state.body do
      _any when size == 0 -> {<<>>, state}
      <<_::binary-size(at), bytes::binary-size(size), _::binary>> -> {bytes, state}
      _short -> malformed("a buffer leads out of its body")
    end
  end

  defp buffer(_state), do: malformed("buffers are missing")

  defp malformed(what), do: throw({:arrow, "a malformed Arrow batch: #{what}"})
end
