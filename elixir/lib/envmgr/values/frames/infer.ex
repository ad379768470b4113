defmodule Envmgr.Values.Frames.Infer do
  # What a list of Elixir values is as a column: one look at all of them. Dtypes are pandas' words.
  @moduledoc false

  import Bitwise

  alias Envmgr.Timedelta
  alias Envmgr.Values.Frames.Times

  # Kinds of values as bits, so that a column's are gathered by or.
  @missing 1
  @bool 2
  @int 4
  @float 8
  @numbers 12
  @text 16
  @naive 32
  @aware 64
  @span 128
  @other 256

  @doc """
  The dtype of a column with these values: one that cannot hold a missing value only where none is missing, `"object"`
  where there is no common one.
  """
  @spec dtype(list()) :: String.t()
  def dtype(values) do
    kinds = kinds(values, 0)
    named(kinds &&& bnot(@missing), (kinds &&& @missing) != 0, values)
  end

  defp named(@bool, missing?, _values), do: if(missing?, do: "boolean", else: "bool")
  defp named(@int, missing?, values), do: values |> integer() |> nullable(missing?)
  defp named(@float, missing?, _values), do: nullable("float64", missing?)
  defp named(@text, _missing?, _values), do: "str"
  defp named(@naive, _missing?, _values), do: "datetime64[us]"
  defp named(@span, _missing?, _values), do: "timedelta64[us]"

  defp named(@aware, _missing?, values) do
    case values |> Enum.reject(&is_nil/1) |> Enum.uniq_by(&zone/1) do
      [datetime] -> "datetime64[us, #{zone(datetime)}]"
      _several -> "object"
    end
  end

  defp named(@numbers, missing?, values) do
    if Enum.all?(values, &exact?/1), do: nullable("float64", missing?), else: "object"
  end

  defp named(_mixed, _missing?, _values), do: "object"

  defp nullable("object", _missing?), do: "object"
  defp nullable(dtype, false), do: dtype
  defp nullable("int64", true), do: "Int64"
  defp nullable("uint64", true), do: "UInt64"
  defp nullable("float64", true), do: "Float64"

  # An integer that a float holds exactly; anything but an integer passes.
  defp exact?(n) when is_integer(n), do: abs(n) <= 0x20000000000000
  defp exact?(_other), do: true

  defp integer(values) do
    {least, most} = bounds(values, 0, 0)

    cond do
      least >= -0x8000000000000000 and most < 0x8000000000000000 -> "int64"
      least >= 0 and most <= 0xFFFFFFFFFFFFFFFF -> "uint64"
      true -> "object"
    end
  end

  defp bounds([nil | rest], least, most), do: bounds(rest, least, most)
  defp bounds([n | rest], least, most) when n < least, do: bounds(rest, n, most)
  defp bounds([n | rest], least, most) when n > most, do: bounds(rest, least, n)
  defp bounds([_n | rest], least, most), do: bounds(rest, least, most)
  defp bounds([], least, most), do: {least, most}

  defp zone(%DateTime{time_zone: zone}), do: Times.zone(zone)

  defp kinds([value | rest], seen), do: kinds(rest, seen ||| kind(value))
  defp kinds([], seen), do: seen

  defp kind(n) when is_integer(n), do: @int
  defp kind(x) when is_float(x), do: @float
  defp kind(text) when is_binary(text), do: @text
  defp kind(nil), do: @missing
  defp kind(bool) when is_boolean(bool), do: @bool
  defp kind(special) when special in [:nan, :infinity, :neg_infinity], do: @float
  defp kind(%NaiveDateTime{calendar: Calendar.ISO}), do: @naive
  defp kind(%DateTime{calendar: Calendar.ISO}), do: @aware
  defp kind(%Timedelta{}), do: @span
  defp kind(_other), do: @other
end
