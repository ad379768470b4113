defmodule Envmgr.Values.Frames.Terms do
  # What an Arrow type's values are in Elixir, for those that Arrow's numbers and bytes do not say by themselves.
  @moduledoc false

  alias Envmgr.Bytes
  alias Envmgr.Values.Frames.Times

  @doc "The function from what the Arrow reader has to the Elixir value; nil where it is that value."
  @spec converter(term()) :: (term() -> term()) | nil
  def converter({:timestamp, unit, zone}) do
    micros = Times.microseconds(unit)
    make = if zone == nil, do: &Times.naive/1, else: Times.aware(zone)
    &make.(micros.(&1))
  end

  def converter({:date, "D"}), do: &Times.date/1
  def converter({:date, "ms"}), do: &Times.date(Integer.floor_div(&1, 86_400_000))

  def converter({:time, unit, _bits}) do
    micros = Times.microseconds(unit)
    &Times.time(micros.(&1))
  end

  def converter({:duration, unit}) do
    micros = Times.microseconds(unit)
    &Times.span(micros.(&1))
  end

  def converter({:decimal, _precision, scale, _bits}), do: &decimal(&1, scale)
  def converter({:fixed_binary, _size}), do: &%Bytes{data: &1}
  def converter(type) when type in [:binary, :large_binary, :binary_view], do: &%Bytes{data: &1}
  def converter(_other), do: nil

  defp decimal(coefficient, scale) do
    Envmgr.Values.Frames.Decimals.new(coefficient, scale)
  end
end
