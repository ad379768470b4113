defmodule Envmgr.Values.Frames do
  # Frames (docs/types.md) as plain terms and as structs. All that arrived is in the struct, so that it goes back as it
  # came; nothing in it is converted before somebody asks.
  @moduledoc false

  alias Envmgr.{Array, Bytes, Frame, Object, Ref, Series}

  @frames ~w(pandas.DataFrame pyarrow.Table pyarrow.RecordBatch polars.DataFrame frame)
  @indexes ~w(pandas.Index pandas.MultiIndex)
  @series ~w(pandas.Series polars.Series) ++ @indexes

  @doc "The struct of `[kind, meta, columns, index, body]`, whose parts are decoded already."
  @spec decode(term()) :: {:ok, Frame.t() | Series.t()} | {:error, String.t()}
  def decode([kind, meta, columns, index, body]) do
    body = bytes(body)

    with {:ok, meta} <- meta(meta),
         {:ok, rows} <- rows(meta),
         :ok <- body(body),
         {:ok, columns} <- columns(columns, rows, body),
         :ok <- index(index, rows) do
      build(kind, %{meta: meta, rows: rows, index: index, body: body}, columns)
    end
  end

  def decode(_other), do: {:error, "a malformed frame"}

  @doc "`[kind, meta, columns, index, body]` of a frame or series; `body` is a plain binary or nil."
  @spec encode(Frame.t() | Series.t()) :: {:ok, list()} | {:error, String.t()}
  def encode(%Frame{kind: kind, columns: columns} = frame) when is_list(columns) do
    checked([kind, frame.meta, Enum.map(columns, &listed/1), frame.index, frame.body])
  end

  def encode(%Series{kind: "pandas.MultiIndex", levels: levels} = series) when is_list(levels) do
    checked([series.kind, series.meta, Enum.map(levels, &listed/1), series.index, series.body])
  end

  def encode(%Series{} = series) do
    column = [series.name, series.dtype, series.data]
    checked([series.kind, series.meta, [column], series.index, series.body])
  end

  def encode(_other), do: {:error, "a malformed frame"}

  defp checked(parts) do
    with {:ok, _struct} <- decode(parts), do: {:ok, parts}
  end

  defp listed({label, dtype, data}), do: [label, dtype, data]
  defp listed(other), do: other

  defp build(kind, parts, columns) when kind in @frames do
    {:ok,
     struct!(%Frame{kind: kind, rows: parts.rows, columns: columns, meta: parts.meta}, parts)}
  end

  defp build("pandas.MultiIndex" = kind, parts, levels) do
    {:ok, struct!(%Series{kind: kind, rows: parts.rows, meta: parts.meta, levels: levels}, parts)}
  end

  defp build(kind, parts, [{name, dtype, data}]) when kind in @series do
    series = %Series{kind: kind, rows: parts.rows, meta: parts.meta}
    {:ok, struct!(%{series | name: name, dtype: dtype, data: data}, parts)}
  end

  defp build(kind, _parts, columns) when kind in @series,
    do: {:error, "a #{kind} has one column, not #{length(columns)}"}

  defp build(kind, _parts, _columns), do: {:error, "#{inspect(kind)} is no kind of frame"}

  # With `dicts: :ordered` a map arrives as an ordered dict; meta is ours, and its order means nothing.
  defp meta(%{pairs: pairs}) when is_list(pairs), do: {:ok, Map.new(pairs)}
  defp meta(%{__struct__: _}), do: {:error, "a frame's meta is no map"}
  defp meta(meta) when is_map(meta), do: {:ok, meta}
  defp meta(_other), do: {:error, "a frame's meta is no map"}

  defp rows(%{"rows" => rows}) when is_integer(rows) and rows >= 0 and rows < 0x8000000000000000,
    do: {:ok, rows}

  defp rows(_meta), do: {:error, "a frame without a number of rows"}

  defp bytes(%Bytes{data: data}), do: data
  defp bytes(other), do: other

  defp body(body) when is_binary(body) or body == nil, do: :ok
  defp body(_other), do: {:error, "a frame's body is neither bytes nor nil"}

  defp index(nil, _rows), do: :ok
  defp index(%Series{kind: kind, rows: rows}, rows) when kind in @indexes, do: :ok

  defp index(%Series{kind: kind, rows: rows}, expected) when kind in @indexes,
    do: {:error, "a frame of #{expected} rows with an index of #{rows}"}

  defp index(_other, _rows), do: {:error, "a frame's index is no pandas.Index"}

  defp columns(columns, rows, body) when is_list(columns) do
    if List.improper?(columns),
      do: {:error, "a frame's columns are no list"},
      else: columns(columns, rows, body, [])
  end

  defp columns(_other, _rows, _body), do: {:error, "a frame's columns are no list"}

  defp columns([], _rows, _body, acc), do: {:ok, Enum.reverse(acc)}

  # A dtype of nil, from Elixir only, is what the library makes of the data.
  defp columns([[label, dtype, data] | rest], rows, body, acc)
       when is_binary(dtype) or dtype == nil do
    case data(data, rows, body) do
      :ok -> columns(rest, rows, body, [{label, dtype, data} | acc])
      {:error, reason} -> {:error, "column #{inspect(label)}: #{reason}"}
    end
  end

  defp columns([_other | _rest], _rows, _body, _acc),
    do: {:error, "a column that is not [label, dtype, data]"}

  defp data(field, _rows, body) when is_integer(field) and field >= 0 and is_binary(body), do: :ok
  defp data(field, _rows, nil) when is_integer(field), do: {:error, "a field of no body"}
  defp data(%Array{shape: {rows}}, rows, _body), do: :ok

  defp data(%Array{shape: shape}, rows, _body),
    do: {:error, "an array of shape #{inspect(shape)} for #{rows} rows"}

  # The length of a ref, and of a stream inside an object, is told by who reads it.
  defp data(%Object{parts: parts}, rows, _body) do
    case parts do
      %{"length" => length} when is_integer(length) -> same(length, rows)
      %{"codes" => codes} -> part(codes, rows)
      %{"values" => values} -> part(values, rows)
      %{"left" => %Series{rows: length}} -> same(length, rows)
      _other -> :ok
    end
  end

  defp data(%Ref{}, _rows, _body), do: :ok
  defp data(%Range{} = range, rows, _body), do: same(Range.size(range), rows)

  defp data(list, rows, _body) when is_list(list) do
    if List.improper?(list), do: {:error, "an improper list"}, else: same(length(list), rows)
  end

  defp data(_other, _rows, _body), do: {:error, "its data is of no known form"}

  defp part(%Array{} = array, rows), do: data(array, rows, nil)
  defp part(list, rows) when is_list(list), do: data(list, rows, nil)
  defp part(_other, _rows), do: {:error, "an object of another kind than a column"}

  defp same(rows, rows), do: :ok
  defp same(count, rows), do: {:error, "#{count} values for #{rows} rows"}
end
