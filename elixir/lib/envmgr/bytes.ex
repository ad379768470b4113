defmodule Envmgr.Bytes do
  @moduledoc """
  Python `bytes`.

  A plain Elixir binary is a Python `str`; wrap it with `Envmgr.bytes/1` to send bytes. Bytes that Python
  answers arrive wrapped, so that both directions mean the same.

      iex> Envmgr.bytes(<<0, 255>>)
      %Envmgr.Bytes{data: <<0, 255>>}
  """

  @enforce_keys [:data]
  defstruct [:data]

  @type t :: %__MODULE__{data: binary()}
end
