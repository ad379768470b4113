defmodule Envmgr.Pool.Owners do
  # The supervisor of an environment's owners. They are never restarted by it: the Server decides what to start.
  @moduledoc false

  use DynamicSupervisor

  def start_link, do: DynamicSupervisor.start_link(__MODULE__, [])

  @impl true
  def init(_), do: DynamicSupervisor.init(strategy: :one_for_one)
end
