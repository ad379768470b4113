defmodule Envmgr.Pool.Stats do
  # What an environment's pool is doing, for `Envmgr.stats/1`: written by the Server, counted when read.
  @moduledoc false

  alias Envmgr.Pool.Slot

  @doc "Keeps the Server's view where `read/1` finds it."
  @spec publish(atom(), String.t(), map()) :: true
  def publish(table, environment, server) do
    facts = %{
      generation: server.active.manifest.generation,
      key: server.active.manifest.key,
      state: state(server),
      problem: server.problem,
      refused: refused(server.refused),
      next: server.next && server.next.manifest.generation,
      starting: map_size(server.active.starting),
      draining: map_size(server.draining),
      wanted: server.active.manifest.workers,
      workers: server.active.ready
    }

    :ets.insert(table, {{:environment, environment}, facts, self()})
  end

  @doc "Takes the calling Server's view away."
  @spec delete(atom(), String.t()) :: true
  def delete(table, environment),
    do: :ets.match_delete(table, {{:environment, environment}, :_, self()})

  @spec read(atom()) :: %{String.t() => map()}
  def read(table) do
    for [environment, facts] <- :ets.match(table, {{:environment, :"$1"}, :"$2", :_}),
        into: %{} do
      workers =
        for {_pid, {slot, os_pid}} <- facts.workers, Slot.open?(slot) do
          Map.put(Slot.counts(slot), :os_pid, os_pid)
        end

      {environment, %{facts | workers: Enum.sort_by(workers, & &1.os_pid)}}
    end
  end

  @doc "The state of one environment: `:starting`, `:ready`, `:degraded` (fewer workers than wanted) or `:failed`."
  @spec state(atom(), String.t()) :: atom()
  def state(table, environment) do
    case :ets.lookup(table, {:environment, environment}) do
      [{_key, facts, _server}] -> facts.state
      [] -> :starting
    end
  end

  defp state(%{active: active, problem: problem}) do
    case map_size(active.ready) do
      0 when problem == nil -> :starting
      0 -> :failed
      ready when ready < active.manifest.workers -> :degraded
      _all -> :ready
    end
  end

  defp refused(nil), do: nil

  defp refused(refused),
    do: %{generation: refused.manifest.generation, problem: refused.problem, tries: refused.tries}
end
