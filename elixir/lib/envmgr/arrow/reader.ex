defmodule Envmgr.Arrow.Reader do
  # Messages of an IPC stream, in order. A file is a stream between two marks and a footer that is not needed.
  @moduledoc false

  alias Envmgr.Arrow.{Batch, Column, Flatbuffer, Schema, Table}

  # What columns without bytes may claim beyond eight rows a byte: Arrow has no other bound for a column of nulls.
  @free_rows 0x400000

  @schema 1
  @dictionary 2
  @batch 3

  @doc "Throws `{:arrow, reason}`."
  @spec read(binary()) :: Table.t()
  def read(<<"ARROW1", _::16, stream::binary>>), do: stream(stream)
  def read(stream), do: stream(stream)

  defp stream(data) do
    case message(data) do
      {@schema, table, size, _body, rest} ->
        {fields, metadata} = Schema.read(table, size)

        state = %{
          table: %Table{fields: fields, metadata: metadata},
          values: Schema.dictionaries(fields),
          generations: %{},
          free: @free_rows + 8 * byte_size(data)
        }

        messages(rest, state)

      _other ->
        throw({:arrow, "no Arrow IPC stream: it does not begin with a schema"})
    end
  end

  defp messages(data, state) do
    case message(data) do
      :end ->
        table = state.table
        %{table | batches: Enum.reverse(table.batches)}

      {@batch, table, _size, body, rest} ->
        {rows, columns} = Batch.read(table, body, state.table.fields, state.generations)
        state = spend(columns, state)
        table = state.table
        table = %{table | rows: table.rows + rows, batches: [{rows, columns} | table.batches]}
        messages(rest, %{state | table: table})

      {@dictionary, table, _size, body, rest} ->
        messages(rest, dictionary(table, body, state))

      {_other, _table, _size, _body, _rest} ->
        throw({:arrow, "an Arrow stream with a message that is neither a dictionary nor a batch"})
    end
  end

  defp dictionary(table, body, state) do
    id = Flatbuffer.int(table, 0, 64, 0)
    field = state.values[id] || throw({:arrow, "an Arrow dictionary that no field refers to"})

    {_rows, [column]} =
      Batch.read(Flatbuffer.table(table, 1, :required), body, [field], state.generations)

    state = spend([column], state)
    last = Map.get(state.generations, id, 0)
    delta? = Flatbuffer.bool(table, 2, false)
    generation = if delta?, do: last, else: last + 1
    key = {id, generation}

    %{
      state
      | generations: Map.put(state.generations, id, generation),
        table: %{
          state.table
          | dictionaries: Map.update(state.table.dictionaries, key, [column], &[column | &1])
        }
    }
  end

  defp spend(columns, state) do
    free = Enum.reduce(columns, state.free, &(&2 - hollow(&1)))
    if free < 0, do: throw({:arrow, "an Arrow stream with more empty rows than bytes for them"})
    %{state | free: free}
  end

  defp hollow(column) do
    own = if Column.hollow?(column), do: column.length, else: 0
    Enum.reduce(column.children, own, &(&2 + hollow(&1)))
  end

  defp message(<<0xFFFFFFFF::32, 0::32, _::binary>>), do: :end
  defp message(<<0xFFFFFFFF::32, size::little-32, rest::binary>>), do: message(rest, size)
  defp message(<<0::32, _::binary>>), do: :end
  # Before Arrow 0.15 a message began with its size.
  defp message(<<size::little-32, rest::binary>>), do: message(rest, size)
  defp message(<<>>), do: :end
  defp message(_short), do: cut()

  defp message(data, size) do
    case data do
      <<metadata::binary-size(size), rest::binary>> ->
        whole(Flatbuffer.root(metadata), size, rest)

      _short ->
        cut()
    end
  end

  defp whole(table, size, rest) do
    length = Flatbuffer.int(table, 3, 64, 0)
    kind = Flatbuffer.byte(table, 1)

    case rest do
      <<body::binary-size(length), rest::binary>> when length >= 0 ->
        {kind, Flatbuffer.table(table, 2, :required), size, body, rest}

      _short ->
        cut()
    end
  end

  defp cut, do: throw({:arrow, "the Arrow stream ends inside a message"})
end
