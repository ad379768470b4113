defmodule Envmgr.Pool.OnceTest do
  # Pools with a worker for every call.
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup_all do
    pools = %{"default" => %{"min" => 2, "max" => 3, "profile" => "call"}}
    {name, _} = Project.start(fork: true, pools: pools)

    Envmgr.execute!("probe.echo", [1], name: name)
    %{name: name}
  end

  defp ready(name), do: Envmgr.stats(name)["std"].pools["default"].workers

  test "each call has a worker that nobody had before", %{name: name} do
    pids = for _ <- 1..4, do: Envmgr.execute!("probe.pid", [], name: name)
    assert pids == Enum.uniq(pids)

    assert for(_ <- 1..3, do: Envmgr.execute!("probe.remembered", [1], name: name)) == [
             [],
             [],
             []
           ]

    for pid <- pids, do: Project.eventually(fn -> not Project.alive?(pid) end)
    Project.eventually(fn -> length(ready(name)) == 2 end)
  end

  test "calls at the same time have different ones, at most as many as there may be", %{
    name: name
  } do
    pids =
      for {:ok, pid} <- Envmgr.map("probe.pid", List.duplicate([], 6), name: name, batch: 6),
          do: pid

    assert length(Enum.uniq(pids)) == 6
    naps = for _ <- 1..3, do: Envmgr.async("probe.nap", [0.3, 1], name: name)
    assert Envmgr.await_many(naps, 20_000) == [{:ok, 1}, {:ok, 1}, {:ok, 1}]
  end

  test "coroutines, streams and functions are part of their call", %{name: name} do
    assert Envmgr.execute("probe.asleep", [0.05, "slept"], name: name) == {:ok, "slept"}

    assert Envmgr.stream("probe.ticks", [2_000], name: name) |> Enum.to_list() ==
             Enum.to_list(0..1_999)

    assert Envmgr.stream("probe.aticks", [100_000], name: name) |> Enum.take(2) == [0, 1]
    talking = Envmgr.stream("probe.say_and_count", [5_000], name: name, output: self())
    assert Enum.count(talking) == 5_000
    assert_received {:envmgr_output, _correlation, %{text: "hello\n"}}

    again = fn n -> Envmgr.execute!("probe.echo", [n], name: name) end
    assert Envmgr.execute("probe.apply", [again, [5]], name: name) == {:ok, 5}
  end

  test "no object stays, which is told with what to do", %{name: name} do
    assert {:error, %Error{code: :arguments, message: message, hint: hint}} =
             Envmgr.execute("probe.Thing", [1], name: name, as: :ref)

    assert message =~ "a worker for every call"
    assert hint =~ "worker-profile"

    assert {:error, %Error{code: :ref_limit, message: message, hint: hint}} =
             Envmgr.execute("probe.Thing", [1], name: name)

    assert message =~ "a probe.Thing cannot be sent as a value"
    assert hint =~ "serializers"

    assert {:error, %Error{code: :ref_limit}} = Envmgr.execute("probe.things", [2], name: name)
  end

  test "a call past its deadline ends, and one whose caller is gone", %{name: name} do
    assert {:error, %Error{code: :timeout}} =
             Envmgr.execute("probe.spin", [60], name: name, timeout: 100)

    caller = spawn(fn -> Envmgr.execute("probe.spin", [60], name: name) end)
    Process.sleep(200)
    Process.exit(caller, :kill)
    Project.eventually(fn -> Envmgr.stats(name)["std"].draining == 0 end)
    Project.eventually(fn -> length(ready(name)) == 2 end)
  end

  test "a worker that is lost is lost to its call alone", %{name: name} do
    assert {:error, %Error{code: :worker_lost}} = Envmgr.execute("probe.kill_me", [], name: name)
    assert Envmgr.execute("probe.echo", [1], name: name) == {:ok, 1}
  end
end
