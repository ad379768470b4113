defmodule Envmgr.Pool.FaultsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  defp whole(name, count), do: Project.eventually(fn -> length(workers(name)) == count end)
  defp workers(name), do: Envmgr.stats(name)["std"].workers
  defp kill(os_pid), do: System.cmd("kill", ["-9", "#{os_pid}"], stderr_to_stdout: true)

  test "64 callers, many calls, each its own answer" do
    {name, _} = Project.start()

    answers =
      1..6_400
      |> Task.async_stream(&{&1, Envmgr.execute("probe.echo", [&1], name: name)},
        max_concurrency: 64
      )
      |> Enum.map(fn {:ok, answer} -> answer end)

    assert Enum.all?(answers, fn {n, answer} -> answer == {:ok, n} end)
    whole(name, 2)
    assert Enum.all?(workers(name), &(&1.in_flight == 0))
    assert workers(name) |> Enum.map(& &1.answered) |> Enum.sum() == 6_400
  end

  test "large values go through beside small calls" do
    {name, _} = Project.start()
    text = String.duplicate("x", 8_000_000)

    1..40
    |> Task.async_stream(
      fn n ->
        if rem(n, 10) == 0,
          do: assert({:ok, ^text} = Envmgr.execute("probe.echo", [text], name: name)),
          else: assert({:ok, ^n} = Envmgr.execute("probe.echo", [n], name: name))
      end,
      max_concurrency: 20,
      timeout: 30_000
    )
    |> Enum.each(fn answer -> assert {:ok, _} = answer end)
  end

  test "a call past its deadline is answered at once, and interrupted: the worker lives" do
    {name, _} = Project.start(workers: 1)
    pid = Envmgr.execute!("probe.pid", [], name: name)
    thing = Envmgr.execute!("probe.Thing", [5], name: name)

    for path <- ["probe.nap", "probe.spin"] do
      started = System.monotonic_time(:millisecond)

      assert {:error, %Error{code: :timeout}} =
               Envmgr.execute(path, [60], name: name, timeout: 100)

      assert System.monotonic_time(:millisecond) - started < 30_000
      assert Envmgr.execute!("probe.pid", [], name: name) == pid
    end

    assert Envmgr.attr(thing, "value") == {:ok, 5}
    refute_received _
  end

  test "a call past its deadline that does not end loses its worker, which is replaced" do
    {name, _} = Project.start(workers: 1)
    old = Envmgr.execute!("probe.pid", [], name: name)
    began = Project.path("began")

    # One that has not begun by then is taken back, and the worker lives.
    Project.eventually(fn ->
      assert {:error, %Error{code: :timeout}} =
               Envmgr.execute("probe.deaf", [60, began], name: name, timeout: 500)

      File.exists?(began)
    end)

    new = Envmgr.execute!("probe.pid", [], name: name)
    assert new != old
    Project.eventually(fn -> not Project.alive?(old) end)
    refute_received _
  end

  test "a call that waits behind another is cancelled, and the worker lives" do
    {name, _} = Project.start(workers: 1)
    pid = Envmgr.execute!("probe.pid", [], name: name)
    {gate, open} = Project.gate()
    slow = Task.async(fn -> Envmgr.execute("probe.nap", [gate, "done"], name: name) end)
    Project.eventually(fn -> match?([%{in_flight: 1}], workers(name)) end)

    assert {:error, %Error{code: :timeout}} =
             Envmgr.execute("probe.echo", [1], name: name, timeout: 50)

    open.()
    assert {:ok, "done"} = Task.await(slow, 60_000)
    assert Envmgr.execute!("probe.pid", [], name: name) == pid
    Project.eventually(fn -> match?([%{in_flight: 0}], workers(name)) end)
    # Longer than the backstop's clock: a cancelled call must not be taken for one that hangs.
    Process.sleep(600)
    assert Envmgr.execute!("probe.pid", [], name: name) == pid
  end

  test "a call whose caller died at once is ended, and the worker with it if it must be" do
    {name, _} = Project.start(workers: 1)
    old = Envmgr.execute!("probe.pid", [], name: name)

    began = Project.path("began")

    for {path, args} <- [{"probe.nap", [60]}, {"probe.deaf", [60, began]}] do
      caller = spawn(fn -> Envmgr.execute(path, args, name: name, timeout: :infinity) end)
      Project.eventually(fn -> match?([%{in_flight: 1}], workers(name)) end)
      waiting = spawn(fn -> Envmgr.execute("probe.echo", [1], name: name, timeout: :infinity) end)
      Project.eventually(fn -> match?([%{in_flight: 2}], workers(name)) end)
      Process.exit(waiting, :kill)
      if began in args, do: Project.eventually(fn -> File.exists?(began) end)
      Process.exit(caller, :kill)
      Project.eventually(fn -> match?([%{in_flight: 0}], workers(name)) end)
      assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
      assert Project.alive?(old) == (path == "probe.nap")
    end
  end

  test "a worker that ends takes only its own calls, and says how it ended" do
    {name, _} = Project.start(workers: 1)

    assert {:error, %Error{code: :worker_lost} = error} =
             Envmgr.execute("probe.kill_me", [], name: name)

    assert error.message == "the worker was ended by SIGKILL while it ran probe.kill_me"

    assert {:error, %Error{code: :worker_lost} = error} =
             Envmgr.execute("probe.exit_now", [7], name: name)

    assert error.message == "the worker exited with status 7 while it ran probe.exit_now"
    assert {error.class, error.retry, error.arguments} == {:library, false, [{"status", "7"}]}
    assert error.hint =~ "os._exit"
    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
  end

  test "an object is gone with its worker" do
    {name, _} = Project.start(workers: 1)
    thing = Envmgr.execute!("probe.Thing", [1], name: name)
    Envmgr.execute("probe.kill_me", [], name: name)
    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
    assert {:error, %Error{code: :stale_ref}} = Envmgr.attr(thing, "value")
    assert {:error, %Error{code: :stale_ref}} = Envmgr.execute("probe.echo", [thing], name: name)
    assert :ok = Envmgr.release(thing)
  end

  test "calls without a pause, and a worker killed nine times: one answer each, and the pool is whole again" do
    {name, _} = Project.start()
    whole(name, 2)
    test = self()
    {done, stop} = {:counters.new(1, []), :counters.new(1, [])}

    for c <- 1..20 do
      spawn_link(fn ->
        count = calls(name, c, 0, &send(test, &1), done, stop)

        # Anything that comes late would be a second answer.
        receive do
          extra -> send(test, {:extra, extra})
        after
          200 -> send(test, {:finished, c, count})
        end
      end)
    end

    for _ <- 1..9 do
      before = :counters.get(done, 1)
      Project.eventually(fn -> :counters.get(done, 1) >= before + 100 end)
      # One that has answered is no worker that does not come up.
      worker = Project.eventually(fn -> Enum.find(workers(name), &(&1.answered > 0)) end)
      kill(worker.os_pid)
      Project.eventually(fn -> worker.os_pid not in Enum.map(workers(name), & &1.os_pid) end)
    end

    :counters.add(stop, 1, 1)
    counts = for c <- 1..20, do: receive(do: ({:finished, ^c, count} -> {c, count}))
    refute_received {:extra, _}

    answers =
      for {c, count} <- counts,
          n <- 1..count,
          do: receive(do: ({:answer, {^c, ^n}, answer} -> {{c, n}, answer}))

    refute_received {:answer, _, _}

    assert Enum.all?(answers, fn
             {call, {:ok, value}} -> value == call
             {_call, {:error, error}} -> error.code == :worker_lost
           end)

    # At most those that were under way, each time.
    lost = Enum.count(answers, &match?({_, {:error, _}}, &1))
    assert lost > 0 and lost <= 9 * 20
    Project.eventually(fn -> length(workers(name)) == 2 end)
  end

  defp calls(name, c, n, tell, done, stop) do
    if :counters.get(stop, 1) == 1 do
      n
    else
      call = {c, n + 1}
      tell.({:answer, call, Envmgr.execute("probe.nap", [0.001, call], name: name)})
      :counters.add(done, 1, 1)
      calls(name, c, n + 1, tell, done, stop)
    end
  end

  test "what cannot start is told to those who wait, and tried again" do
    layer = Project.layer()
    gate = Project.path("gate")

    init =
      "import os\nif not os.path.exists(#{inspect(gate)}): raise RuntimeError('the gate is shut')"

    libraries = %{"probe" => Project.library("probe", %{"init" => init})}
    {name, _} = Project.start(workers: 2, libraries: libraries)

    assert {:error, %Error{code: :start, library: "probe", type: "RuntimeError"} = error} =
             Envmgr.execute("probe.echo", [1], name: name)

    assert error.message =~ "the gate is shut"
    assert error.path == "probe.echo"
    assert [%{state: :failed}] = Envmgr.libraries(name)
    File.write!(gate, "")
    Project.eventually(fn -> Envmgr.execute("probe.echo", [1], name: name) == {:ok, 1} end)
    assert layer.path
  end

  test "a program that does not exist is a start error" do
    {name, _} = Project.start(command: ["/does/not/exist"])

    assert {:error, %Error{code: :start, message: message}} =
             Envmgr.execute("probe.echo", [1], name: name)

    assert message =~ "/does/not/exist does not start"
  end

  test "a worker of another protocol is a start error that says what to do" do
    script = """
    import os, struct
    hello = bytes([0x93, 0, 0, 0x81, 0xA8]) + b"protocol" + bytes([1])
    os.write(4, struct.pack(">I", len(hello)) + hello)
    os.read(3, 100_000)
    os.read(3, 1)
    """

    {name, _} = Project.start(command: [Project.layer().python, "-c", script])

    assert {:error, %Error{code: :start, message: message, hint: hint}} =
             Envmgr.execute("probe.echo", [1], name: name)

    assert message =~ "protocol 1"
    assert hint =~ "envmgr sync"
  end

  test "an owner that is killed leaves nothing of what was lent" do
    {name, _} = Project.start(workers: 1)
    assert {:ok, nil} = Envmgr.execute("probe.keep_function", [&(&1 + 1)], name: name)
    assert [_] = :ets.match(name, {{:lent, :"$1"}, :_, :_, :_})
    {_, {_, {owner, _}}, _} = Envmgr.Pool.Route.lookup(name, "std")
    Process.exit(owner, :kill)
    Project.eventually(fn -> :ets.match(name, {{:lent, :"$1"}, :_, :_, :_}) == [] end)
    assert Project.eventually(fn -> Envmgr.execute("probe.echo", [1], name: name) == {:ok, 1} end)
  end

  test "a pool that falls over comes back" do
    {name, _} = Project.start()
    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
    {_, _, server} = Envmgr.Pool.Route.lookup(name, "std")
    pids = Enum.map(workers(name), & &1.os_pid)
    Process.exit(server, :kill)
    Project.eventually(fn -> Enum.all?(pids, &(not Project.alive?(&1))) end)
    Project.eventually(fn -> match?({:ok, 1}, Envmgr.execute("probe.echo", [1], name: name)) end)
  end

  test "stopping an instance answers who waits and leaves no process" do
    project = Project.new()
    Project.activate(project, "std", workers: 2)
    {:ok, instance} = Envmgr.start_link(name: :stopping, project: project, grace: 100)
    pid = Envmgr.execute!("probe.pid", [], name: :stopping)
    call = Task.async(fn -> Envmgr.execute("probe.nap", [60], name: :stopping) end)
    Project.eventually(fn -> Enum.any?(workers(:stopping), &(&1.in_flight == 1)) end)
    pids = [pid | Enum.map(workers(:stopping), & &1.os_pid)]
    Supervisor.stop(instance)
    assert {:error, %Error{code: :worker_lost}} = Task.await(call, 60_000)
    assert Enum.all?(pids, &(not Project.alive?(&1)))
    assert {:error, %Error{code: :not_ready}} = Envmgr.execute("probe.pid", [], name: :stopping)
  end

  test "kill -9 of the VM in the middle of a call leaves no process" do
    project = Project.new()
    Project.activate(project, "std", workers: 2)

    code = """
    {:ok, _} = Envmgr.start_link(name: :doomed, project: #{inspect(project)})
    IO.puts("worker " <> to_string(Envmgr.execute!("probe.pid", [], name: :doomed)))
    spawn(fn -> Envmgr.execute("probe.nap", [60], name: :doomed) end)
    busy? = fn workers -> length(workers) == 2 and Enum.any?(workers, & &1.in_flight == 1) end
    wait = fn wait -> if busy?.(Envmgr.stats(:doomed)["std"].workers), do: :ok, else: wait.(wait) end
    wait.(wait)
    for w <- Envmgr.stats(:doomed)["std"].workers, do: IO.puts("worker " <> to_string(w.os_pid))
    IO.puts("vm " <> System.pid())
    Process.sleep(:infinity)
    """

    elixir = System.find_executable("elixir")
    ebin = Path.expand("../../../_build/#{Mix.env()}/lib/envmgr/ebin", __DIR__)

    port =
      Port.open({:spawn_executable, elixir}, [
        :binary,
        line: 200,
        args: [
          "-pa",
          ebin,
          "-e",
          "Application.put_env(:envmgr, :project, false); {:ok, _} = Application.ensure_all_started(:envmgr); " <>
            code
        ]
      ])

    {pids, vm} = read_pids(port, [])
    assert length(pids) == 2 and Enum.all?(pids, &Project.alive?/1)
    kill(vm)
    Project.eventually(fn -> not Enum.any?(pids, &Project.alive?/1) end)
  end

  defp read_pids(port, pids) do
    receive do
      {^port, {:data, {:eol, "worker " <> pid}}} ->
        read_pids(port, [String.to_integer(pid) | pids])

      {^port, {:data, {:eol, "vm " <> pid}}} ->
        {Enum.uniq(pids), String.to_integer(pid)}
    after
      60_000 -> flunk("the second VM did not start")
    end
  end
end
