defmodule Envmgr.Calls.Advice.Rules do
  # What numbers say should be changed: a rule a function, from what is measured anyway to findings. Pure. Of a guess, the advice
  # says what it depends on.
  @moduledoc false

  @typedoc "`subject`: a path, or an environment's name."
  @type finding :: %{rule: atom(), subject: String.t(), seen: String.t(), advice: String.t()}

  @typedoc "`stats`: of `Envmgr.stats/1`, `later`: the same, a moment later. `calls`, `errors`: of `Envmgr.calls/1`, `Envmgr.errors/1`. `memory`: of workers, by number."
  @type facts :: %{
          stats: map(),
          later: map(),
          calls: [map()],
          errors: [map()],
          memory: %{pos_integer() => non_neg_integer()}
        }

  @mib 1_048_576

  # So many bytes of plain values, and so long for each: lists and dicts take 5 to 50 ns a byte, ASCII a tenth of a nanosecond.
  @plain_bytes 16 * @mib
  @plain_ns_a_byte 2.0
  @quick_calls 10_000
  @quick_ms 1.0
  @steady_calls 1_000
  @steady_ms 5.0
  @asked 1_000
  @hits 0.05
  @objects 50_000
  @young 100
  @old 1_000
  @growth 100 * @mib
  @often 10
  @losses 3

  @spec all(facts()) :: [finding()]
  def all(facts) do
    Enum.flat_map(
      [&plain/1, &quick/1, &steady/1, &cold/1, &objects/1, &growth/1, &waiting/1] ++
        [&refusals/1, &deadlines/1, &losses/1, &stale/1],
      & &1.(facts)
    )
  end

  # What msgpack converts by itself has no row of its own: it is what the others leave of whole payloads.
  defp plain(%{stats: stats}) do
    for {environment, %{conversions: conversions}} <- Enum.sort(stats),
        {direction, words} <- [received: "to Python", sent: "from Python"],
        {bytes, seconds} = rest(conversions[direction] || %{}),
        bytes >= @plain_bytes and seconds * 1.0e9 / bytes >= @plain_ns_a_byte do
      finding(
        :plain_data,
        environment,
        "#{mib(bytes)} went #{words} as plain values, which took #{Float.round(seconds, 2)} s there",
        "where these are lists of numbers or columns, Envmgr.Array and Envmgr.Frame (in Python arrays and frames) travel as they lie in memory; " <>
          "what is used again can stay in Python (as: :ref)"
      )
    end
  end

  defp rest(rows) do
    {payload, others} = Map.pop(rows, "payload", %{bytes: 0, seconds: 0.0})

    {payload.bytes - sum(others, :bytes), payload.seconds - sum(others, :seconds)}
  end

  defp sum(rows, key), do: rows |> Map.values() |> Enum.map(& &1[key]) |> Enum.sum()

  defp quick(%{calls: calls}) do
    for %{count: count, p50: p50} = row <- calls,
        fresh = count - row.cached,
        fresh >= @quick_calls and p50 != nil and p50 < @quick_ms do
      finding(
        :many_quick_calls,
        row.path,
        "#{fresh} calls, half of them within #{p50} ms",
        "Envmgr.map/3 sends many calls as one; what works on whole arrays needs one call"
      )
    end
  end

  defp steady(%{calls: calls, stats: stats}) do
    for %{count: count, cached: 0, p50: p50, p95: p95} = row <- calls,
        count >= @steady_calls and p50 >= @steady_ms and p95 <= 2 * p50,
        row.errors * 10 < count,
        not cache?(stats, row.path) do
      finding(
        :steady_calls,
        row.path,
        "#{count} calls, of about #{p50} ms each time",
        "if the same arguments come again, keep results: cache of the library in envmgr.toml, or the option cache"
      )
    end
  end

  defp cache?(stats, path),
    do: Enum.any?(stats, fn {_environment, facts} -> is_map_key(facts[:cache] || %{}, path) end)

  defp cold(%{stats: stats}) do
    for {_environment, facts} <- Enum.sort(stats),
        {path, %{hits: hits, misses: misses, hit_rate: rate}} <- Enum.sort(facts[:cache] || %{}),
        hits + misses >= @asked and rate < @hits do
      finding(
        :cold_cache,
        path,
        "#{hits} of #{hits + misses} calls were answered from the cache",
        "it costs more than it saves: a longer ttl, more entries, or no cache"
      )
    end
  end

  defp objects(%{stats: stats}) do
    for {environment, facts} <- Enum.sort(stats),
        refs = facts.workers |> Enum.map(&(&1[:refs] || 0)) |> Enum.max(fn -> 0 end),
        refs >= @objects do
      finding(
        :many_objects,
        environment,
        "a worker holds #{refs} objects for processes of this VM",
        "Envmgr.release/1 lets them go earlier than the ends of those processes; at 100000 calls that make more of them fail"
      )
    end
  end

  # A worker that has answered few calls says what one takes that has just begun.
  defp growth(%{stats: stats, memory: memory}) do
    for {environment, %{workers: workers}} <- Enum.sort(stats),
        young = for(w <- workers, w.answered < @young, bytes = memory[w.os_pid], do: bytes),
        old = for(w <- workers, w.answered >= @old, bytes = memory[w.os_pid], do: bytes),
        young != [] and old != [],
        {least, most} = {Enum.max(young), Enum.max(old)},
        most >= 2 * least and most - least >= @growth do
      finding(
        :growing_memory,
        environment,
        "a worker that has answered #{@old} calls or more takes #{mib(most)}, one of less than #{@young} takes #{mib(least)}",
        "recycle.memory or recycle.calls in envmgr.toml replaces workers before that is too much"
      )
    end
  end

  defp waiting(%{stats: stats, later: later}) do
    for {environment, facts} <- Enum.sort(stats),
        busy?(facts.workers) and busy?(get_in(later, [environment, :workers]) || []) do
      count = length(facts.workers)
      calls = facts.workers |> Enum.map(& &1.in_flight) |> Enum.sum()

      finding(
        :busy_workers,
        environment,
        "all #{count} workers were busy in two looks, with #{calls} calls under way or waiting",
        "more workers (workers, or its max, in envmgr.toml), if the machine has processors left"
      )
    end
  end

  defp busy?(workers) do
    calls = workers |> Enum.map(& &1.in_flight) |> Enum.sum()
    workers != [] and Enum.all?(workers, &(&1.in_flight > 0)) and calls >= 2 * length(workers)
  end

  defp refusals(%{errors: errors}) do
    for row <- errors, row.code == :overloaded and row.quarter_hour >= @often do
      finding(
        :overloaded,
        row.path,
        "#{row.quarter_hour} calls were refused in the last quarter of an hour: #{row.message}",
        "more workers, a longer queue or timeout in envmgr.toml; priority: :low for what may wait"
      )
    end
  end

  defp deadlines(%{errors: errors, calls: calls}) do
    for row <- errors, row.code == :timeout and row.day >= @often do
      usual = Enum.find(calls, &(&1.path == row.path))
      usual = if usual, do: "; of all calls 99 of 100 took at most #{usual.p99} ms", else: ""

      finding(
        :deadlines,
        row.path,
        "#{row.day} calls passed their deadline in the last day#{usual}",
        "a longer timeout (the option, or in envmgr.toml) where they are slow; more workers where they wait"
      )
    end
  end

  defp losses(%{errors: errors}) do
    for row <- errors, row.code == :worker_lost and row.day >= @losses do
      finding(
        :lost_workers,
        row.path,
        "#{row.day} calls lost their worker in the last day: #{row.message}",
        "an environment or a pool of its own keeps others out of it; recycle.memory in envmgr.toml ends workers before the system does"
      )
    end
  end

  defp stale(%{errors: errors}) do
    for row <- errors, row.code == :stale_ref and row.day >= @often do
      finding(
        :stale_refs,
        row.path,
        "#{row.day} calls came for objects that were gone, in the last day: #{row.message}",
        "a process that lives longer gets the ref or is given it (Envmgr.give_away/2); a session puts plain variables back into the next worker"
      )
    end
  end

  defp finding(rule, subject, seen, advice),
    do: %{rule: rule, subject: subject, seen: seen, advice: advice}

  defp mib(bytes), do: "#{Float.round(bytes / @mib, 1)} MiB"
end
