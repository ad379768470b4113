defmodule Envmgr.Values.Frames do
  # Frames as plain terms: `[kind, meta, columns, index, body]` of docs/types.md.
  @moduledoc false

  @spec decode(list()) :: term()
  def decode(parts), do: List.to_tuple(parts)

  @spec encode(struct()) :: list()
  def encode(_frame), do: raise("no frames yet")
end
