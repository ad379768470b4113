defmodule Envmgr.Values.Frames.Body do
  # The Arrow stream behind a frame or series, parsed when it is asked for.
  @moduledoc false

  alias Envmgr.{Arrow, Frame, Series}
  alias Envmgr.Arrow.Field

  @doc "The table in the body; nil where there is no body. Raises `ArgumentError` where it cannot be read."
  @spec open(Frame.t() | Series.t()) :: Arrow.Table.t() | nil
  def open(%{body: nil}), do: nil

  def open(%Frame{columns: columns} = frame),
    do: open(frame, for({_, _, data} <- columns, do: data))

  def open(%Series{levels: levels} = series) when is_list(levels),
    do: open(series, for({_, _, data} <- levels, do: data))

  def open(%Series{data: data} = series), do: open(series, [data])

  @doc "The same, nil where none of these columns' data is in the body."
  @spec open(Frame.t() | Series.t(), [term()]) :: Arrow.Table.t() | nil
  def open(%{body: body, rows: rows}, data) do
    if is_binary(body) and Enum.any?(data, &is_integer/1), do: parse(body, rows)
  end

  @doc "Each column's name and dtype, Arrow's own where Python is to choose."
  @spec words(Frame.t()) :: [{term(), String.t()}]
  def words(%Frame{columns: columns} = frame) do
    open = for {_name, nil, field} <- columns, is_integer(field), do: field
    fields = if open == [], do: {}, else: List.to_tuple(open(frame, open).fields)

    Enum.map(columns, fn
      {name, nil, field} when is_integer(field) and field < tuple_size(fields) ->
        {name, fields |> elem(field) |> Field.text()}

      {name, dtype, _data} ->
        {name, dtype || "object"}
    end)
  end

  defp parse(body, rows) do
    case Arrow.read(body) do
      {:ok, %Arrow.Table{rows: ^rows} = table} ->
        table

      {:ok, table} ->
        raise ArgumentError, "a frame of #{rows} rows whose Arrow stream has #{table.rows}"

      {:error, reason} ->
        raise ArgumentError, reason
    end
  end
end
