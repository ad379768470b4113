defmodule Envmgr.Pool.Stats do
  # What an environment's pool is doing, for `Envmgr.stats/1`: written by the Server, counted when read.
  @moduledoc false

  alias Envmgr.Libraries.State
  alias Envmgr.Pool.Slot
  alias Envmgr.Values.Decoder

  # A worker that is free answers in a fraction of that.
  @patience 100

  @doc "Keeps the Server's view where `read/1` finds it."
  @spec publish(atom(), String.t(), map()) :: :ok
  def publish(table, environment, server) do
    facts = %{
      generation: server.active.manifest.generation,
      key: server.active.manifest.key,
      state: state(server),
      problem: server.problem,
      unread: server.unread,
      tries: tries(server),
      retry_at: server.retry_at,
      refused: refused(server.refused),
      next: server.next && server.next.manifest.generation,
      starting: map_size(server.active.starting),
      draining: map_size(server.draining),
      wanted: server.active.manifest.workers,
      workers: server.active.ready
    }

    :ets.insert(table, {{:environment, environment}, facts, self()})
    State.follow(table, environment)
  end

  @doc "Takes the calling Server's view away."
  @spec delete(atom(), String.t()) :: :ok
  def delete(table, environment) do
    :ets.match_delete(table, {{:environment, environment}, :_, self()})
    State.gone(table, environment)
  end

  @doc "Keeps a worker's report of its conversions, for readers that find it busy."
  @spec reported(atom(), pid(), binary()) :: true
  def reported(table, owner, report), do: :ets.insert(table, {{:report, owner}, report})

  @doc "Forgets a worker's report."
  @spec ended(atom(), pid()) :: true
  def ended(table, owner), do: :ets.delete(table, {:report, owner})

  @doc "Every environment's view. Asks the workers that are free what they have converted; busy ones said it last time."
  @spec read(atom()) :: %{String.t() => map()}
  def read(table) do
    all = :ets.match(table, {{:environment, :"$1"}, :"$2", :_})

    open =
      for [environment, facts] <- all, {pid, {slot, _}} <- facts.workers, Slot.open?(slot) do
        {environment, pid}
      end

    reports = reports(table, open)

    for [environment, facts] <- all, into: %{} do
      workers =
        for {pid, {slot, os_pid}} <- facts.workers, Slot.open?(slot) do
          Map.merge(Slot.counts(slot), %{
            os_pid: os_pid,
            refs: reports[{environment, pid}]["refs"],
            sessions: reports[{environment, pid}]["sessions"]
          })
        end

      facts = %{facts | workers: Enum.sort_by(workers, & &1.os_pid)}
      theirs = for {{^environment, _pid}, report} <- reports, report, do: report
      {environment, Map.put(facts, :conversions, conversions(theirs))}
    end
  end

  defp reports(table, open) do
    until = System.monotonic_time(:millisecond) + @patience

    asked =
      for {environment, pid} <- open do
        reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
        send(pid, {:report, reply})
        {environment, pid, reply}
      end

    for {environment, pid, reply} <- asked, into: %{} do
      report =
        receive do
          {^reply, report} -> report
          {:DOWN, ^reply, _, _, _} -> nil
        after
          max(until - System.monotonic_time(:millisecond), 0) ->
            :erlang.demonitor(reply, [:flush])
            last(table, pid)
        end

      {{environment, pid}, decoded(report)}
    end
  end

  defp decoded(report) do
    with true <- is_binary(report), {:ok, %{} = rows} <- Decoder.decode(report) do
      rows
    else
      _none -> nil
    end
  end

  defp last(table, pid) do
    case :ets.lookup(table, {:report, pid}) do
      [{_key, report}] -> report
      [] -> nil
    end
  end

  defp conversions(reports),
    do: %{sent: total(reports, "sent"), received: total(reports, "received")}

  defp total(reports, direction) do
    for report <- reports, {type, [count, bytes, seconds]} <- report[direction], reduce: %{} do
      all ->
        row = %{count: count, bytes: bytes, seconds: seconds}
        Map.update(all, type, row, &Map.merge(&1, row, fn _key, one, other -> one + other end))
    end
  end

  @doc "The workers of an environment that take calls: owner, counters, number of the process."
  @spec workers(atom(), String.t()) :: [{pid(), Slot.t(), pos_integer()}]
  def workers(table, environment) do
    case :ets.lookup(table, {:environment, environment}) do
      [{_key, facts, _server}] ->
        for {pid, {slot, os_pid}} <- facts.workers, Slot.open?(slot), do: {pid, slot, os_pid}

      [] ->
        []
    end
  end

  defp state(%{active: active, problem: problem}) do
    case map_size(active.ready) do
      0 when problem == nil -> :loading
      0 -> :failed
      ready when ready < active.manifest.workers -> :degraded
      _all -> :ready
    end
  end

  @doc "How often what is wrong was tried, in a row."
  @spec tries(map()) :: non_neg_integer()
  def tries(server) do
    refused = if server.refused, do: server.refused.tries, else: 0
    Enum.max([server.failures, server.missed, refused])
  end

  defp refused(nil), do: nil

  defp refused(refused),
    do: %{generation: refused.manifest.generation, problem: refused.problem, tries: refused.tries}
end
