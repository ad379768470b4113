defmodule Envmgr.Pool.ElasticTest do
  # Pools that grow, shrink, sleep and replace their workers, with workers that run.
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.{Load, Project}

  @probe ["probe"]

  defp start(sizing, options \\ []) do
    pools = Project.pools(1, sizing)
    libraries = Map.new(@probe, &{&1, Project.library(&1)})

    Project.start(
      [pools: Map.merge(pools, options[:pools] || %{}), libraries: libraries] ++ options
    )
  end

  defp pool(name, pool \\ "default"), do: Envmgr.stats(name)["std"].pools[pool]
  defp pids(name, pool \\ "default"), do: Enum.map(pool(name, pool).workers, & &1.os_pid)

  defp workers(name, count),
    do: Project.eventually(fn -> length(pool(name).workers) == count end)

  defp server(name) do
    {_, _, server} = Envmgr.Pool.Route.lookup(name, "std")
    server
  end

  defp some([]), do: nil
  defp some(list), do: list

  # As if so much time had passed since the pool began to look. What it has come to is to be seen then.
  defp look(name, later) do
    send(server(name), {:look, System.monotonic_time(:millisecond) + later})
    :sys.get_state(server(name))
  end

  defp nap(name, seconds, value),
    do: Task.async(fn -> Envmgr.execute("probe.nap", [seconds, value], name: name) end)

  defp tell(events) do
    {test, id} = {self(), make_ref()}
    events = Enum.map(events, &[:envmgr | &1])

    Envmgr.Telemetry.attach(id, events, fn e, m, meta, _ -> send(test, {e, m, meta}) end, nil)
    on_exit(fn -> Envmgr.Telemetry.detach(id) end)
  end

  test "grows while calls wait, which are shared with the new workers, and shrinks when it is quiet" do
    {name, _} = start(%{"min" => 1, "max" => 3})
    tell([[:pool, :scale], [:worker, :ready], [:worker, :stop]])
    workers(name, 1)
    [first] = pids(name)
    {gate, open} = Project.gate()
    # No call reaches the others any more while these wait: they must be taken over.
    long = for n <- 1..2, do: nap(name, gate, n)
    both = fn -> pool(name).workers |> Enum.map(& &1.in_flight) |> Enum.sum() == 2 end
    Project.eventually(both)
    naps = for n <- 1..12, do: nap(name, 0.05, n)
    Project.eventually(fn -> pool(name).wanted == 3 end)
    workers(name, 3)
    assert Task.await_many(naps, 60_000) == for(n <- 1..12, do: {:ok, n})

    # The last worker may have come when all the short ones were done, and no look have found it busy.
    third = nap(name, gate, 3)
    Project.eventually(fn -> Enum.all?(pool(name).workers, &(&1.in_flight == 1)) end)
    look(name, 0)
    open.()
    assert Task.await(third, 60_000) == {:ok, 3}
    assert_receive {[_, :pool, :scale], %{from: 1, to: 2}, %{instance: ^name, reason: why}}
    assert why =~ "calls wait"
    assert Task.await_many(long, 60_000) == [{:ok, 1}, {:ok, 2}]
    [one | others] = pool(name).workers |> Enum.sort_by(&(&1.os_pid != first))
    assert one.os_pid == first
    assert others |> Enum.map(& &1.answered) |> Enum.sum() >= 12

    # One that has an object is not idle.
    {:ok, thing} = Envmgr.execute("probe.Thing", [7], name: name)
    home = Envmgr.execute!("probe.pid", [], name: name)
    # In the first half minute all were busy.
    look(name, 31_000)
    assert pool(name).wanted == 3
    look(name, 62_000)
    workers(name, 2)
    look(name, 93_000)
    workers(name, 1)
    assert pids(name) == [home]
    assert {:ok, 7} = Envmgr.attr(thing, "value")
    look(name, 124_000)
    assert pool(name).wanted == 1
    Project.eventually(fn -> not Project.alive?(first) or first == home end)

    assert_receive {[_, :worker, :stop], %{answered: _}, %{instance: ^name, reason: :drained}}
  end

  test "a lazy pool has no worker before the first call; its catalog answers; starts in parallel" do
    {name, _} = start(%{"min" => 3, "max" => 3, "lazy" => true})
    assert %{path: "probe.echo"} = Envmgr.describe("probe.echo", name: name)

    assert {:error, %Error{code: :unknown_function}} =
             Envmgr.execute("probe.ecko", [1], name: name)

    assert %{workers: [], starting: 0, wanted: 0} = pool(name)
    assert :ok = Envmgr.Pool.await_generation(name, "std")
    assert %{workers: [], starting: 0} = pool(name)
    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
    workers(name, 3)
  end

  test "load/2 wakes a lazy pool" do
    {name, _} = start(%{"min" => 1, "max" => 1, "lazy" => true})
    assert :ok = Envmgr.load("probe", name)
    assert [_] = pids(name)
  end

  test "a lazy pool that nobody called takes on a generation without starting it" do
    {name, project} = start(%{"lazy" => true})
    pools = Project.pools(1, %{"lazy" => true})
    Project.activate(project, "std", generation: 2, pools: pools)
    Project.eventually(fn -> Envmgr.stats(name)["std"].generation == 2 end)
    assert %{workers: [], starting: 0} = pool(name)
    assert {:ok, "2"} = Envmgr.execute("probe.generation", [], name: name)
  end

  test "recycled by calls under load: none is lost or refused, and refs say why they went" do
    {name, _} = start(%{"min" => 2, "max" => 2, "recycle" => %{"calls" => 200}})
    tell([[:worker, :recycled]])
    workers(name, 2)
    before = pids(name)
    {:ok, thing} = Envmgr.execute("probe.Thing", [7], name: name)
    load = Load.start(name, 8, "probe.echo", [1])

    Project.eventually(fn ->
      now = pids(name)
      length(now) == 2 and Enum.all?(before, &(&1 not in now))
    end)

    assert Map.keys(Load.stop(load)) == [{:ok, 1}]
    assert_receive {_, %{calls: calls}, %{reason: :calls, instance: ^name}} when calls >= 200
    assert {:error, %Error{code: :stale_ref, message: message}} = Envmgr.attr(thing, "value")
    assert message =~ ~r/the worker was replaced after \d+ calls/
    Project.eventually(fn -> not Enum.any?(before, &Project.alive?/1) end)
  end

  test "recycled by age and by the memory of the process; what runs is finished" do
    {name, _} = start(%{"recycle" => %{"age" => 1_000}})
    {gate, open} = Project.gate()

    long =
      Task.async(fn -> Envmgr.execute("probe.await_file", [gate, "finished"], name: name) end)

    # Whichever has the call.
    [%{os_pid: old}] =
      Project.eventually(fn -> Enum.filter(pool(name).workers, &(&1.in_flight == 1)) |> some() end)

    Project.eventually(fn -> pids(name) not in [[old], []] end)
    assert Project.alive?(old)
    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
    open.()
    assert Task.await(long, 60_000) == {:ok, "finished"}

    {name, _} = start(%{"recycle" => %{"memory" => 200_000_000}})
    workers(name, 1)
    [old] = pids(name)
    {:ok, _} = Envmgr.execute("probe.hoard", [250_000_000], name: name)
    Project.eventually(fn -> pids(name) not in [[old], []] end)
    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
  end

  test "the memory of processes, by /proc and by ps" do
    me = String.to_integer(System.pid())
    one = Envmgr.Pool.Memory.read([me, 4_194_301])
    assert %{^me => bytes} = one
    assert bytes > 10_000_000
    assert %{^me => other} = Envmgr.Pool.Memory.ps([me, 4_194_301])
    assert_in_delta other, bytes, bytes
    assert Envmgr.Pool.Memory.read([]) == %{}
    assert Envmgr.Pool.Memory.own([{4_194_301, 0}]) == %{}
    assert %{^me => own} = Envmgr.Pool.Memory.own([{me, 0}])
    assert own in 1_000_000..bytes
  end

  describe "named pools" do
    setup do
      heavy = %{"min" => 1, "max" => 2, "libraries" => ["probe"], "lazy" => true}
      project = Project.new()
      pools = Map.put(Project.pools(1), "heavy", heavy)
      libraries = Map.new(["probe", "math"], &{&1, Project.library(&1)})
      Project.activate(project, "std", pools: pools, libraries: libraries)
      name = :"pools#{System.unique_integer([:positive])}"

      start_supervised!(
        {Envmgr, name: name, project: project, watch: false, start_timeout: 60_000}
      )

      %{name: name, project: project, pools: pools, libraries: libraries}
    end

    test "have their own workers; refs and chains stay in theirs", %{name: name} do
      {:ok, light} = Envmgr.execute("probe.pid", [], name: name)
      assert pool(name, "heavy").workers == []
      {:ok, heavy} = Envmgr.execute("probe.pid", [], name: name, pool: :heavy)
      assert {:ok, ^heavy} = Envmgr.execute("probe.pid", [], name: name, pool: "heavy")
      assert {:ok, ^light} = Envmgr.execute("probe.pid", [], name: name, pool: :default)
      assert heavy != light
      assert {pids(name), pids(name, "heavy")} == {[light], [heavy]}
      assert length(Envmgr.stats(name)["std"].workers) == 2

      {:ok, thing} = Envmgr.execute("probe.Thing", [20], name: name, pool: :heavy)
      assert {:ok, 21} = Envmgr.method(thing, "add", [1])
      assert {:ok, 41} = Envmgr.execute([thing, {:method, "add", [21]}], [], name: name)
      before = pool(name).workers |> hd() |> Map.get(:answered)
      assert {:ok, _} = Envmgr.execute("probe.echo", [thing], name: name)
      assert pool(name).workers |> hd() |> Map.get(:answered) == before

      assert {:ok, ^heavy} = Envmgr.execute([{:call, "probe.pid"}], [], name: name, pool: :heavy)

      assert {:ok, ^heavy} = Envmgr.await(Envmgr.async("probe.pid", [], name: name, pool: :heavy))

      assert [0, 1] = Enum.to_list(Envmgr.stream("probe.ticks", [2], name: name, pool: :heavy))
    end

    test "serve sessions too, each in a worker of the pool", %{name: name} do
      {:ok, heavy} = Envmgr.execute("probe.pid", [], name: name, pool: :heavy)
      {:ok, session} = Envmgr.Session.open(name: name)
      options = [name: name, session: session, pool: :heavy]
      assert {:ok, ^heavy} = Envmgr.execute("probe.pid", [], options)
      {:ok, thing} = Envmgr.execute("probe.Thing", [1], options)
      assert {:ok, 2} = Envmgr.method(thing, "add", [1], session: session)
      {:ok, light} = Envmgr.execute("probe.pid", [], name: name, session: session)
      assert light != heavy
      assert {:ok, ^heavy} = Envmgr.execute("probe.pid", [], options)
    end

    test "unknown ones and libraries that are not served are told", %{name: name} do
      assert {:error, %Error{code: :arguments} = error} =
               Envmgr.execute("probe.pid", [], name: name, pool: :heavi)

      assert error.message == ~s(environment std has no pool "heavi")
      assert error.hint == "did you mean heavy? its pools are default, heavy"

      assert {:error, %Error{code: :arguments} = error} =
               Envmgr.execute("math.sqrt", [4.0], name: name, pool: :heavy)

      assert error.message == "the pool heavy does not serve math"
      assert error.hint == ~s(default does: pass pool: "default")

      assert {:error, %Error{code: :arguments, message: message}} =
               Envmgr.execute("math.sqrt", [4.0], name: name, pool: 7)

      assert message =~ "7 is no value of the option pool"
    end

    test "come, go and change their size without new workers", context do
      %{name: name, project: project, pools: pools, libraries: libraries} = context
      {:ok, light} = Envmgr.execute("probe.pid", [], name: name)
      activate = &Project.activate(project, "std", pools: &1, libraries: libraries)
      activate.(Map.put(pools, "third", %{"min" => 1, "max" => 1}))
      Project.eventually(fn -> match?(%{workers: [_]}, pool(name, "third")) end)
      [third] = pids(name, "third")
      activate.(pools)
      Project.eventually(fn -> pool(name, "third") == nil end)
      Project.eventually(fn -> not Project.alive?(third) end)
      assert {:error, %Error{}} = Envmgr.execute("probe.pid", [], name: name, pool: :third)
      assert {:ok, ^light} = Envmgr.execute("probe.pid", [], name: name)
      # What a pool serves makes its workers what they are.
      activate.(put_in(pools["heavy"]["libraries"], ["math"]))

      Project.eventually(fn ->
        match?({:ok, 2.0}, Envmgr.execute("math.sqrt", [4], name: name, pool: :heavy))
      end)

      assert pids(name) != [light]
    end
  end
end
