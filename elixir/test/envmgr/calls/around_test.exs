defmodule Envmgr.Calls.AroundTest do
  # All that stands around calls at once.
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup context do
    said = %{
      "cache" => %{"*" => %{}},
      "limits" => %{"*" => %{"concurrency" => 4, "rate" => [1_000, 1_000]}},
      "recovery" => %{
        "idempotent" => ["*"],
        "retries" => 3,
        "backoff" => 100,
        "hedge" => %{"*" => 5_000},
        "fallbacks" => %{"unsteady" => ["plain.pid"]},
        "circuit" => %{"failures" => 50, "within" => 60_000, "open" => 1_000}
      }
    }

    project = start(context.test, %{"probe" => said, "plain" => %{}})
    context |> notes() |> Map.merge(%{name: context.test, project: project})
  end

  test "a call meets all of it", %{name: name, notes: notes} do
    opts = [name: name]
    args = [notes, 2]
    assert {:ok, 3, metadata} = Envmgr.execute("probe.unsteady", args, [metadata: true] ++ opts)
    assert %{tries: 3, cached: false, library: "probe", generation: 1} = metadata
    assert {:ok, 3} = Envmgr.execute("probe.unsteady", args, opts)
    assert [{:ok, 3}, {:ok, 3}] = Envmgr.map("probe.unsteady", [args, args], opts)
    std = Envmgr.stats(name)["std"]
    assert %{hits: 3, misses: 1} = std.cache["probe.unsteady"]
    assert %{running: 0, waiting: 0, concurrency: 4} = std.limits["probe.unsteady"]
    assert %{state: :closed, failures: 2} = std.circuits["probe"]
    assert %{retries: 2, recovered: 1, exhausted: 0} = std.recovery["probe"]
    assert std.recovery["plain"] == nil
  end

  test "an instance that ends in between is an error", %{name: name, notes: notes} do
    call = Envmgr.async("probe.unsteady", [notes, 9], name: name)
    Project.eventually(fn -> times(notes) >= 1 end)
    stop_supervised!(name)
    assert {:error, %Error{details: %{attempts: [_ | _]}}} = Envmgr.await(call)
  end

  test "a new generation says otherwise", %{name: name, notes: notes, project: project} do
    call = fn -> Envmgr.execute("probe.counted", [notes], name: name) end
    assert {:ok, 1} = call.()
    assert {:ok, 1} = call.()
    activate(project, %{"probe" => %{}, "plain" => %{}}, generation: 2)
    Project.eventually(fn -> call.() == {:ok, 2} end)
    assert {:ok, 3} = call.()
  end
end
