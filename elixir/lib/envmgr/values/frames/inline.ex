defmodule Envmgr.Values.Frames.Inline do
  # A frame without a body: each column in the form that it has where there is no Arrow.
  @moduledoc false

  alias Envmgr.{Array, Frame, Series}
  alias Envmgr.Arrow.{Column, Table}
  alias Envmgr.Values.Frames.{Body, Elements, Pack}

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
    dtype = if kind in @pandas, do: dtype

    bare(name, dtype, Enum.map(table.batches, fn {_rows, columns} -> Enum.at(columns, field) end)) ||
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

  defp packed(name, dtype, field, %Table{} = table) do
    values = Elements.to_list(field, dtype, table)
    {dtype, data} = Pack.column(values, if(Pack.known?(dtype), do: dtype))
    {name, dtype, data}
  end
end
