defmodule Envmgr.Session.RestoredTest do
  # What becomes of a session when its worker does not live on.
  use ExUnit.Case, async: true

  alias Envmgr.{Error, Session}
  alias Envmgr.Test.Project

  defp start(overrides) do
    {name, project} = Project.start([libraries: libraries()] ++ overrides)
    count = Keyword.fetch!(overrides, :workers)
    assert Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) == count end)
    %{name: name, project: project}
  end

  defp libraries, do: %{"shared" => Project.library("shared")}

  defp call(session, function, args \\ [], opts \\ []),
    do: Envmgr.execute("shared.#{function}", args, [session: session] ++ opts)

  defp put_in_both(session) do
    assert :ok = Session.put(session, "elixir", %{"a" => [1]})
    assert {:ok, nil} = call(session, "put", ["python", {1, 2}])
    assert {:ok, nil} = call(session, "model", ["m", 1])
  end

  defp found_in_both(session) do
    assert {:ok, %{"a" => [1]}} = call(session, "read", ["elixir"])
    assert {:ok, {1, 2}} = call(session, "read", ["python"])
    assert {:ok, {1, 2}} = Session.get(session, "python")
  end

  # Never a silent nil: on neither side, until it is made again or deleted.
  defp lost_in_both(session, words) do
    assert {:error, %Error{code: :variable_lost, class: :resource} = error} =
             Session.get(session, "m")

    assert error.message =~
             ~r/it stayed in worker \d+ of environment std, generation \d, and went with it: #{words}/

    assert {:error, %Error{type: "SessionError"} = error} = call(session, "get", ["m"])
    assert error.message =~ ~r/it stayed in worker \d+ of .*, and went with it: #{words}/
    assert {:error, %Error{code: :variable_lost}} = Session.all(session)
    assert {:ok, ["elixir", "python"]} = Session.keys(session)
    assert {:ok, %{"m" => _}} = call(session, "lost")
    assert {:ok, %{lost: %{"m" => _}, restorations: restorations}} = Session.info(session)
    assert restorations > 0
    assert {:error, %Error{code: :variable_lost}} = Session.update(session, "m", 0, & &1)
    assert {:ok, nil} = call(session, "model", ["m", 5])
    assert {:ok, 6} = call(session, "grow", ["m"])
    assert {:ok, %Envmgr.Ref{}} = Session.get(session, "m")
  end

  test "kill -9 in the midst of a call: what was put is there, objects are lost and say so" do
    %{name: name} = start(workers: 2)
    session = Session.open!(name: name)
    put_in_both(session)
    {:ok, ref} = call(session, "make", [1], as: :ref)
    other = Session.open!(name: name)
    {:ok, other_pid} = call(other, "pid")
    {:ok, pid} = call(session, "pid")
    assert pid != other_pid

    assert {:error, %Error{code: :worker_lost}} = call(session, "put_and_die", ["last", 1])
    assert {:error, %Error{code: :stale_ref} = error} = call(session, "plus", [ref, ref])
    assert error.message =~ "SIGKILL"
    found_in_both(session)
    assert {:ok, other_pid} == call(other, "pid")
    assert :ok = Session.delete(session, "last")
    lost_in_both(session, ".*SIGKILL.* while it ran shared.put_and_die")
    assert {:ok, %{restorations: 1, errors: 3}} = Session.info(session)
  end

  test "with one worker, its successor is waited for" do
    %{name: name} = start(workers: 1)
    session = Session.open!(name: name)
    put_in_both(session)
    {:ok, pid} = call(session, "pid")
    waiting = Envmgr.async("shared.put_and_nap", ["x", 1, 60], session: session)

    assert Project.eventually(fn ->
             match?([%{in_flight: 1}], Envmgr.stats(name)["std"].workers)
           end)

    System.cmd("kill", ["-9", "#{pid}"])
    assert {:error, %Error{code: :worker_lost}} = Envmgr.await(waiting)
    found_in_both(session)
    assert :ok = Session.delete(session, "x")
    lost_in_both(session, ".*SIGKILL")
  end

  test "an upgrade, under load, and its rollback" do
    %{name: name, project: project} = start(workers: 2)

    writers =
      for n <- 1..6 do
        Task.async(fn ->
          Envmgr.with_session([name: name], fn session ->
            for round <- 1..60 do
              assert {:ok, ^round} = call(session, "count", ["n"])
              if rem(round, 20) == 0, do: Process.sleep(100)
            end

            assert :ok = Session.put(session, "who", n)
            assert {:ok, ^n} = call(session, "read", ["who"])
            Session.info(session)
          end)
        end)
      end

    session = Session.open!(name: name)
    put_in_both(session)
    old = Envmgr.stream("shared.ticks", [3], session: session)
    [0] = Enum.take(old, 1)

    for {generation, words} <- [
          {2, "generation 2 took the place of generation 1"},
          {1, "generation 2 was rolled back to generation 1"}
        ] do
      Project.activate(project, "std", generation: generation, workers: 2, libraries: libraries())
      assert Project.eventually(fn -> Envmgr.stats(name)["std"].generation == generation end)
      :ok = Session.delete(session, "tick")
      found_in_both(session)
      lost_in_both(session, words)
    end

    infos = Task.await_many(writers, 60_000)
    assert Enum.all?(infos, &match?({:ok, %{calls: 61, errors: 0}}, &1))
  end

  test "what a worker that drains still puts is the session's" do
    %{name: name, project: project} = start(workers: 1)
    session = Session.open!(name: name)
    slow = Envmgr.async("shared.put_and_nap", ["x", 1, 1.0], session: session)

    assert Project.eventually(fn ->
             match?([%{in_flight: 1}], Envmgr.stats(name)["std"].workers)
           end)

    late = Task.async(fn -> call(session, "later", ["late"]) end)
    Project.activate(project, "std", generation: 2, workers: 1, libraries: libraries())
    assert Project.eventually(fn -> Envmgr.stats(name)["std"].generation == 2 end)
    assert {:ok, 1} = Envmgr.await(slow)
    assert {:ok, "later"} = Task.await(late, 60_000)
    assert {:ok, 1} = call(session, "read", ["x"])
    assert {:ok, %{workers: workers}} = Session.info(session)
    assert 2 in Enum.map(workers, & &1.generation)
  end

  test "the owner's end by kill -9, in the midst of a call" do
    %{name: name} = start(workers: 1)
    test = self()

    owner =
      spawn(fn ->
        session = Session.open!(name: name)
        {:ok, nil} = call(session, "model", ["m", 1])
        send(test, session)
        call(session, "put_and_nap", ["x", 1, 60])
      end)

    assert_receive %Session{} = session

    Project.eventually(fn -> Project.watched(name) > 0 end)
    Process.exit(owner, :kill)

    assert Project.eventually(fn ->
             match?([%{in_flight: 0, refs: 0, sessions: 0}], Envmgr.stats(name)["std"].workers)
           end)

    assert {:error, %Error{code: :session_closed}} = Session.get(session, "x")
    # The worker has lived on.
    assert {:ok, _} = Envmgr.execute("shared.pid", [], name: name)
  end

  test "in a worker of several threads each call has its own session" do
    pools = Project.pools(1, %{"profile" => "thread", "threads" => 4})
    %{name: name} = start(workers: 1, pools: pools)

    1..8
    |> Enum.map(fn n ->
      Task.async(fn ->
        Envmgr.with_session([name: name], fn session ->
          for round <- 1..20 do
            assert {:ok, ^round} = call(session, "count", ["n"])
            assert {:ok, ^round} = Session.get(session, "n")
            assert {:ok, {^n, ^round}} = call(session, "put_and_nap", ["x", {n, round}, 0.001])
            assert {:ok, "later"} = call(session, "later", ["t"])

            assert [0, 1] =
                     "shared.ticks" |> Envmgr.stream([2], session: session) |> Enum.to_list()
          end
        end)
      end)
    end)
    |> Task.await_many(60_000)
  end

  test "a place in each pool, of whatever kind" do
    pools =
      1
      |> Project.pools(%{"queue" => 1})
      |> Map.put("lazy", %{"min" => 1, "max" => 1, "lazy" => true})
      |> Map.put("apart", %{"min" => 1, "max" => 1, "profile" => "call"})
      |> Map.put("none", %{"min" => 1, "max" => 1, "libraries" => []})

    {name, _project} = Project.start(libraries: libraries(), pools: pools)
    session = Session.open!(name: name)
    assert {:ok, 1} = call(session, "count", ["n"])
    assert {:ok, 2} = call(session, "count", ["n"], pool: "lazy")
    for n <- 3..5, do: assert({:ok, ^n} = call(session, "count", ["n"], pool: "apart"))
    assert {:ok, 6} = call(session, "count", ["n"])
    assert {:ok, %{restorations: 0}} = Session.info(session)

    # The rules of the pools are in force.
    assert {:error, %Error{type: "SessionError"}} =
             call(session, "model", ["m", 1], pool: "apart")

    assert {:error, %Error{code: :arguments}} =
             call(session, "make", [1], pool: "apart", as: :ref)

    assert {:error, %Error{code: :arguments} = error} = call(session, "pid", [], pool: "none")
    assert error.message =~ "does not serve shared"

    calls =
      for _ <- 1..10, do: Envmgr.async("shared.put_and_nap", ["x", 1, 0.05], session: session)

    answers = Envmgr.await_many(calls)
    assert {:ok, 1} in answers
    assert Enum.any?(answers, &match?({:error, %Error{code: :overloaded}}, &1))
  end

  test "the instance's end is the sessions'" do
    %{name: name} = start(workers: 1)
    session = Session.open!(name: name)
    assert {:ok, 1} = call(session, "count", ["n"])
    stop_supervised!(name)
    assert {:error, %Error{code: :session_closed}} = Session.get(session, "n")
    assert {:error, %Error{code: :not_ready}} = Session.open(name: name)
  end

  test "an object of an instance that is another's is refused" do
    %{name: name} = start(workers: 1)
    %{name: other} = start(workers: 1)
    ref = Envmgr.execute!("shared.make", [1], name: other, as: :ref)
    session = Session.open!(name: name)
    assert {:error, %Error{code: :arguments}} = Session.put(session, "m", ref)
  end

  test "ten thousand sessions leave a worker as it was" do
    %{name: name} = start(workers: 1)
    [%{os_pid: pid}] = Envmgr.stats(name)["std"].workers

    rounds = fn count ->
      1..8
      |> Enum.map(fn _ ->
        Task.async(fn ->
          for _ <- 1..div(count, 8) do
            Envmgr.with_session([name: name], &call(&1, "put", ["x", String.duplicate("y", 500)]))
          end
        end)
      end)
      |> Task.await_many(120_000)

      assert Project.eventually(fn ->
               match?([%{sessions: 0, refs: 0}], Envmgr.stats(name)["std"].workers)
             end)

      resident(pid)
    end

    before = rounds.(200)
    table = :ets.info(name, :size)
    assert rounds.(800) - before < 4_000_000
    assert :ets.info(name, :size) <= table
  end

  defp resident(pid) do
    [_, pages | _] = "/proc/#{pid}/statm" |> File.read!() |> String.split()
    String.to_integer(pages) * 4096
  end
end
