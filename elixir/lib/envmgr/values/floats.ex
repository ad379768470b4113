defmodule Envmgr.Values.Floats do
  # Floats of 64 bits, with the three that the BEAM has no floats for.
  @moduledoc false

  @doc "Big-endian. An integer is taken as the float that it equals; nil where there is none."
  @spec write(term()) :: binary() | nil
  def write(x) when is_float(x), do: <<x::float-64>>
  def write(:nan), do: <<0x7FF8000000000000::64>>
  def write(:infinity), do: <<0x7FF0000000000000::64>>
  def write(:neg_infinity), do: <<0xFFF0000000000000::64>>
  def write(n) when is_integer(n) and abs(n) <= 0x20000000000000, do: <<n::float-64>>
  def write(_other), do: nil

  @spec read(<<_::64>>) :: float() | :nan | :infinity | :neg_infinity
  def read(<<x::float-64>>), do: x
  def read(<<sign::1, 0x7FF::11, mantissa::52>>), do: special(sign, mantissa)

  @doc "What a float with all bits of its exponent set is."
  @spec special(0..1, non_neg_integer()) :: :nan | :infinity | :neg_infinity
  def special(0, 0), do: :infinity
  def special(1, 0), do: :neg_infinity
  def special(_sign, _mantissa), do: :nan
end
