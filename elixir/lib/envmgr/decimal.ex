defmodule Envmgr.Decimal do
  @moduledoc """
  A Python `decimal.Decimal`, by its text.

  With the package `decimal` in the host application, decimals arrive as its `Decimal`, and this struct is only used for
  what that cannot hold: signalling NaN, NaN with a payload, and numbers of more than 10,000 digits. Either is sent.

      iex> Envmgr.execute!("probe.echo", [%Envmgr.Decimal{text: "-1.250"}])
      %Envmgr.Decimal{text: "-1.250"}
  """

  @enforce_keys [:text]
  defstruct [:text]

  @type t :: %__MODULE__{text: String.t()}

  defimpl Inspect do
    def inspect(%{text: text}, _opts), do: "#Envmgr.Decimal<#{text}>"
  end
end
