defmodule Envmgr.Calls.Hedge do
  @moduledoc false
  def around(call, rest), do: rest.(call)
end
