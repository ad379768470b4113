defmodule Envmgr.Pool.ShutdownTest do
  # The end of an instance, of the application, of the VM, under load.
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  defp start(options) do
    project = Project.new()
    Project.activate(project, "std", workers: 2)
    name = :"shutdown#{System.unique_integer([:positive])}"
    {:ok, instance} = Envmgr.start_link([name: name, project: project, watch: false] ++ options)
    Project.eventually(fn -> length(workers(name)) == 2 end)
    {name, instance}
  end

  defp workers(name), do: Envmgr.stats(name)["std"].workers
  defp call(name, path, args), do: Envmgr.execute("probe.#{path}", args, name: name)
  defp in_flight(name), do: workers(name) |> Enum.map(& &1.in_flight) |> Enum.sum()

  test "what was taken on is answered, running, waiting and beside; what comes is refused; nothing is left" do
    {name, instance} = start(grace: 20_000)
    {:ok, thing} = call(name, "Thing", [1])
    {:ok, child} = call(name, "leave_behind", [])
    assert Project.alive?(child)
    pids = Enum.map(workers(name), & &1.os_pid)
    ask = fn path, args -> Task.async(fn -> call(name, path, args) end) end

    {gate, open} = Project.gate()
    running = for n <- 1..2, do: ask.("await_file", [gate, n])
    Project.eventually(fn -> in_flight(name) == 2 end)
    coroutine = ask.("asleep", [0.3, "beside"])
    method = Task.async(fn -> Envmgr.method(thing, "add", [1]) end)
    waiting = for n <- 1..20, do: ask.("echo", [n])
    Project.eventually(fn -> in_flight(name) == 24 end)
    stop = Task.async(fn -> Supervisor.stop(instance) end)

    error =
      Project.eventually(fn ->
        # One that came before is taken on, and waits with the others.
        with {:error, %Error{code: :not_ready} = error} <-
               Envmgr.execute("probe.echo", [0], name: name, timeout: 50),
             do: error,
             else: ({:error, %Error{code: :timeout}} -> nil)
      end)

    assert error.message =~ "shutting down"
    assert Task.yield(stop, 0) == nil
    open.()
    assert Task.await_many(running, 60_000) == [{:ok, 1}, {:ok, 2}]
    assert Task.await_many(waiting, 60_000) == for(n <- 1..20, do: {:ok, n})
    assert Task.await(method, 60_000) == {:ok, 2}
    assert Task.await(coroutine, 60_000) == {:ok, "beside"}
    assert Task.await(stop, 60_000) == :ok
    Project.eventually(fn -> not Enum.any?([child | pids], &Project.alive?/1) end)
    assert {:error, %Error{code: :not_ready}} = call(name, "echo", [0])
  end

  test "what takes longer than the grace period is ended, and its caller is told" do
    {name, instance} = start(grace: 200)
    {:ok, child} = call(name, "leave_behind", [])
    pids = Enum.map(workers(name), & &1.os_pid)
    long = for _ <- 1..2, do: Task.async(fn -> call(name, "nap", [60]) end)
    Project.eventually(fn -> in_flight(name) == 2 end)
    waiting = Task.async(fn -> call(name, "echo", [1]) end)
    Project.eventually(fn -> in_flight(name) == 3 end)
    assert Supervisor.stop(instance) == :ok
    assert [{:error, %Error{code: :worker_lost}}, {:error, _}] = Task.await_many(long, 60_000)
    # It may have been written ahead.
    assert {:error, %Error{code: code}} = Task.await(waiting, 60_000)
    assert code in [:not_ready, :worker_lost]
    Project.eventually(fn -> not Enum.any?([child | pids], &Project.alive?/1) end)
  end

  for {how, stop} <- [application: "Application.stop(:envmgr)", vm: "System.stop()"] do
    test "the end of the #{how} under load: each call is answered or refused, nothing is left" do
      project = Project.new()
      Project.activate(project, "std", workers: 2)

      code = """
      Application.put_env(:envmgr, :project, #{inspect(project)})
      Application.put_env(:envmgr, :watch, false)
      {:ok, _} = Application.ensure_all_started(:envmgr)
      IO.puts("pid \#{Envmgr.execute!("probe.leave_behind", [])}")
      wait = fn wait -> with [_, _] = all <- Envmgr.stats()["std"].workers, do: all, else: (_ -> Process.sleep(20); wait.(wait)) end
      for w <- wait.(wait), do: IO.puts("pid \#{w.os_pid}")
      done = :counters.new(1, [])
      ask = fn ask ->
        case Envmgr.execute("probe.nap", [0.01, 1]) do
          {:ok, 1} -> :counters.add(done, 1, 1); ask.(ask)
          {:error, %{code: :not_ready}} -> :refused
          other -> IO.puts("wrong \#{inspect(other)}")
        end
      end
      tasks = for _ <- 1..8, do: Task.async(fn -> ask.(ask) end)
      busy = fn busy -> if :counters.get(done, 1) > 20, do: :ok, else: (Process.sleep(5); busy.(busy)) end
      busy.(busy)
      last = Task.async(fn -> IO.puts("last \#{inspect(Envmgr.execute("probe.nap", [0.5, 7]))}") end)
      Process.sleep(100)
      #{unquote(stop)}
      IO.puts("refused \#{tasks |> Task.await_many(20_000) |> Enum.count(&(&1 == :refused))}")
      Task.await(last, 60_000)
      System.stop()
      Process.sleep(:infinity)
      """

      ebin = Path.expand("../../../_build/#{Mix.env()}/lib/envmgr/ebin", __DIR__)

      {out, 0} =
        System.cmd("elixir", ["-pa", ebin, "-e", code],
          stderr_to_stdout: true,
          env: [{"HOME", project}]
        )

      refute out =~ "wrong"
      assert out =~ "last {:ok, 7}"
      if unquote(how) == :application, do: assert(out =~ "refused 8")
      pids = for [_, pid] <- Regex.scan(~r/^pid (\d+)$/m, out), do: String.to_integer(pid)
      assert length(pids) == 3
      Project.eventually(fn -> not Enum.any?(pids, &Project.alive?/1) end)
    end
  end
end
