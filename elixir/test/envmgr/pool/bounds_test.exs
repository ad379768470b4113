defmodule Envmgr.Pool.BoundsTest do
  # What a pool refuses, whom it serves first, and what it gives up: queues, deadlines, fairness, heartbeats, crash loops.
  use ExUnit.Case, async: true

  import Envmgr.Test.Around, only: [times: 1]

  alias Envmgr.Error
  alias Envmgr.Pool.{Route, Slot}
  alias Envmgr.Test.Project

  defp start(sizing, options \\ []) do
    project = Project.new()

    probe = %{"probe" => Project.library("probe", options[:library] || %{})}

    libraries =
      if options[:library], do: probe, else: Map.put(probe, "time", Project.library("time"))

    pools = Project.pools(1, sizing)
    Project.activate(project, "std", pools: pools, libraries: libraries)
    name = :"bounds#{System.unique_integer([:positive])}"
    options = Keyword.take(options, [:heartbeat])

    start_supervised!(
      {Envmgr, [name: name, project: project, watch: false, start_timeout: 60_000] ++ options}
    )

    name
  end

  defp call(name, path, args \\ [], opts \\ []),
    do: Envmgr.execute("probe.#{path}", args, [name: name] ++ opts)

  # A call that runs until the file is there.
  defp hold(name) do
    {gate, open} = Project.gate()
    before = in_flight(name)
    task = Task.async(fn -> call(name, "await_file", [gate, "done"], timeout: 60_000) end)
    in_flight(name, before + 1)
    {open, task}
  end

  defp workers(name), do: Envmgr.stats(name)["std"].workers
  defp pool(name), do: Envmgr.stats(name)["std"].pools["default"]
  defp in_flight(name), do: workers(name) |> Enum.map(& &1.in_flight) |> Enum.sum()
  defp in_flight(name, count), do: Project.eventually(fn -> in_flight(name) == count end)

  defp signal(signal, os_pid),
    do: System.cmd("kill", ["-#{signal}", "#{os_pid}"], stderr_to_stdout: true)

  defp tell(name, events) do
    {test, id} = {self(), make_ref()}

    told = fn event, measured, %{instance: instance} = about, _ ->
      if instance == name, do: send(test, {event, measured, about})
    end

    Envmgr.Telemetry.attach(id, Enum.map(events, &[:envmgr | &1]), told, nil)
    on_exit(fn -> Envmgr.Telemetry.detach(id) end)
  end

  test "the queue is bounded: one more is refused at once, with the numbers" do
    name = start(%{"queue" => 3})
    tell(name, [[:pool, :overloaded]])
    {:ok, _} = call(name, "echo", [1])
    {open, busy} = hold(name)
    waiting = for n <- 1..3, do: Task.async(fn -> call(name, "echo", [n]) end)
    in_flight(name, 4)

    assert {:error, %Error{code: :overloaded, retry: true, class: :resource} = error} =
             call(name, "echo", [4], timeout: 60_000)

    assert error.message =~ "3 calls wait already for the worker of pool default"
    assert %{waiting: 3, queue: 3, pool: "default", workers: 1} = error.details
    assert error.hint =~ "longer queue"
    assert error.path == "probe.echo"
    assert {:error, %Error{code: :overloaded}} = call(name, "echo", [4], priority: :high)

    assert {:error, %Error{code: :overloaded}} =
             Envmgr.await(Envmgr.async("probe.echo", [5], name: name))

    assert_receive {_, %{waiting: 3}, %{path: "probe.echo", pool: "default", environment: "std"}}
    open.()
    assert Task.await(busy, 60_000) == {:ok, "done"}
    assert Enum.map(waiting, &Task.await(&1, 60_000)) == for(n <- 1..3, do: {:ok, n})
    assert {:ok, 4} = call(name, "echo", [4])
  end

  test "those that wait for the first worker are bounded too; who has left does not count" do
    {gate, open} = Project.gate()
    init = "import os, time\nwhile not os.path.exists(#{inspect(gate)}): time.sleep(0.005)"
    name = start(%{"queue" => 2}, library: %{"init" => init})
    gone = spawn(fn -> call(name, "echo", [0]) end)
    late = Task.async(fn -> call(name, "echo", [0], timeout: 50) end)
    assert {:error, %Error{code: :timeout}} = Task.await(late, 60_000)
    Process.exit(gone, :kill)
    Project.eventually(fn -> not Process.alive?(gone) end)
    tasks = for n <- 1..3, do: Task.async(fn -> call(name, "echo", [n], timeout: 60_000) end)
    Project.eventually(fn -> Enum.any?(tasks, &(not Process.alive?(&1.pid))) end)
    open.()
    answers = Task.await_many(tasks, 60_000)
    assert Enum.count(answers, &match?({:ok, _}, &1)) == 2

    assert {:error, %Error{code: :overloaded} = error} =
             Enum.find(answers, &(elem(&1, 0) == :error))

    assert error.message =~ "2 calls wait already for the workers that start"
  end

  test "a deadline that cannot be met is refused at once, when enough is known" do
    name = start(%{})
    for _ <- 1..17, do: {:ok, _} = call(name, "nap", [0.02])
    {open, busy} = hold(name)
    naps = for _ <- 1..30, do: Task.async(fn -> call(name, "nap", [0.02], timeout: 60_000) end)
    in_flight(name, 31)
    assert {:error, %Error{code: :overloaded} = error} = call(name, "echo", [1], timeout: 300)
    assert %{why: :deadline, ahead: 31, each: each, left: left} = error.details
    assert each > 10 and left > 0
    assert error.message =~ "its deadline is in"
    open.()
    assert Task.await(busy, 60_000) == {:ok, "done"}
    assert {:ok, 1} = call(name, "echo", [1], timeout: 60_000)
    assert Enum.uniq(Task.await_many(naps, 60_000)) == [{:ok, nil}]
  end

  test "callers take turns: many asynchronous calls of one keep nobody else waiting" do
    name = start(%{})
    {:ok, _} = call(name, "echo", [1])
    {open, busy} = hold(name)
    clock = fn -> Envmgr.async("time.perf_counter", [], name: name) end
    greedy = for _ <- 1..100, do: clock.()
    in_flight(name, 101)
    others = for _ <- 1..2, do: Task.async(fn -> Envmgr.await(clock.()) end)
    in_flight(name, 103)
    open.()
    assert Task.await(busy, 60_000) == {:ok, "done"}
    before = greedy |> Envmgr.await_many() |> Enum.map(&elem(&1, 1)) |> Enum.sort()

    # What was written already is not overtaken.
    for {:ok, at} <- Task.await_many(others, 60_000), do: assert(at < Enum.at(before, 20))
  end

  test "a call never waits behind a slow one while another worker is idle" do
    name = start(%{"min" => 2, "max" => 2})
    Project.eventually(fn -> length(workers(name)) == 2 end)
    {:ok, thing} = call(name, "Thing", [1])
    # Both are slow, and what comes waits at either.
    long = Task.async(fn -> call(name, "nap", [60], timeout: 60_000) end)
    in_flight(name, 1)
    {open, short} = hold(name)
    Process.sleep(60)
    quick = for n <- 1..20, do: Task.async(fn -> call(name, "echo", [n], timeout: 20_000) end)
    in_flight(name, 22)
    open.()
    assert {:ok, "done"} = Task.await(short, 60_000)
    assert Task.await_many(quick, 60_000) == for(n <- 1..20, do: {:ok, n})
    assert Task.yield(long, 0) == nil
    # An object's call is not moved, and is answered by its worker.
    assert {:ok, 2} = Envmgr.method(thing, "add", [1], timeout: 200) |> either(name)
    Task.shutdown(long, :brutal_kill)
  end

  # Of the worker that is busy with the long call there is no answer in time.
  defp either({:error, %Error{code: :timeout}}, _name), do: {:ok, 2}
  defp either(answer, _name), do: answer

  test "an idle worker that is silent is dead and is replaced; a busy one is not" do
    beat = 600
    name = start(%{}, heartbeat: beat)
    {:ok, old} = call(name, "pid")
    # Busy, then idle, for more beats than one may be silent.
    assert {:ok, ^old} = call(name, "nap", [4 * beat / 1_000, old])
    assert {:ok, ^old} = call(name, "pid")
    Process.sleep(4 * beat)
    assert {:ok, ^old} = call(name, "pid")
    signal("STOP", old)
    Project.eventually(fn -> not Project.alive?(old) end)
    assert {:ok, new} = call(name, "pid")
    assert new != old

    # One that stops with a call has its deadline.
    call = Task.async(fn -> call(name, "nap", [60], timeout: 300) end)
    in_flight(name, 1)
    signal("STOP", new)
    assert {:error, %Error{code: :timeout}} = Task.await(call, 60_000)
    Project.eventually(fn -> not Project.alive?(new) end)
    assert {:ok, _} = call(name, "pid")
  end

  test "what a killed caller has counted and not sent is forgotten" do
    name = start(%{"min" => 1, "max" => 1}, heartbeat: 50)
    {:ok, _} = call(name, "pid")
    {_generation, {_head, {_owner, slot}}, _server} = Route.lookup(name, "std")
    assert Slot.take(slot) == 1
    assert {:ok, _} = call(name, "nap", [0.5])
    Project.eventually(fn -> Slot.load(slot) == 0 end)
    # Nothing is taken back of calls that are there.
    assert {:ok, _} = call(name, "nap", [0.5])
    assert Slot.load(slot) == 0
  end

  test "a poisonous call is told to its caller, runs once each time, and opens the circuit; then one worker is tried" do
    name = start(%{"min" => 2, "max" => 2})
    tell(name, [[:circuit, :open], [:circuit, :half_open], [:circuit, :close]])
    runs = Project.path("runs")

    lost = :counters.new(1, [])

    poison = fn ->
      answer = call(name, "poison", [runs])
      if match?({:error, %Error{code: :worker_lost}}, answer), do: :counters.add(lost, 1, 1)
      answer
    end

    assert {:error, %Error{code: :not_ready, retry: true} = error} =
             1..20
             |> Stream.map(fn _ -> poison.() end)
             |> Enum.find(&(not match?({:error, %Error{code: :worker_lost}}, &1)))

    assert :counters.get(lost, 1) in 5..7
    assert times(runs) == :counters.get(lost, 1)
    assert error.message =~ "ended within 30 s"
    assert error.message =~ "SIGKILL while it ran probe.poison"
    assert error.details.next in 0..2_000
    assert error.details.problem.message =~ "probe.poison"
    assert_receive {[_, :circuit, :open], %{open: open, failures: 5}, %{pool: "default"}}
    assert open in 1..1_000

    # The worker that is tried is ended too until it is seen that there is none: it stays open for longer each time.
    Project.eventually(fn ->
      match?(%{circuit: :open, workers: [], state: :failed}, pool(name)) or
        match?({:ok, _}, poison.())
    end)

    assert [%{state: :failed, next: %DateTime{}}, _] = Envmgr.libraries(name)

    # What is tried proves itself by an answer.
    assert_receive {[_, :circuit, :half_open], _, _}
    Project.eventually(fn -> call(name, "echo", [1]) == {:ok, 1} end)
    assert_receive {[_, :circuit, :close], _, _}
    Project.eventually(fn -> length(workers(name)) == 2 end)
    assert times(runs) == :counters.get(lost, 1)
  end

  test "what does not start is told as it is, then the circuit opens" do
    name = start(%{}, library: %{"init" => "raise RuntimeError('broken')"})
    assert {:error, %Error{code: :start, type: "RuntimeError"}} = call(name, "echo", [1])

    error =
      Project.eventually(fn ->
        with {:error, %Error{code: :not_ready} = error} <- call(name, "echo", [1]),
             do: error,
             else: (_ -> nil)
      end)

    assert error.message =~ "broken"
    assert error.details.problem.type == "RuntimeError"
  end

  describe "a caller that dies takes its call with it" do
    defp ask(:plain, name), do: call(name, "nap", [60], timeout: 60_000)

    defp ask(:async, name),
      do: Envmgr.await(Envmgr.async("probe.nap", [60], name: name, timeout: 60_000))

    defp ask(:stream, name),
      do: Enum.to_list(Envmgr.stream("probe.ticks", [9, nil, 60], name: name, timeout: 60_000))

    defp ask(:nested, name) do
      inner = fn -> call(name, "asleep", [60], timeout: 60_000) end
      call(name, "apply", [inner], timeout: 60_000)
    end

    # With how many calls: each function makes one more.
    for {kind, calls} <- [plain: 2, async: 2, stream: 2, nested: 4] do
      test "#{kind}, running and waiting" do
        name = start(%{})
        {:ok, pid} = call(name, "pid")
        caller = spawn(fn -> ask(unquote(kind), name) end)
        Project.eventually(fn -> in_flight(name) > 0 end)
        waiting = spawn(fn -> ask(unquote(kind), name) end)
        Project.eventually(fn -> in_flight(name) > 1 end)
        Project.eventually(fn -> Project.watched(name) == unquote(calls) end)
        Process.exit(waiting, :kill)
        Process.exit(caller, :kill)
        in_flight(name, 0)
        assert {:ok, ^pid} = call(name, "pid")
      end
    end
  end
end
