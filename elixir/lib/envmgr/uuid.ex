defmodule Envmgr.UUID do
  @moduledoc """
  A Python `uuid.UUID`, by its text of 32 digits and four hyphens.

      iex> %Envmgr.UUID{value: "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
      #Envmgr.UUID<6ba7b810-9dad-11d1-80b4-00c04fd430c8>
  """

  @enforce_keys [:value]
  defstruct [:value]

  @type t :: %__MODULE__{value: String.t()}

  defimpl Inspect do
    def inspect(%{value: value}, _opts), do: "#Envmgr.UUID<#{value}>"
  end
end
