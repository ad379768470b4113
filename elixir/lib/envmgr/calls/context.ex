defmodule Envmgr.Calls.Context do
  # What a call tells its worker beside its arguments (docs/protocol.md, section 3). Nearly every call tells nothing.
  @moduledoc false

  alias Envmgr.Values.Encoder

  @typedoc "Who hears what the code says."
  @type output :: :log | :ignore | :metadata | pid()

  @doc "In MessagePack; nil when there is nothing to say."
  @spec encode(
          correlation :: String.t() | nil,
          traced? :: boolean(),
          output(),
          session :: String.t() | nil
        ) :: binary() | nil
  def encode(correlation, traced?, output, session \\ nil)
  def encode(nil, false, output, nil) when output in [:log, :ignore], do: nil

  def encode(correlation, traced?, output, session) do
    {:ok, data} =
      [
        correlation: correlation,
        trace: traced?,
        session: session,
        live: is_pid(output),
        warnings: output not in [:log, :ignore]
      ]
      |> Enum.filter(fn {_key, value} -> value end)
      |> Map.new(fn {key, value} -> {Atom.to_string(key), value} end)
      |> Encoder.encode()

    IO.iodata_to_binary(data)
  end
end
