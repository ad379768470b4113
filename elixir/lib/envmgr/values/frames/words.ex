defmodule Envmgr.Values.Frames.Words do
  # What an Arrow field's dtype is called by the library whose frame it becomes.
  @moduledoc false

  alias Envmgr.Arrow.Field

  @doc "The word; nil where pandas is to make of the field what it does. `nulls?`: whether a value is missing."
  @spec word(String.t(), Field.t(), boolean()) :: String.t() | nil
  def word("pyarrow." <> _kind, field, _nulls?), do: Field.text(field)
  def word("polars." <> _kind, field, _nulls?), do: polars(field)
  def word(_pandas, %Field{dictionary: nil, type: type}, nulls?), do: pandas(type, nulls?)

  def word(_pandas, %Field{type: type}, _nulls?),
    do: if(type in [:utf8, :large_utf8], do: "category")

  defp pandas(:bool, nulls?), do: if(nulls?, do: "boolean", else: "bool")
  defp pandas({:int, bits}, nulls?), do: if(nulls?, do: "Int#{bits}", else: "int#{bits}")
  defp pandas({:uint, bits}, nulls?), do: if(nulls?, do: "UInt#{bits}", else: "uint#{bits}")

  defp pandas({:float, bits}, nulls?) when bits > 16,
    do: if(nulls?, do: "Float#{bits}", else: "float#{bits}")

  defp pandas(text, _nulls?) when text in [:utf8, :large_utf8], do: "str"
  defp pandas({:timestamp, unit, nil}, _nulls?), do: "datetime64[#{unit}]"
  defp pandas({:timestamp, unit, zone}, _nulls?), do: "datetime64[#{unit}, #{zone}]"
  defp pandas({:duration, unit}, _nulls?), do: "timedelta64[#{unit}]"
  defp pandas(_other, _nulls?), do: nil

  defp polars(%Field{dictionary: {_id, _index, _ordered}}), do: "Categorical"
  defp polars(%Field{type: :null}), do: "Null"
  defp polars(%Field{type: :bool}), do: "Boolean"
  defp polars(%Field{type: {:int, bits}}), do: "Int#{bits}"
  defp polars(%Field{type: {:uint, bits}}), do: "UInt#{bits}"
  defp polars(%Field{type: {:float, bits}}), do: "Float#{bits}"
  defp polars(%Field{type: {:date, "D"}}), do: "Date"
  defp polars(%Field{type: {:time, _unit, _bits}}), do: "Time"

  defp polars(%Field{type: {:decimal, precision, scale, _bits}}),
    do: "Decimal(precision=#{precision}, scale=#{scale})"

  defp polars(%Field{type: {:timestamp, unit, zone}}) do
    zone = if zone, do: "'#{zone}'", else: "None"
    "Datetime(time_unit='#{unit}', time_zone=#{zone})"
  end

  defp polars(%Field{type: {:duration, unit}}), do: "Duration(time_unit='#{unit}')"
  defp polars(%Field{type: {:list, _bits}, children: [item]}), do: "List(#{polars(item)})"

  defp polars(%Field{type: type}) when type in [:utf8, :large_utf8, :utf8_view], do: "String"

  defp polars(%Field{type: type}) when type in [:binary, :large_binary, :binary_view],
    do: "Binary"

  defp polars(field), do: Field.text(field)
end
