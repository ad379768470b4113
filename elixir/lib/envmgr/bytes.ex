defmodule Envmgr.Bytes do
  @moduledoc """
  Python `bytes`, or a `bytearray`.

  A plain Elixir binary is a Python `str`; wrap it with `Envmgr.bytes/1` to send bytes. Bytes that Python
  answers arrive wrapped, so that both directions mean the same.

      iex> Envmgr.bytes(<<0, 255>>)
      %Envmgr.Bytes{data: <<0, 255>>, kind: :bytes}
  """

  @enforce_keys [:data]
  defstruct [:data, kind: :bytes]

  @type t :: %__MODULE__{data: binary(), kind: :bytes | :bytearray}
end
