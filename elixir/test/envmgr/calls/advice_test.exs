defmodule Envmgr.Calls.AdviceTest do
  use ExUnit.Case, async: true

  alias Envmgr.Calls.Advice.Rules
  alias Envmgr.Test.Project

  @mib 1_048_576
  @none %{stats: %{}, later: %{}, calls: [], errors: [], memory: %{}}
  @quiet %{workers: [], conversions: %{sent: %{}, received: %{}}, cache: %{}}

  defp rules(facts), do: for(finding <- Rules.all(Map.merge(@none, facts)), do: finding.rule)
  defp stats(facts), do: %{stats: %{"std" => Map.merge(@quiet, facts)}}
  defp row(bytes, seconds), do: %{count: 1, bytes: bytes, seconds: seconds}

  defp calls(facts) do
    row = %{path: "m.f", count: 0, cached: 0, errors: 0, p50: 0.1, p95: 0.2, p99: 0.3}
    [Map.merge(row, facts)]
  end

  defp errors(facts),
    do: [Map.merge(%{path: "m.f", code: :timeout, quarter_hour: 0, day: 0, message: "no"}, facts)]

  defp worker(in_flight, refs),
    do: %{in_flight: in_flight, refs: refs, answered: 500, os_pid: 1}

  test "nothing is said of nothing" do
    assert rules(%{}) == []
    assert rules(stats(%{})) == []
    assert rules(%{calls: calls(%{}), errors: errors(%{})}) == []
    assert rules(%{calls: calls(%{p50: nil, p95: nil})}) == []
  end

  test "plain data: large, and slow for its size" do
    said = fn rows -> rules(stats(%{conversions: %{sent: %{}, received: rows}})) end
    assert said.(%{"payload" => row(16 * @mib, 0.1)}) == [:plain_data]
    assert said.(%{"payload" => row(15 * @mib, 0.1)}) == []
    # A text.
    assert said.(%{"payload" => row(160 * @mib, 0.03)}) == []
    # What are arrays is no plain data.
    assert said.(%{"payload" => row(16 * @mib, 0.1), "numpy.ndarray" => row(8 * @mib, 0.01)}) ==
             []

    [finding] =
      Rules.all(
        Map.merge(
          @none,
          stats(%{conversions: %{sent: %{"payload" => row(32 * @mib, 0.5)}, received: %{}}})
        )
      )

    assert %{subject: "std", seen: "32.0 MiB went from Python as plain values" <> _} = finding
    assert finding.advice =~ "Envmgr.Array"
  end

  test "many quick calls" do
    assert rules(%{calls: calls(%{count: 10_000})}) == [:many_quick_calls]
    assert rules(%{calls: calls(%{count: 9_999})}) == []
    assert rules(%{calls: calls(%{count: 10_000, p50: 1.5, p95: 9.0})}) == []
    assert rules(%{calls: calls(%{count: 10_000, cached: 10_000})}) == []
  end

  test "calls of one time, of which nothing is kept" do
    steady = %{count: 1_000, p50: 6.0, p95: 8.0}
    assert rules(%{calls: calls(steady)}) == [:steady_calls]
    assert rules(%{calls: calls(%{steady | count: 999})}) == []
    assert rules(%{calls: calls(%{steady | p95: 12.1})}) == []
    assert rules(%{calls: calls(%{steady | p50: 4.0})}) == []
    assert rules(%{calls: calls(Map.put(steady, :cached, 1))}) == []
    assert rules(%{calls: calls(Map.put(steady, :errors, 100))}) == []
    kept = stats(%{cache: %{"m.f" => %{hits: 0, misses: 5, hit_rate: 0.0}}})
    assert rules(Map.put(kept, :calls, calls(steady))) == []
  end

  test "a cache that does not hit" do
    said = fn hits, misses ->
      cache = %{hits: hits, misses: misses, hit_rate: hits / (hits + misses)}
      rules(stats(%{cache: %{"m.f" => cache}}))
    end

    assert said.(40, 960) == [:cold_cache]
    assert said.(50, 950) == []
    assert said.(0, 999) == []
  end

  test "many objects, as far as workers said" do
    said = fn refs -> rules(stats(%{workers: [worker(0, nil), worker(0, refs)]})) end
    assert said.(50_000) == [:many_objects]
    assert said.(49_999) == []
  end

  test "workers that are busy in both looks, with more calls than they" do
    busy = %{workers: [worker(3, 0), worker(1, 0)]}
    free = %{workers: [worker(4, 0), worker(0, 0)]}
    looks = fn one, other -> rules(Map.put(stats(one), :later, stats(other).stats)) end
    assert looks.(busy, busy) == [:busy_workers]
    assert looks.(busy, free) == []
    assert looks.(free, busy) == []
    assert rules(stats(busy)) == []
    assert looks.(%{workers: [worker(1, 0)]}, busy) == []
  end

  test "memory that grows with calls" do
    worker = %{in_flight: 0, refs: 0}

    said = fn answered, mib ->
      workers =
        for {count, pid} <- Enum.with_index(answered),
            do: Map.merge(worker, %{answered: count, os_pid: pid})

      memory = for {size, pid} <- Enum.with_index(mib), into: %{}, do: {pid, size * @mib}
      rules(Map.put(stats(%{workers: workers}), :memory, memory))
    end

    assert said.([5, 1_000], [100, 200]) == [:growing_memory]
    assert said.([5, 1_000], [100, 199]) == []
    assert said.([5, 1_000], [60, 150]) == []
    assert said.([5, 999], [100, 900]) == []
    assert said.([500, 5_000], [100, 900]) == []
    assert said.([5, 1_000], []) == []
  end

  test "errors that say what to do" do
    for {code, window, count, rule} <- [
          {:overloaded, :quarter_hour, 10, :overloaded},
          {:timeout, :day, 10, :deadlines},
          {:worker_lost, :day, 3, :lost_workers},
          {:stale_ref, :day, 10, :stale_refs}
        ] do
      assert rules(%{errors: errors(%{:code => code, window => count})}) == [rule]
      assert rules(%{errors: errors(%{:code => code, window => count - 1})}) == []
      assert rules(%{errors: errors(%{:code => :exception, window => count})}) == []
    end

    facts = %{errors: errors(%{day: 12}), calls: calls(%{p99: 25.5})}
    assert [%{seen: seen}] = Rules.all(Map.merge(@none, facts))

    assert seen =~
             "12 calls passed their deadline in the last day; of all calls 99 of 100 took at most 25.5 ms"
  end

  test "each rule is told in the documentation" do
    {:docs_v1, _, _, _, _, _, docs} = Code.fetch_docs(Envmgr)
    {_, _, _, %{"en" => doc}, _} = List.keyfind(docs, {:function, :advice, 1}, 0)
    rules = File.read!("lib/envmgr/calls/advice/rules.ex")
    named = Regex.scan(~r/finding\(\s*(:\w+)/, rules) |> Enum.map(&List.last/1) |> Enum.sort()
    assert Regex.scan(~r/^\| `(:\w+)`/m, doc) |> Enum.map(&List.last/1) |> Enum.sort() == named
  end

  test "of an instance, from what it counts" do
    {name, _project} = Project.start(workers: 1)
    assert Envmgr.advice(name) == []
    list = for n <- 1..400_000, do: n * 1.5
    opts = [name: name, timeout: 30_000, as: :ref]
    for _ <- 1..5, do: {:ok, _} = Envmgr.execute("probe.echo", [list], opts)
    advice = Project.eventually(fn -> with [] <- Envmgr.advice(name), do: nil end)
    assert [%{rule: :plain_data, subject: "std", seen: seen}] = advice
    assert seen =~ "went to Python as plain values"

    for _ <- 1..3, do: {:error, _} = Envmgr.execute("probe.kill_me", [], name: name)
    assert [%{rule: :lost_workers, subject: "probe.kill_me"}] = Envmgr.advice(name)
  end
end
