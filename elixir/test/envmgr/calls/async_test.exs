defmodule Envmgr.Calls.AsyncTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Async, Error}
  alias Envmgr.Test.Project

  setup do
    {name, _} = Project.start(workers: 1)
    Envmgr.execute!("probe.echo", [1], name: name)
    %{name: name}
  end

  defp os_pid(name), do: Envmgr.execute!("probe.pid", [], name: name)

  defp in_flight(name),
    do: Envmgr.stats(name)["std"].workers |> Enum.map(& &1.in_flight) |> Enum.sum()

  defp settled(name), do: Project.eventually(fn -> in_flight(name) == 0 end)
  defp running(name, count), do: Project.eventually(fn -> in_flight(name) == count end)

  test "an answer waits until it is awaited, and is taken once", %{name: name} do
    call = Envmgr.async("probe.echo", [%{"a" => [1, 2]}], name: name)
    settled(name)
    assert Envmgr.await(call) == {:ok, %{"a" => [1, 2]}}

    assert {:error, %Error{code: :arguments, message: "the call was awaited before"}} =
             Envmgr.await(call)

    assert inspect(call) =~ "#Envmgr.Async<probe.echo in #PID"
    Project.eventually(fn -> not Process.alive?(call.pid) end)
    refute_received _
  end

  test "what execute refuses, await tells", %{name: name} do
    assert {:error, %Error{code: :unknown_function}} =
             Envmgr.await(Envmgr.async("probe.ecco", [1], name: name))

    assert {:error, %Error{code: :conversion}} =
             Envmgr.await(Envmgr.async("probe.echo", [self()], name: name))

    assert {:error, %Error{code: :exception, message: "no"}} =
             Envmgr.await(Envmgr.async("probe.fail", ["no"], name: name))

    assert {:error, %Error{code: :arguments, message: message}} =
             Envmgr.await(Envmgr.async("probe.echo", [1], name: name, speed: 1))

    assert message == "unknown option speed"

    assert {:error, %Error{code: :arguments}} =
             Envmgr.await(Envmgr.async("probe.echo", [1], :fast))
  end

  test "await's own time passes and the call goes on", %{name: name} do
    call = Envmgr.async("probe.asleep", [0.3, "done"], name: name)
    assert {:error, %Error{code: :timeout, hint: hint}} = Envmgr.await(call, 10)
    assert hint =~ "await it again"
    assert Envmgr.await(call, 10_000) == {:ok, "done"}
    assert Envmgr.await(Envmgr.async("probe.echo", [1], name: name), 10_000) == {:ok, 1}
  end

  test "only the process that made a call awaits it; any may cancel it", %{name: name} do
    call = Envmgr.async("probe.asleep", [60], name: name)
    running(name, 1)

    assert {:error, %Error{code: :arguments, message: message}} =
             Task.await(Task.async(fn -> Envmgr.await(call) end))

    assert message =~ "by the process that made it"
    assert Task.await(Task.async(fn -> Envmgr.cancel(call) end)) == :ok
    assert {:error, %Error{code: :cancelled, path: "probe.asleep"}} = Envmgr.await(call)
    assert {:error, %Error{code: :cancelled}} = Envmgr.await(call)
    settled(name)
    refute Process.alive?(call.pid)
  end

  test "500 coroutines run beside each other in one worker", %{name: name} do
    pid = os_pid(name)
    started = System.monotonic_time(:millisecond)
    calls = for n <- 1..500, do: Envmgr.async("probe.asleep", [1, n], name: name)
    assert Envmgr.await_many(calls) == for(n <- 1..500, do: {:ok, n})
    # One after the other they would take 500 s.
    assert System.monotonic_time(:millisecond) - started < 250_000
    assert os_pid(name) == pid
    settled(name)
  end

  test "await_many gives each what it has when the time is over", %{name: name} do
    calls = [
      Envmgr.async("probe.echo", [1], name: name),
      Envmgr.async("probe.asleep", [60], name: name)
    ]

    assert [{:ok, 1}, {:error, %Error{code: :timeout}}] = Envmgr.await_many(calls, 500)
    assert :ok = Envmgr.cancel(calls)
    settled(name)
  end

  test "a cancelled call is interrupted, and the worker lives", %{name: name} do
    pid = os_pid(name)

    for {path, args} <- [
          {"probe.nap", [60]},
          {"probe.spin", [60]},
          {"probe.asleep", [60]},
          {"time.sleep", [60]}
        ] do
      call = Envmgr.async(path, args, name: name)
      running(name, 1)
      assert :ok = Envmgr.cancel(call)
      assert {:error, %Error{code: :cancelled}} = Envmgr.await(call)
      settled(name)
    end

    assert os_pid(name) == pid
  end

  test "code that does not end when it is told to loses its worker", %{name: name} do
    for {path, arg} <- [
          {"probe.deaf", 60},
          {"probe.deaf_asleep", 60},
          {"probe.computing", 100_000_000_000}
        ] do
      pid = os_pid(name)
      began = Project.path("began")
      call = Envmgr.async(path, [arg, began], name: name)
      # One that has not begun would simply not begin.
      Project.eventually(fn -> File.exists?(began) end)
      Envmgr.cancel(call)
      assert {:error, %Error{code: :cancelled}} = Envmgr.await(call)
      Project.eventually(fn -> not Project.alive?(pid) end)
      assert os_pid(name) != pid
    end
  end

  test "those beside it are told which call cost them their worker", %{name: name} do
    other = Envmgr.async("probe.asleep", [600], name: name)
    running(name, 1)
    stuck = Envmgr.async("probe.deaf_asleep", [600], name: name)
    running(name, 2)
    assert Envmgr.execute("probe.asleep", [0.3], name: name) == {:ok, nil}
    Envmgr.cancel(stuck)
    assert {:error, %Error{code: :worker_lost, message: message}} = Envmgr.await(other, 30_000)
    assert message =~ "because a call of probe.deaf_asleep that was cancelled"
  end

  test "calls that wait are taken back without a word to the worker", %{name: name} do
    pid = os_pid(name)
    {gate, open} = Project.gate()
    first = Envmgr.async("probe.nap", [gate, "first"], name: name)
    running(name, 1)
    waiting = for n <- 1..100, do: Envmgr.async("probe.echo", [n], name: name)
    running(name, 101)
    Envmgr.cancel(waiting)
    assert Enum.all?(Envmgr.await_many(waiting), &match?({:error, %Error{code: :cancelled}}, &1))
    open.()
    assert Envmgr.await(first) == {:ok, "first"}
    settled(name)
    assert os_pid(name) == pid
  end

  test "a call ends with its caller", %{name: name} do
    pid = os_pid(name)
    test = self()

    caller =
      spawn(fn ->
        calls = for _ <- 1..5, do: Envmgr.async("probe.asleep", [60], name: name)
        send(test, {:calls, calls})
        Process.sleep(:infinity)
      end)

    assert_receive {:calls, calls}
    running(name, 5)
    Process.exit(caller, :kill)
    settled(name)
    Project.eventually(fn -> not Enum.any?(calls, &Process.alive?(&1.pid)) end)
    assert os_pid(name) == pid
  end

  test "a call that passes its deadline ends, the worker lives, and so do its objects", %{
    name: name
  } do
    thing = Envmgr.execute!("probe.Thing", [1], name: name)

    assert {:error, %Error{code: :timeout}} =
             Envmgr.await(Envmgr.async("probe.asleep", [60], name: name, timeout: 50))

    assert {:error, %Error{code: :timeout}} =
             Envmgr.execute("probe.spin", [60], name: name, timeout: 50)

    settled(name)
    assert Envmgr.attr(thing, "value") == {:ok, 1}
  end

  test "a plain call that takes its time ends with its caller too", %{name: name} do
    for path <- ["time.sleep", "probe.asleep"] do
      caller = spawn(fn -> Envmgr.execute(path, [600], name: name, timeout: :infinity) end)

      Project.eventually(fn -> Project.watched(name) == 1 end)
      Process.exit(caller, :kill)
      settled(name)
      assert Envmgr.execute("probe.echo", [1], name: name) == {:ok, 1}
    end
  end

  test "a coroutine whose caller died at once ends with it", %{name: name} do
    pid = os_pid(name)

    caller =
      spawn(fn -> Envmgr.execute("probe.asleep", [600], name: name, timeout: :infinity) end)

    running(name, 1)
    Process.exit(caller, :kill)
    settled(name)
    assert os_pid(name) == pid
  end

  test "a method is called by a chain", %{name: name} do
    thing = Envmgr.execute!("probe.Thing", [5], name: name)
    assert Envmgr.await(Envmgr.async([thing, {:method, "add", [1]}])) == {:ok, 6}
  end

  test "an object in the answer is the caller's", %{name: name} do
    call = Envmgr.async("probe.Thing", [5], name: name, as: :ref)
    assert {:ok, thing} = Envmgr.await(call)
    Project.eventually(fn -> not Process.alive?(call.pid) end)
    Process.sleep(50)
    assert Envmgr.attr(thing, "value") == {:ok, 5}
  end

  test "what the caller's own code raises, await raises" do
    decoders = %{"probe.Point" => fn _ -> exit(:broken) end}
    project = Project.new()
    Project.activate(project, "std", workers: 1)
    name = :"raising#{System.unique_integer([:positive])}"

    start_supervised!(
      {Envmgr, name: name, project: project, watch: false, decoders: decoders},
      id: name
    )

    call = Envmgr.async("probe.points", [1], name: name)
    direct = try(do: Envmgr.execute("probe.points", [1], name: name), catch: (:exit, why -> why))
    waited = try(do: Envmgr.await(call), catch: (:exit, why -> why))

    case {direct, waited} do
      {{:error, %Error{message: message}}, {:error, %Error{message: message}}} -> :ok
      {same, same} -> :ok
    end
  end

  test "a worker that ends tells each of its calls whose it was", %{name: name} do
    asleep = Envmgr.async("probe.asleep", [60], name: name)
    running(name, 1)
    killed = Envmgr.async("probe.segfault", [], name: name)
    assert {:error, %Error{code: :worker_lost} = error} = Envmgr.await(killed)
    assert error.message =~ "was ended by SIGSEGV while it ran probe.segfault"
    assert error.hint =~ "C code" and error.class == :library
    assert %{signal: 11, running: "probe.segfault", frames: frames} = error.details
    assert Enum.any?(frames, &match?({_file, _line, "segfault"}, &1))
    assert {:error, %Error{code: :worker_lost} = error} = Envmgr.await(asleep)
    assert error.message =~ "was ended by SIGSEGV while it ran a call of probe.segfault"
    assert %Async{} = asleep
  end

  test "calls that wait go by their priority", %{name: name} do
    test = self()
    {gate, open} = Project.gate()
    first = Envmgr.async("probe.nap", [gate], name: name)
    running(name, 1)
    # From now on the worker gets nothing more.
    Process.sleep(200)

    for {priority, at} <- Enum.with_index([:low, :normal, :high]) do
      spawn_link(fn ->
        {:ok, order} = Envmgr.execute("time.monotonic", [], name: name, priority: priority)
        send(test, {priority, order})
      end)

      running(name, 2 + at)
    end

    open.()
    assert {:ok, nil} = Envmgr.await(first)
    assert_receive {:high, high}
    assert_receive {:normal, normal}
    assert_receive {:low, low}
    assert high < normal and normal < low

    assert {:error, %Error{code: :arguments}} =
             Envmgr.execute("probe.echo", [1], name: name, priority: :urgent)
  end
end
