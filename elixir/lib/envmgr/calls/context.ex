defmodule Envmgr.Calls.Context do
  # What a call tells its worker beside its arguments (docs/protocol.md, section 3). Nearly every call tells nothing.
  @moduledoc false

  alias Envmgr.Values.Encoder

  @doc "In MessagePack; nil when there is nothing to say."
  @spec encode(correlation :: String.t() | nil, traced? :: boolean(), live? :: boolean()) ::
          binary() | nil
  def encode(nil, false, false), do: nil

  def encode(correlation, traced?, live?) do
    {:ok, data} =
      [correlation: correlation, trace: traced?, live: live?]
      |> Enum.filter(fn {_key, value} -> value end)
      |> Map.new(fn {key, value} -> {Atom.to_string(key), value} end)
      |> Encoder.encode()

    IO.iodata_to_binary(data)
  end
end
