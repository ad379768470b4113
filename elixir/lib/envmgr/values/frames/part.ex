defmodule Envmgr.Values.Frames.Part do
  # Some columns or the first rows of a frame that is here: of the same kind, with nothing in it that is not of that part.
  @moduledoc false

  alias Envmgr.{Array, Arrow, Bytes, Frame, Object, Series}
  alias Envmgr.Values.Dtype
  alias Envmgr.Values.Frames.{Body, Elements, Ipc}

  @doc "See `Envmgr.Frame.head/2`."
  @spec head(Frame.t(), non_neg_integer()) :: Frame.t()
  def head(%Frame{rows: rows} = frame, count) when rows <= count, do: frame

  def head(%Frame{} = frame, count) do
    columns =
      for {name, dtype, data} <- frame.columns, do: {name, dtype, first(data, dtype, count)}

    index = frame.index && series(frame.index, count)
    meta = Map.put(frame.meta, "rows", count)
    %{frame | columns: columns, rows: count, index: index, meta: meta, body: body(frame, count)}
  end

  @doc "See `Envmgr.Frame.select/2`."
  @spec select(Frame.t(), [term()]) :: Frame.t()
  def select(%Frame{} = frame, names) do
    numbered = Enum.with_index(frame.columns)
    chosen = Enum.flat_map(names, &named(&1, numbered, frame))
    {columns, body} = chosen |> Enum.map(&elem(&1, 0)) |> narrowed(frame)
    meta = labels(frame.meta, Enum.map(chosen, &elem(&1, 1)))
    %{frame | columns: columns, body: body, meta: meta}
  end

  defp named(name, numbered, frame) do
    case for({{^name, _, _}, _i} = column <- numbered, do: column) do
      [] when is_atom(name) and name not in [nil, true, false] ->
        name |> Atom.to_string() |> named(numbered, frame)

      [] ->
        raise ArgumentError,
              "no column is named #{inspect(name)}; there are #{Enum.map_join(Frame.names(frame), ", ", &inspect/1)}"

      columns ->
        columns
    end
  end

  # The body with the fields that are still used, numbered anew.
  defp narrowed(columns, frame) do
    fields = for({_name, _dtype, field} <- columns, is_integer(field), do: field) |> Enum.uniq()
    numbers = fields |> Enum.with_index() |> Map.new()

    columns =
      for {name, dtype, data} <- columns,
          do: {name, dtype, if(is_integer(data), do: numbers[data], else: data)}

    body = if fields != [], do: frame |> Body.open() |> Arrow.Part.fields(fields) |> Ipc.binary()
    {columns, body}
  end

  defp labels(%{"labels" => %Series{} = labels} = meta, positions),
    do: %{meta | "labels" => picked(labels, positions)}

  defp labels(meta, _positions), do: meta

  defp picked(%Series{levels: levels} = series, positions) when is_list(levels) do
    levels = for {name, dtype, data} <- levels, do: {name, dtype, pick(data, dtype, positions)}
    resized(%{series | levels: levels}, length(positions))
  end

  defp picked(%Series{data: field} = series, positions) when is_integer(field) do
    body = series |> Body.open() |> Arrow.rows(positions) |> written()
    resized(%{series | body: body}, length(positions))
  end

  defp picked(%Series{data: data, dtype: dtype} = series, positions),
    do: resized(%{series | data: pick(data, dtype, positions)}, length(positions))

  # Labels that were picked need not have a frequency any more.
  defp resized(series, rows),
    do: %{series | rows: rows, meta: series.meta |> Map.put("rows", rows) |> Map.delete("freq")}

  defp pick(%Object{} = object, dtype, positions) do
    by_row(
      object,
      &pick(&1, nil, positions),
      &picked(&1, positions),
      &Arrow.rows(&1, positions),
      fn -> pick(Elements.to_list(object, dtype, nil), nil, positions) end
    )
  end

  defp pick(%Array{data: data, dtype: dtype} = array, _dtype, positions) when is_binary(data) do
    size = size(dtype)
    data = for i <- positions, into: <<>>, do: binary_part(data, i * size, size)
    %{array | data: data, shape: {length(positions)}}
  end

  defp pick(values, _dtype, positions) when is_list(values) do
    values = List.to_tuple(values)
    Enum.map(positions, &elem(values, &1))
  end

  defp pick(data, dtype, positions),
    do: data |> Elements.to_list(dtype, nil) |> pick(dtype, positions)

  defp series(%Series{} = series, count) do
    levels =
      series.levels &&
        for {name, dtype, data} <- series.levels, do: {name, dtype, first(data, dtype, count)}

    meta = Map.put(series.meta, "rows", count)
    data = first(series.data, series.dtype, count)
    %{series | levels: levels, data: data, rows: count, meta: meta, body: body(series, count)}
  end

  defp body(%{body: nil}, _count), do: nil

  defp body(frame, count) do
    case Body.open(frame) do
      nil -> nil
      table -> table |> Arrow.head(count) |> written()
    end
  end

  defp written({:ok, table}), do: Ipc.binary(table)
  defp written({:error, reason}), do: raise(ArgumentError, reason)

  defp first(nil, _dtype, _count), do: nil
  defp first(field, _dtype, _count) when is_integer(field), do: field
  defp first(values, _dtype, count) when is_list(values), do: Enum.take(values, count)

  defp first(%Range{first: first, step: step}, _dtype, count),
    do: first..(first + step * (count - 1))//step

  defp first(%Array{data: data, dtype: dtype} = array, _dtype, count) when is_binary(data),
    do: %{array | data: binary_part(data, 0, count * size(dtype)), shape: {count}}

  defp first(%Array{data: data} = array, _dtype, count) when is_list(data),
    do: %{array | data: Enum.take(data, count), shape: {count}}

  defp first(%Object{} = object, dtype, count) do
    by_row(
      object,
      &first(&1, nil, count),
      &series(&1, count),
      &Arrow.head(&1, count),
      fn -> list(object, dtype, count) end
    )
  end

  defp first(data, dtype, count), do: list(data, dtype, count)

  defp size(dtype),
    do:
      Dtype.itemsize(dtype) ||
        raise(ArgumentError, "an array of dtype #{inspect(dtype)} is not cut")

  # pandas takes a list for any dtype that it can make of it.
  defp list(data, dtype, count), do: data |> Elements.to_list(dtype, nil) |> Enum.take(count)

  # The object with a part of each of its parts that has one element a row; of others, the elements.
  defp by_row(%Object{parts: parts} = object, data, series, arrow, elements) do
    if Enum.any?(~w(codes values left ipc), &is_map_key(parts, &1)) and
         not is_map_key(parts, "indices"),
       do: %{object | parts: Map.new(parts, &of_part(&1, data, series, arrow))},
       else: elements.()
  end

  defp of_part({name, %Series{} = labels}, _data, series, _arrow) when name in ["left", "right"],
    do: {name, series.(labels)}

  defp of_part({name, rows}, data, _series, _arrow) when name in ["codes", "values", "mask"],
    do: {name, data.(rows)}

  defp of_part({"ipc", %Bytes{data: ipc}}, data, series, arrow),
    do: of_part({"ipc", ipc}, data, series, arrow)

  defp of_part({"ipc", ipc}, _data, _series, arrow) when is_binary(ipc) do
    case Arrow.read(ipc) do
      {:ok, table} -> {"ipc", %Bytes{data: table |> arrow.() |> written()}}
      {:error, reason} -> raise ArgumentError, reason
    end
  end

  defp of_part(other, _data, _series, _arrow), do: other
end
