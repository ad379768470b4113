defmodule Envmgr.Complex do
  @moduledoc """
  A Python `complex`. Its parts are floats, or `:nan`, `:infinity`, `:neg_infinity`.

      iex> %Envmgr.Complex{re: 1.5, im: -2.0}
      #Envmgr.Complex<1.5-2.0j>
  """

  @enforce_keys [:re, :im]
  defstruct [:re, :im]

  @type part :: float() | :nan | :infinity | :neg_infinity
  @type t :: %__MODULE__{re: part(), im: part()}

  defimpl Inspect do
    def inspect(%{re: re, im: im}, _opts),
      do: "#Envmgr.Complex<#{part(re)}#{signed(part(im))}j>"

    defp part(:nan), do: "nan"
    defp part(:infinity), do: "inf"
    defp part(:neg_infinity), do: "-inf"
    defp part(x), do: Kernel.inspect(x)

    defp signed("-" <> _ = text), do: text
    defp signed(text), do: "+" <> text
  end
end
