defmodule Envmgr.Pool.ZygoteTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Envmgr.Error
  alias Envmgr.Test.{Heard, Project}

  setup context do
    libraries = %{"probe" => Project.library("probe", %{"init" => context[:init] || ""})}

    overrides =
      Keyword.merge([fork: true, workers: 2, libraries: libraries], context[:project] || [])

    {name, project} = Project.start(overrides, Map.to_list(Map.take(context, [:heartbeat])))

    %{
      name: name,
      project: project,
      call: &Envmgr.execute(&1, &2, name: name),
      overrides: overrides
    }
  end

  test "workers are forks of one process, and end as others do", %{name: name, call: call} do
    assert {:ok, pid} = call.("probe.pid", [])
    assert pid in workers(name)
    Project.eventually(fn -> length(workers(name)) == 2 end)
    assert [zygote] = zygotes(name)

    assert {:error, %Error{code: :worker_lost} = error} = call.("probe.segfault", [])
    assert error.details.signal == 11
    assert [{file, _, "string_at"} | _] = error.details.frames
    assert file =~ "ctypes"
    assert {:error, error} = call.("probe.exit_now", [7])
    assert error.details.status == 7
    assert {:error, error} = call.("probe.kill_me", [])
    assert error.message =~ "SIGKILL"

    assert {:ok, 1} = call.("probe.echo", [1])
    assert [^zygote] = zygotes(name)
  end

  # The probe's import takes 64 MB, which its forks share.
  @tag init: "import probe; probe.ballast = b'x' * 64_000_000"
  @tag project: [pools: Project.pools(1, %{"recycle" => %{"memory" => 64_000_000}})]
  test "what workers share with their zygote is not theirs", context do
    %{name: name, call: call} = context
    assert {:ok, pid} = call.("probe.pid", [])
    # It was looked at meanwhile, twice.
    Process.sleep(2_500)
    assert {:ok, ^pid} = call.("probe.pid", [])
    assert %{^pid => shared} = Envmgr.Pool.Memory.read([pid])
    assert shared > 64_000_000
    assert {:ok, _} = call.("probe.hoard", [90_000_000])
    Project.eventually(fn -> workers(name) not in [[pid], []] end)
  end

  @tag project: [workers: 1]
  test "a call that is cancelled, one that does not end, large values, functions", context do
    %{name: name, call: call} = context
    assert {:ok, pid} = call.("probe.pid", [])

    assert {:error, %{code: :timeout}} =
             Envmgr.execute("probe.nap", [60], name: name, timeout: 50)

    large = :binary.copy("x", 1_000_000)
    assert {:ok, ^large} = call.("probe.echo", [large])
    assert {:ok, 3} = call.("probe.apply", [&(&1 + 1), [2]])
    assert {:ok, ^pid} = call.("probe.pid", [])

    began = Project.path("began")
    stuck = Envmgr.async("probe.computing", [10_000_000_000_000, began], name: name)
    Project.eventually(fn -> File.exists?(began) end)
    Envmgr.cancel(stuck)
    Project.eventually(fn -> not Project.alive?(pid) end)
    assert {:ok, next} = call.("probe.pid", [])
    assert next != pid
  end

  test "workers end with their zygote, whatever they do, and others come", context do
    %{name: name, call: call} = context
    assert {:ok, _} = call.("probe.pid", [])
    Project.eventually(fn -> length(workers(name)) == 2 end)
    [zygote] = zygotes(name)
    old = workers(name)
    stuck = Envmgr.async("probe.hold", [], name: name)

    Project.eventually(fn ->
      Enum.any?(Envmgr.stats(name)["std"].workers, &(&1.in_flight == 1))
    end)

    log =
      capture_log(fn ->
        System.cmd("kill", ["-KILL", "#{zygote}"])
        assert {:error, error} = Envmgr.await(stuck, 10_000)
        assert error.message =~ "ended with its zygote, which was ended by SIGKILL"

        Project.eventually(fn -> workers(name) != [] and workers(name) -- old == workers(name) end)

        assert {:ok, 2} = call.("probe.echo", [2])
      end)

    assert log =~ "the zygote was ended by SIGKILL, and its workers with it"
    Project.eventually(fn -> not Enum.any?(old, &Project.alive?/1) end)
    assert [next] = zygotes(name)
    assert next != zygote
  end

  # That is no fault of the workers: no circuit opens, and none counts as one that did not start.
  test "one that ends again at once is not waited for: workers start afresh meanwhile", %{
    name: name,
    call: call
  } do
    assert {:ok, _} = call.("probe.pid", [])
    Heard.listen(name)

    old =
      for _ <- 1..2 do
        [zygote | _] = Project.eventually(fn -> zygotes(name) != [] && zygotes(name) end)
        old = workers(name)
        System.cmd("kill", ["-KILL", "#{zygote}"])
        old
      end

    old = List.flatten(old)

    Project.eventually(fn ->
      workers(name) != [] and Enum.all?(workers(name), &(&1 not in old))
    end)

    assert {:ok, _} = call.("probe.pid", [])
    assert_receive {:heard, [:worker, :stop], _, %{reason: :lost}}
    refute_received {:heard, [:worker, :stop], _, %{reason: :start}}
    refute_received {:heard, [:circuit, :open], _, _}
  end

  @tag project: [workers: 1], heartbeat: 1_000
  test "one that does not answer is in nobody's way, and forks again when it does", context do
    %{name: name, call: call} = context
    assert {:ok, first} = call.("probe.pid", [])
    [zygote] = zygotes(name)
    System.cmd("kill", ["-STOP", "#{zygote}"])

    log =
      capture_log(fn ->
        System.cmd("kill", ["-KILL", "#{first}"])
        Project.eventually(fn -> workers(name) not in [[], [first]] end)
        assert {:ok, afresh} = call.("probe.pid", [])
        assert zygotes(name) != [zygote]
        System.cmd("kill", ["-CONT", "#{zygote}"])
        System.cmd("kill", ["-KILL", "#{afresh}"])

        Project.eventually(fn ->
          for pid <- workers(name), do: System.cmd("kill", ["-KILL", "#{pid}"])
          Process.sleep(200)
          zygotes(name) == [zygote]
        end)
      end)

    assert log =~ "the zygote did not answer within 2000 ms: workers start afresh until it does"
  end

  @tag project: [workers: 1]
  test "a worker that ends while its zygote hangs is heard of as ever", %{name: name, call: call} do
    for {path, args, how} <- [
          {"probe.kill_me", [], "was ended by SIGKILL while it ran probe.kill_me"},
          {"probe.exit_now", [7], "exited with status 7 while it ran probe.exit_now"}
        ] do
      Project.eventually(fn -> zygotes(name) != [] end)
      [zygote] = zygotes(name)
      System.cmd("kill", ["-STOP", "#{zygote}"])
      assert {:error, %Error{code: :worker_lost} = error} = call.(path, args)
      System.cmd("kill", ["-CONT", "#{zygote}"])
      assert error.message =~ how
      refute error.hint =~ "descriptors"
      assert {:ok, 1} = call.("probe.echo", [1])
    end
  end

  test "a generation has a zygote of its own; the old one goes with its last worker", context do
    %{name: name, project: project, call: call} = context
    assert {:ok, _} = call.("probe.pid", [])
    [old] = zygotes(name)
    open = Envmgr.stream("probe.ticks", [3], name: name) |> Stream.concat([:end])

    assert [0, 1, 2, :end] =
             Enum.map(open, fn
               0 ->
                 Project.activate(project, "std", Keyword.put(context.overrides, :generation, 2))
                 Project.eventually(fn -> Envmgr.stats(name)["std"].generation == 2 end)
                 assert Project.alive?(old)
                 0

               item ->
                 item
             end)

    assert {:ok, "2"} = call.("probe.generation", [])
    Project.eventually(fn -> not Project.alive?(old) end)
    assert [new] = zygotes(name)
    assert new != old
    :ok = stop_supervised(name)
    refute Project.alive?(new)
  end

  @tag init:
         "import threading; threading.Thread(target=threading.Event().wait, daemon=True, name='busy').start()"
  test "libraries that cannot be forked start afresh, which is said once", context do
    %{name: name, call: call} = context

    log =
      capture_log(fn ->
        assert {:ok, pid} = call.("probe.pid", [])
        Project.eventually(fn -> length(workers(name)) == 2 end)
        assert zygotes(name) == []
        System.cmd("kill", ["-KILL", "#{pid}"])
        Project.eventually(fn -> length(workers(name) -- [pid]) == 2 end)
      end)

    assert [_, said] = String.split(log, "workers start afresh: ")
    assert said =~ "the import leaves threads running (busy)"
  end

  @tag init: "import os; 'OPENBLAS_NUM_THREADS' in os.environ and os.kill(os.getpid(), 11)"
  test "a zygote that does not come up is in nobody's way", %{name: name, call: call} do
    assert {:ok, _} = call.("probe.pid", [])
    assert zygotes(name) == []
  end

  @tag init: "raise RuntimeError('broken')"
  test "a library that does not load says why", %{call: call} do
    assert {:error, %Error{code: :start, message: message}} = call.("probe.pid", [])
    assert message =~ "broken"
  end

  defp workers(name), do: for(%{os_pid: pid} <- Envmgr.stats(name)["std"].workers, do: pid)

  # The processes that its workers are children of, and that are no worker themselves.
  defp zygotes(name) do
    for pid <- workers(name),
        {:ok, stat} <- [File.read("/proc/#{pid}/stat")],
        [_, _state, parent] = Regex.run(~r/\) (\S+) (\d+) /, stat),
        {:ok, command} <- [File.read("/proc/#{parent}/cmdline")],
        command =~ "\0zygote",
        uniq: true,
        do: String.to_integer(parent)
  end
end
