defmodule Envmgr.Wire do
  # The room of frames and messages (docs/protocol.md, sections 2 and 3). It knows where a message begins
  # and ends, never what a payload means. Imports nothing of ours.
  @moduledoc false

  @doc "The protocol's version, said by both sides in their hello."
  @spec protocol() :: pos_integer()
  def protocol, do: 2

  @doc "The longest frame that either side may send, in bytes."
  @spec max_frame() :: pos_integer()
  def max_frame, do: 512 * 1024 * 1024
end
