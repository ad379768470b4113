defmodule Envmgr.Pool.Shutdown do
  # The last child of an instance, hence the first to stop: has the pools answer what they have taken on, for `grace` ms at
  # most, while what comes is refused. What is left then is ended with the pools.
  @moduledoc false

  use GenServer

  alias Envmgr.{Options, Pool}

  # Beyond the grace period, so that a supervisor's patience is longer than ours.
  @margin 1_000

  @spec child_spec({Options.t(), pools :: atom()}) :: Supervisor.child_spec()
  def child_spec({options, pools}) do
    %{
      id: __MODULE__,
      start: {GenServer, :start_link, [__MODULE__, {pools, options.grace}]},
      shutdown: options.grace + @margin
    }
  end

  @impl true
  def init(state) do
    Process.flag(:trap_exit, true)
    {:ok, state}
  end

  @impl true
  def terminate(_reason, {pools, grace}) do
    until = System.monotonic_time(:millisecond) + grace

    asked =
      for {_id, pool, _type, _modules} when is_pid(pool) <-
            DynamicSupervisor.which_children(pools),
          do: spawn_monitor(fn -> Pool.shut(pool, grace) end)

    for {pid, monitor} <- asked do
      receive do
        {:DOWN, ^monitor, _, _, _reason} -> :ok
      after
        max(until - System.monotonic_time(:millisecond), 0) -> Process.exit(pid, :kill)
      end
    end
  end
end
