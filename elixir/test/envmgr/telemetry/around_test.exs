defmodule Envmgr.Telemetry.AroundTest do
  # The events of what stands around calls, each made by the real thing.
  use ExUnit.Case, async: false

  import Envmgr.Test.Around
  import Envmgr.Test.Heard

  alias Envmgr.{Cache, Error}
  alias Envmgr.Calls.Cache.Store
  alias Envmgr.Test.Project

  setup context do
    name = context.test
    recovery = %{"circuit" => %{"failures" => 1, "within" => 60_000, "open" => 50}}
    limits = %{"echo" => %{"rate" => [1, 60_000]}}
    cache = %{"text" => %{"entries" => 1, "tags" => ["texts"]}}

    start(name, %{
      "probe" => %{"limits" => limits, "cache" => cache},
      "frail" => %{"recovery" => recovery}
    })

    Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) == 2 end)
    listen(name)
    Map.put(notes(context), :name, name)
  end

  test "retries, hedges, fallbacks, circuits, limits", %{name: name, notes: notes} do
    execute = &Envmgr.execute(&1, &2, [name: name] ++ &3)
    opts = [idempotent: true, retry: [max: 1, backoff: 1]]
    assert {:ok, 2} = execute.("probe.unsteady", [notes, 1], opts)

    assert {%{attempt: 1, wait: 1}, %{path: "probe.unsteady", library: "probe", code: :exception}} =
             heard([:retry, :attempt])

    assert {_, %{worker: _}} = heard([:call, :stop])

    File.rm!(notes)
    opts = [idempotent: true, hedge: 50]
    assert {:ok, {2, _}} = execute.("probe.once_slow", [notes, 60], opts)
    assert {_, %{path: "probe.once_slow"}} = heard([:hedge, :start])
    assert {_, %{won: true}} = heard([:hedge, :stop])

    assert {_, %{worker: worker, generation: 1, library: "probe", cached?: false}} =
             heard([:call, :stop])

    assert is_pid(worker)

    assert {:error, _} = execute.("frail.exit_now", [1], [])
    assert {%{failures: 1, open: 50}, %{library: "frail"}} = heard([:circuit, :open])
    assert {_, %{code: :worker_lost}} = heard([:call, :exception])
    assert {:ok, 7} = execute.("frail.pid", [], fallback: fn _ -> 7 end)
    assert {_, %{path: "frail.pid", fallback: :function}} = heard([:fallback, :taken])
    assert {:ok, _} = execute.("frail.pid", [], retry: 9)
    assert {_, %{code: :circuit_open}} = heard([:retry, :attempt])
    assert {_, %{library: "frail", path: "frail.pid"}} = heard([:circuit, :half_open])
    assert {_, %{library: "frail"}} = heard([:circuit, :close])

    assert {:ok, 1} = execute.("probe.echo", [1], [])
    assert {:error, %Error{code: :rate_limited}} = execute.("probe.echo", [1], timeout: 100)

    assert {%{retry_after: ms}, %{path: "probe.echo", library: "probe"}} =
             heard([:limit, :refused])

    assert ms in 1..60_000
  end

  test "results that are kept", %{name: name} do
    execute = &Envmgr.execute("probe.text", [&1], [name: name] ++ &2)
    about = %{instance: name, path: "probe.text", library: "probe"}
    assert {:ok, "x"} = execute.(1, [])
    assert {_, ^about} = heard([:cache, :miss])
    assert {_, %{cached?: false}} = heard([:call, :stop])
    assert {:ok, "x"} = execute.(1, [])
    assert {_, ^about} = heard([:cache, :hit])
    assert {_, %{cached?: true, worker: nil, generation: 1}} = heard([:call, :stop])
    execute.(2, cache: [ttl: 1])
    assert {%{count: 1}, %{reason: :entries, path: "probe.text"}} = heard([:cache, :evicted])
    Process.sleep(5)
    send(Store.of(name).keeper, :sweep)
    assert {%{count: 1}, %{reason: :ttl}} = heard([:cache, :evicted])
    execute.(1, [])
    assert Cache.invalidate([tag: "texts"], name) == 1
    assert {%{count: 1}, %{reason: :tag, library: "probe"}} = heard([:cache, :invalidated])

    assert %{calls: 4, cached: 1} =
             Envmgr.describe("probe.text", name: name) |> Map.get(:usage, %{calls: 4, cached: 1})
  end
end
