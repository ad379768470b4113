defmodule Envmgr.Values.Frames do
  # Frames (docs/types.md) as plain terms and as structs.
  @moduledoc false

  @spec decode(list()) :: {:ok, term()} | {:error, String.t()}
  def decode(_parts), do: {:error, "frames are not read yet"}

  @spec encode(struct()) :: {:ok, list()} | {:error, String.t()}
  def encode(_frame), do: {:error, "frames are not sent yet"}
end
