defmodule Envmgr.Calls.Context do
  # What a call tells its worker beside its arguments (docs/protocol.md, section 3). Nearly every call tells nothing.
  @moduledoc false

  alias Envmgr.Values.Encoder

  @doc "In MessagePack; nil when there is nothing to say."
  @spec encode(String.t() | nil, traced? :: boolean()) :: binary() | nil
  def encode(nil, false), do: nil
  def encode(correlation, false), do: pack(%{"correlation" => correlation})
  def encode(correlation, true), do: pack(%{"correlation" => correlation, "trace" => true})

  defp pack(map) do
    {:ok, data} = Encoder.encode(map)
    IO.iodata_to_binary(data)
  end
end
