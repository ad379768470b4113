defmodule Envmgr.Fraction do
  @moduledoc """
  A Python `fractions.Fraction`. The denominator is greater than 0; Python reduces what it is sent.

      iex> %Envmgr.Fraction{numerator: -1, denominator: 3}
      #Envmgr.Fraction<-1/3>
  """

  @enforce_keys [:numerator, :denominator]
  defstruct [:numerator, :denominator]

  @type t :: %__MODULE__{numerator: integer(), denominator: pos_integer()}

  defimpl Inspect do
    def inspect(%{numerator: n, denominator: d}, _opts), do: "#Envmgr.Fraction<#{n}/#{d}>"
  end
end
