defmodule Envmgr.Pool.Stats do
  # What an environment's pool is doing, for `Envmgr.stats/1`: written by the Server, counted when read.
  @moduledoc false

  alias Envmgr.Libraries.{Sizing, State}
  alias Envmgr.Pool.{Circuit, Crew, Slot}
  alias Envmgr.Values.Decoder

  # How long a report is waited for, ms: of a worker that has calls, and of one that is free, which answers in a fraction of that
  # unless the machine is busy.
  @patience 100
  @free 1_000

  @doc "Keeps the Server's view where `read/1` finds it."
  @spec publish(atom(), String.t(), map()) :: :ok
  def publish(table, environment, server) do
    pools =
      Map.new(server.active.crews, fn {name, crew} -> {name, pool(crew, server.loaded?)} end)

    each = Map.values(pools)

    facts = %{
      generation: server.active.manifest.generation,
      key: server.active.manifest.key,
      state: together(each, server.problem),
      problem: server.problem || Enum.find_value(each, & &1.problem),
      unread: server.unread,
      tries: Enum.max([tries(server) | Enum.map(each, & &1.tries)]),
      retry_at: Enum.min([server.retry_at | Enum.map(each, & &1.retry_at)]),
      refused: refused(server.refused),
      next: server.next && server.next.manifest.generation,
      starting: each |> Enum.map(& &1.starting) |> Enum.sum(),
      draining: map_size(server.draining),
      wanted: each |> Enum.map(& &1.wanted) |> Enum.sum(),
      libraries: libraries(server, each),
      lost: lost(server),
      pools: pools
    }

    :ets.insert(table, {{:environment, environment}, facts, self()})
    State.follow(table, environment)
  end

  defp pool(crew, loaded?) do
    state = state(crew, loaded?)

    %{
      state: state,
      circuit: crew.circuit.state,
      problem: crew.problem || (state in [:degraded, :failed] && crew.circuit.problem) || nil,
      tries: length(crew.circuit.faults),
      retry_at: Circuit.retry_at(crew.circuit),
      min: crew.sizing.min,
      max: crew.sizing.max,
      wanted: crew.wanted,
      profile: crew.sizing.profile,
      at_a_time: Sizing.at_a_time(crew.sizing),
      queue: crew.sizing.queue,
      libraries: crew.sizing.libraries,
      starting: map_size(crew.starting),
      workers: for({pid, worker} <- crew.ready, do: {pid, worker.slot, worker.os_pid})
    }
  end

  # A library is as well as the pools that serve it.
  defp libraries(server, pools) do
    for {library, _facts} <- server.active.manifest.libraries, into: %{} do
      theirs = for pool <- pools, pool.libraries == nil or library in pool.libraries, do: pool
      problem = server.problem || Enum.find_value(theirs, & &1.problem)
      {library, %{state: together(theirs, server.problem), problem: problem}}
    end
  end

  # Those without which the others are served, for they do not start.
  defp lost(%{refused: %{manifest: whole, problem: problem}, active: %{manifest: manifest}} = s)
       when whole.generation == manifest.generation do
    names = Map.keys(whole.libraries) -- Map.keys(manifest.libraries)
    Map.new(names, &{&1, s.lost[&1] || problem})
  end

  defp lost(_server), do: %{}

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
      for [environment, %{pools: pools}] <- all,
          {_name, %{workers: workers}} <- pools,
          {pid, slot, _os_pid} <- workers,
          Slot.open?(slot),
          do: {environment, pid, Slot.counts(slot).in_flight > 0}

    reports = reports(table, open)

    for [environment, facts] <- all, into: %{} do
      pools =
        Map.new(facts.pools, fn {name, pool} ->
          {name, counted(pool, name, environment, reports)}
        end)

      workers = for {_name, pool} <- pools, worker <- pool.workers, do: worker
      theirs = for {{^environment, _pid}, report} <- reports, report, do: report

      facts =
        Map.merge(facts, %{
          pools: pools,
          workers: Enum.sort_by(workers, & &1.os_pid),
          conversions: conversions(theirs)
        })

      {environment, facts}
    end
  end

  defp counted(pool, name, environment, reports) do
    workers =
      for {pid, slot, os_pid} <- pool.workers, Slot.open?(slot) do
        Map.merge(Slot.counts(slot), %{
          os_pid: os_pid,
          pool: name,
          refs: reports[{environment, pid}]["refs"],
          sessions: reports[{environment, pid}]["sessions"]
        })
      end

    %{pool | workers: Enum.sort_by(workers, & &1.os_pid)}
  end

  defp reports(table, open) do
    now = System.monotonic_time(:millisecond)

    asked =
      for {environment, pid, busy?} <- open do
        reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
        send(pid, {:report, reply})
        {environment, pid, reply, now + if(busy?, do: @patience, else: @free)}
      end

    for {environment, pid, reply, until} <- asked, into: %{} do
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
        for {_name, pool} <- facts.pools,
            {_pid, slot, _os_pid} = worker <- pool.workers,
            Slot.open?(slot),
            do: worker

      [] ->
        []
    end
  end

  defp state(%{sizing: sizing} = crew, loaded?) do
    well? = crew.problem == nil and crew.circuit.problem == nil

    case length(Crew.open(crew)) + map_size(crew.spent) do
      # Nobody has called it, and whoever does is served.
      0 when crew.wanted == 0 and crew.problem == nil and loaded? -> :ready
      0 when crew.problem == nil and crew.circuit.state == :closed -> :loading
      0 -> :failed
      # Some are starting, and nothing is wrong: the others serve.
      count when count < sizing.min and not well? -> :degraded
      _serves -> :ready
    end
  end

  # An environment is as well as the worst of its pools, but fails only with all of them. One that nobody has called does
  # not count.
  defp together(_pools, problem) when problem != nil, do: :failed

  defp together(pools, nil) do
    awake = Enum.filter(pools, &(&1.wanted > 0))

    case if(awake == [], do: pools, else: awake) |> Enum.map(& &1.state) |> Enum.uniq() do
      [same] -> same
      states -> if :failed in states or :degraded in states, do: :degraded, else: :loading
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
