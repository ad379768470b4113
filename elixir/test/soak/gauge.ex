defmodule Soak.Gauge do
  # What there is when nobody calls: of the VM, of the instance, of each worker.
  @moduledoc false

  alias Envmgr.Session

  @doc "Waits until nothing is under way, and says what is left where that does not come."
  def settle(name, ms \\ 30_000) do
    deadline = System.monotonic_time(:millisecond) + ms
    # A caller that was killed has its call cancelled half a second later at most.
    Process.sleep(1_000)
    settled(name, deadline)
  end

  defp settled(name, deadline) do
    case busy(name) do
      [] ->
        []

      busy ->
        if System.monotonic_time(:millisecond) < deadline do
          Process.sleep(250)
          settled(name, deadline)
        else
          busy
        end
    end
  end

  defp busy(name) do
    sessions = Envmgr.Session.list(name)

    pools =
      for {environment, stats} <- Envmgr.stats(name), reduce: [] do
        busy ->
          workers =
            for worker <- stats.workers,
                worker.in_flight != 0 or worker.refs not in [0, nil] or
                  worker.sessions not in [0, nil],
                do: {environment, worker}

          rest = Map.take(stats, [:state, :draining, :starting, :refused])
          quiet = %{state: :ready, draining: 0, starting: 0, refused: nil}
          if rest == quiet, do: workers ++ busy, else: [{environment, rest} | workers ++ busy]
      end

    sessions = if sessions == [], do: [], else: [{:sessions, length(sessions)}]
    sessions ++ pools
  end

  @doc "The VM, after a collection of all garbage."
  def vm do
    for _ <- 1..2, pid <- Process.list(), do: :erlang.garbage_collect(pid)
    memory = :erlang.memory()
    tables = tables()

    %{
      memory: memory[:total],
      processes_used: memory[:processes_used],
      binary: memory[:binary],
      ets_memory: memory[:ets],
      processes: :erlang.system_info(:process_count),
      ports: :erlang.system_info(:port_count),
      atoms: :erlang.system_info(:atom_count),
      descriptors: length(File.ls!("/proc/self/fd")),
      tables: length(:ets.all()),
      rows: tables |> Map.values() |> Enum.sum(),
      queued: queued()
    }
  end

  @doc "Rows of tables, by name, without those of the soak itself."
  def tables do
    for table <- :ets.all(), size = :ets.info(table, :size), is_integer(size), reduce: %{} do
      sizes -> Map.update(sizes, :ets.info(table, :name), size, &(&1 + size))
    end
    |> Map.drop([Soak.Book, Soak.Effects, Soak.Trouble])
  end

  defp queued do
    for pid <- Process.list(), {_, length} <- [Process.info(pid, :message_queue_len)] do
      length
    end
    |> Enum.sum()
  end

  @doc "What each worker's process has: `{environment, os_pid, calls, bytes of its own, descriptors, threads, blocks of Python's memory}`."
  def workers(name) do
    blocks = blocks(name)

    for {environment, stats} <- Envmgr.stats(name),
        worker <- stats.workers,
        pid = worker.os_pid,
        is_map_key(blocks, pid),
        {:ok, text} <- [File.read("/proc/#{pid}/smaps_rollup")],
        {:ok, descriptors} <- [File.ls("/proc/#{pid}/fd")],
        {:ok, threads} <- [File.ls("/proc/#{pid}/task")] do
      own =
        for [_, kib] <- Regex.scan(~r/^Private_(?:Clean|Dirty): +(\d+) kB/m, text),
            do: String.to_integer(kib) * 1024

      counts = {Enum.sum(own), length(descriptors), length(threads), blocks[pid]}
      {environment, pid, worker.answered, counts}
    end
  end

  # Sessions spread over the workers, so that each is asked.
  defp blocks(name) do
    for {environment, stats} <- Envmgr.stats(name), reduce: %{} do
      blocks ->
        sessions = for _ <- stats.pools["default"].workers, do: Session.open!(name: name)

        seen =
          for session <- sessions,
              answer = Envmgr.execute("#{environment}.blocks", [], name: name, session: session),
              {:ok, [pid, blocks]} <- [answer],
              into: %{},
              do: {pid, blocks}

        Enum.each(sessions, &Session.close/1)
        Map.merge(blocks, seen)
    end
  end
end
