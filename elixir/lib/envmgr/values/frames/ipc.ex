defmodule Envmgr.Values.Frames.Ipc do
  # Frames as Arrow IPC streams, and back.
  @moduledoc false

  alias Envmgr.{Arrow, Frame}
  alias Envmgr.Arrow.{Field, Packing, Part, Table}
  alias Envmgr.Values.Frames.{Body, Fields, Words}

  @doc "See `Envmgr.Frame.to_ipc/1`."
  @spec write(Frame.t()) :: binary()
  def write(%Frame{body: body} = frame) do
    table = Body.open(frame)

    if table && as_it_is?(frame, table) && not file?(body),
      do: body,
      else: frame |> table(table) |> binary()
  end

  @doc "See `Envmgr.Frame.from_ipc/2`."
  @spec read(binary(), String.t()) :: {:ok, Frame.t()} | {:error, String.t()}
  def read(ipc, kind) do
    with {:ok, table} <- Arrow.read(ipc),
         {:ok, body} <- if(file?(ipc), do: Arrow.write(table), else: {:ok, ipc}) do
      {:ok, of_body(table, IO.iodata_to_binary(body), kind)}
    end
  end

  @doc "A frame from Elixir for a library: polars and pyarrow read Arrow, whatever else is in their environment."
  @spec native(Frame.t(), String.t()) :: Frame.t()
  def native(%Frame{} = frame, kind) when kind in ["frame", "pandas.DataFrame"],
    do: %{frame | kind: kind}

  def native(%Frame{} = frame, kind) do
    table = table(frame, nil)
    of_body(table, binary(table), kind)
  end

  @doc "The stream of a table; raises `ArgumentError` for a type that is not written."
  @spec binary(Table.t()) :: binary()
  def binary(table) do
    case Arrow.write(table) do
      {:ok, stream} -> IO.iodata_to_binary(stream)
      {:error, reason} -> raise ArgumentError, reason
    end
  end

  defp of_body(table, body, kind) do
    columns =
      for {field, i} <- Enum.with_index(table.fields) do
        nulls? =
          Enum.any?(table.batches, fn {_rows, columns} -> Enum.at(columns, i).validity != nil end)

        {field.name, Words.word(kind, field, nulls?), i}
      end

    %Frame{
      kind: kind,
      rows: table.rows,
      columns: columns,
      body: body,
      meta: %{"rows" => table.rows}
    }
  end

  defp file?(ipc), do: match?(<<"ARROW1", _::binary>>, ipc)

  defp as_it_is?(%Frame{columns: columns}, table) do
    named = for {name, _dtype, data} <- columns, do: {name, data}
    named == for({field, i} <- Enum.with_index(table.fields), do: {field.name, i})
  end

  # All columns under their names. Those of the body stay as they are; where others join them, there is one batch.
  defp table(frame, body) do
    in_body = for {_name, _dtype, field} <- frame.columns, is_integer(field), do: field
    check(in_body, body)

    cond do
      body && length(in_body) == length(frame.columns) ->
        body |> Part.fields(in_body) |> named(frame)

      true ->
        joined(frame, body)
    end
  end

  defp check(in_body, body) do
    case Enum.find(in_body, &(&1 >= length(body.fields))) do
      nil -> :ok
      field -> raise ArgumentError, "the body of this frame has no field #{field}"
    end
  end

  defp named(table, frame) do
    fields = Enum.zip_with(table.fields, Frame.names(frame), &%{&1 | name: text(&2)})
    %{table | fields: fields}
  end

  defp joined(frame, body) do
    first =
      if body,
        do: body.dictionaries |> Map.keys() |> Enum.map(&elem(&1, 0)) |> Enum.max(fn -> 0 end),
        else: 0

    made =
      for {{name, dtype, data}, i} <- Enum.with_index(frame.columns) do
        made(text(name), dtype, data, first + i + 1, body)
      end

    dictionaries =
      for {%Field{dictionary: {id, _, _}}, _column, dictionary} when dictionary != nil <- made,
          into: %{} do
        {{id, 1}, [dictionary]}
      end

    %Table{
      fields: Enum.map(made, &elem(&1, 0)),
      batches: [{frame.rows, Enum.map(made, &elem(&1, 1))}],
      rows: frame.rows,
      dictionaries: Map.merge((body || %Table{}).dictionaries, dictionaries)
    }
  end

  defp made(name, _dtype, field, _id, %Table{batches: [{_rows, columns}]} = body)
       when is_integer(field),
       do: {%{Enum.at(body.fields, field) | name: name}, Enum.at(columns, field), nil}

  defp made(name, _dtype, field, _id, body) when is_integer(field) do
    case Arrow.column(body, field, fn _type -> nil end) do
      {:ok, values} ->
        {field, column} = body.fields |> Enum.at(field) |> Packing.column(values)
        {%{field | name: name}, column, nil}

      {:error, reason} ->
        raise ArgumentError, "column #{inspect(name)}: #{reason}"
    end
  end

  defp made(name, dtype, data, id, _body) do
    Fields.column(name, dtype, data, id)
  rescue
    error in ArgumentError ->
      reraise ArgumentError,
              "column #{inspect(name)}: #{Exception.message(error)}",
              __STACKTRACE__
  end

  # As Python's str() of a label, which is what pyarrow makes of it.
  defp text(name) when is_binary(name), do: name
  defp text(nil), do: "None"
  defp text(name) when is_integer(name) or is_float(name), do: to_string(name)

  defp text(name) when is_tuple(name),
    do: "(#{name |> Tuple.to_list() |> Enum.map_join(", ", &quoted/1)})"

  defp text(%module{} = time) when module in [Date, Time, NaiveDateTime, DateTime],
    do: to_string(time)

  defp text(name), do: inspect(name)

  defp quoted(name) when is_binary(name), do: "'#{name}'"
  defp quoted(name), do: text(name)
end
