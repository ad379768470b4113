defmodule Envmgr.Values do
  # The room of values (docs/protocol.md, section 4): Elixir terms to MessagePack and back. Imports wire.
  @moduledoc false

  @doc "How deep a value may be nested, in either direction."
  @spec max_depth() :: pos_integer()
  def max_depth, do: 512
end
