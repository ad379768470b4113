defmodule Envmgr.Telemetry.AroundTest do
  # Events of what stands around calls, of sessions and of pools, made by the real thing and held to the table.
  use ExUnit.Case, async: true

  import Envmgr.Test.Around
  import Envmgr.Test.Heard

  alias Envmgr.{Error, Session}
  alias Envmgr.Test.Project

  setup context do
    name = :"around#{System.unique_integer([:positive])}"
    listen(name)
    Map.put(notes(context), :name, name)
  end

  test "cache, retries, fallbacks, limits, circuits", %{name: name, notes: notes} do
    cache = %{
      "cache" => %{"echo" => %{"ttl" => nil, "entries" => 1, "bytes" => nil, "tags" => []}}
    }

    circuit = %{"failures" => 2, "within" => 60_000, "open" => 1}
    limits = %{"echo" => %{"concurrency" => nil, "rate" => [1, 60_000]}}

    recovery = %{"idempotent" => ["*"], "retries" => 1, "backoff" => 1}

    start(name, %{
      "kept" => cache,
      "again" => %{"recovery" => recovery},
      "frail" => %{"recovery" => %{"circuit" => circuit}},
      "slow" => %{"limits" => limits}
    })

    call = &Envmgr.execute(&1, &2, name: name, timeout: 5_000)
    assert {:ok, 1} = call.("kept.echo", [1])
    assert {_, %{path: "kept.echo", library: "kept"}} = heard([:cache, :miss])
    assert {_, %{cached?: false, generation: 1}} = heard([:call, :stop])
    assert {:ok, 1} = call.("kept.echo", [1])
    heard([:cache, :hit])
    assert {_, %{cached?: true, worker: nil, library: "kept"}} = heard([:call, :stop])
    assert {:ok, 2} = call.("kept.echo", [2])
    assert {%{count: 1}, %{reason: :entries}} = heard([:cache, :evicted])
    assert Envmgr.Cache.invalidate(:all, name) == 1
    assert {%{count: 1}, %{reason: :all}} = heard([:cache, :invalidated])

    assert {:ok, 2} = call.("again.unsteady", [notes, 1])

    assert {%{attempt: 1, wait: _}, %{path: "again.unsteady", code: :exception}} =
             heard([:retry, :attempt])

    opts = [name: name, fallback: "kept.echo"]
    assert {:ok, 7} = Envmgr.execute("gone.echo", [7], opts)
    assert {_, %{path: "gone.echo", fallback: "kept.echo"}} = heard([:fallback, :taken])

    assert {:ok, 1} = call.("slow.echo", [1])
    assert {:error, %Error{code: :rate_limited}} = call.("slow.echo", [1])
    assert {%{retry_after: ms}, %{path: "slow.echo"}} = heard([:limit, :refused])
    assert ms > 5_000

    for _ <- 1..2, do: {:error, _} = call.("frail.unsteady", [notes, 99])
    assert {%{failures: 2, open: 1}, about} = heard([:circuit, :open])

    assert %{library: "frail", path: "frail.unsteady", reason: %Error{type: "ConnectionError"}} =
             about

    Project.eventually(fn -> match?({:ok, 1}, call.("frail.echo", [1])) end)
    assert {_, %{library: "frail", reason: nil, pool: nil}} = heard([:circuit, :half_open])
    heard([:circuit, :close])
  end

  test "hedges", %{name: name, notes: notes} do
    start(name, %{"probe" => %{}})
    Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) == 2 end)
    opts = [name: name, hedge: 20, idempotent: true]
    assert {:ok, {2, _pid}} = Envmgr.execute("probe.once_slow", [notes, 60], opts)
    assert {_, %{path: "probe.once_slow"}} = heard([:hedge, :start])
    assert {_, %{won: true}} = heard([:hedge, :stop])
    assert {_, %{worker: worker, generation: 1}} = heard([:call, :stop])
    assert is_pid(worker)
  end

  test "sessions", %{name: name} do
    start(name, %{"probe" => %{}})
    session = Session.open!(name: name, id: "told")
    assert {_, %{session: "told"}} = heard([:session, :open])
    :ok = Session.put(session, "x", 1)
    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], session: session)
    assert {:error, _} = Envmgr.execute("probe.kill_me", [], session: session)

    Project.eventually(fn ->
      match?({:ok, 2}, Envmgr.execute("probe.echo", [2], session: session))
    end)

    assert {%{variables: 1, lost: 0}, %{environment: "std"}} = heard([:session, :restored])
    :ok = Session.close(session)
    assert {_, %{reason: :closed}} = heard([:session, :close])
    Session.open!(name: name, idle: 1)
    assert {_, %{reason: :idle}} = heard([:session, :expired])
  end

  test "pools that grow, are full, let workers go, and give up", %{name: name} do
    pools = Project.pools(1, %{"max" => 2, "queue" => 3, "recycle" => %{"calls" => 3}})
    start(name, %{"probe" => %{}}, pools: pools)
    call = &Envmgr.execute("probe." <> &1, &2, name: name)
    assert {:ok, 1} = call.("echo", [1])
    {gate, open} = Project.gate()
    naps = for n <- 1..6, do: Task.async(fn -> call.("nap", [gate, n]) end)
    assert {%{from: 1, to: 2}, %{pool: "default", reason: _}} = heard([:pool, :scale])
    assert {%{waiting: 3}, %{path: "probe.nap", pool: "default"}} = heard([:pool, :overloaded])
    open.()
    Task.await_many(naps, 60_000)
    for _ <- 1..6, do: assert({:ok, 1} = call.("echo", [1]))
    assert {%{calls: calls}, %{reason: :calls, worker: _}} = heard([:worker, :recycled])
    assert calls >= 3

    Enum.find(1..20, fn _ ->
      match?({:error, %Error{code: :not_ready}}, call.("kill_me", []))
    end)

    assert {%{failures: 5}, %{pool: "default", library: nil, reason: %Error{}}} =
             heard([:circuit, :open])
  end
end
