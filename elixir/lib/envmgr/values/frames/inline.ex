defmodule Envmgr.Values.Frames.Inline do
  # A frame without a body: each column in the form that it has where there is no Arrow.
  @moduledoc false

  alias Envmgr.{Array, Arrow, Frame, Series}
  alias Envmgr.Arrow.{Column, Field, Table}
  alias Envmgr.Values.Frames.{Body, Elements, Pack}

  @nat -0x8000000000000000

  @pandas ["frame", "pandas.DataFrame"]

  @doc "See `Envmgr.Frame.inline/1`."
  @spec frame(Frame.t()) :: Frame.t()
  def frame(%Frame{kind: kind} = frame) do
    table = Body.open(frame)
    columns = for {name, dtype, data} <- frame.columns, do: column(name, dtype, data, table, kind)
    kind = if kind in @pandas, do: kind, else: "frame"
    %{frame | kind: kind, columns: columns, index: series(frame.index), body: nil}
  end

  defp series(nil), do: nil

  defp series(%Series{levels: nil} = series) do
    {_name, dtype, data} =
      column(series.name, series.dtype, series.data, Body.open(series), "pandas.DataFrame")

    %{series | dtype: dtype, data: data, body: nil}
  end

  defp series(%Series{} = index), do: index

  defp column(name, dtype, field, table, kind) when is_integer(field) do
    if field >= length(table.fields),
      do: raise(ArgumentError, "the body of this frame has no field #{field}")

    dtype = if kind in @pandas, do: dtype
    columns = for {_rows, columns} <- table.batches, do: Enum.at(columns, field)

    bare(name, dtype, columns) ||
      categories(name, dtype, field, table) ||
      times(name, Enum.at(table.fields, field), field, table) ||
      packed(name, dtype, field, table)
  end

  defp column(name, dtype, data, _table, kind) when kind in @pandas, do: {name, dtype, data}

  defp column(name, _dtype, data, _table, _kind) do
    {dtype, data, _rows} = Pack.data(data, nil)
    {name, dtype, data}
  end

  # Numbers without a gap are NumPy's as they lie.
  defp bare(name, dtype, [%Column{type: {kind, bits}, validity: nil} = column])
       when kind in [:int, :uint, :float] and bits <= 64 do
    own = "#{kind}#{bits}"

    if dtype in [nil, own] do
      data = binary_part(hd(column.buffers), 0, div(bits * column.length, 8))
      {name, own, %Array{dtype: own, shape: {column.length}, data: data}}
    end
  end

  defp bare(_name, _dtype, _columns), do: nil

  defp categories(name, "category", field, table) do
    with {indices, values} <- read(Arrow.indices(table, field)),
         {_id, _index, ordered?} <- Enum.at(table.fields, field).dictionary do
      codes = Enum.map(indices, &(&1 || -1))
      {name, "category", Pack.categories(codes, values, ordered?)}
    end
  end

  defp categories(_name, _dtype, _field, _table), do: nil

  # NumPy's counts of the same unit, which Elixir's times would cut.
  defp times(name, %Field{type: {:timestamp, unit, zone}}, field, table) do
    dtype = if zone, do: "datetime64[#{unit}, #{zone}]", else: "datetime64[#{unit}]"
    {name, dtype, counts(field, table, "<M8[#{unit}]")}
  end

  defp times(name, %Field{type: {:duration, unit}}, field, table),
    do: {name, "timedelta64[#{unit}]", counts(field, table, "<m8[#{unit}]")}

  defp times(_name, _field, _i, _table), do: nil

  defp counts(field, table, dtype) do
    data =
      for count <- read(Arrow.column(table, field, fn _type -> nil end)), into: <<>> do
        <<count(count)::little-64>>
      end

    %Array{dtype: dtype, shape: {table.rows}, data: data}
  end

  defp count(nil), do: @nat
  defp count(count), do: count

  defp read({:ok, found}), do: found
  defp read({:error, reason}), do: raise(ArgumentError, reason)

  # pandas' other kinds of strings are made of lists, too.
  defp packed(name, "str" <> _storage = dtype, field, table),
    do: {name, dtype, Elements.to_list(field, dtype, table)}

  defp packed(name, dtype, field, %Table{} = table) do
    values = Elements.to_list(field, dtype, table)
    {dtype, data} = Pack.column(values, if(Pack.known?(dtype), do: dtype))
    {name, dtype, data}
  end
end
