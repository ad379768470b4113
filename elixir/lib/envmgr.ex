defmodule Envmgr do
  @moduledoc "stub"
  def bytes(data) when is_binary(data), do: %Envmgr.Bytes{data: data}
end
