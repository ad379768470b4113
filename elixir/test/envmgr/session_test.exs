defmodule Envmgr.SessionTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Error, Ref, Session}
  alias Envmgr.Test.Project

  setup_all do
    project = Path.join(System.tmp_dir!(), "envmgr-sessions-#{System.pid()}")
    libraries = Map.new(~w(probe shared), &{&1, Project.library(&1)})
    Project.activate(project, "std", libraries: libraries)
    Project.activate(project, "other", libraries: %{"elsewhere" => Project.library("shared")})
    name = :sessions_of_test
    start_supervised!({Envmgr, name: name, project: project, watch: false, start_timeout: 60_000})
    on_exit(fn -> File.rm_rf!(project) end)
    ready(name, "std", 2)
    %{name: name}
  end

  defp ready(name, environment, count),
    do: Project.eventually(fn -> length(Envmgr.stats(name)[environment].workers) == count end)

  setup %{name: name}, do: %{session: Session.open!(name: name)}

  defp call(session, function, args \\ [], opts \\ []),
    do: Envmgr.execute("shared.#{function}", args, [session: session] ++ opts)

  defp code({:error, %Error{code: code}}), do: code
  defp code(_fine), do: nil

  describe "variables" do
    test "go both ways, and come back as they would from a call", %{session: session} do
      value = %{"a" => [1, 2.5, nil], "b" => {1, MapSet.new([2])}, "c" => ~D[2026-01-02]}
      assert :ok = Session.put(session, "x", value)
      assert {:ok, ^value} = call(session, "read", ["x"])
      assert {:ok, ^value} = Session.get(session, "x")
      assert {:ok, nil} = call(session, "put", ["y", value])
      assert {:ok, ^value} = Session.get(session, :y)
      assert {:ok, ["x", "y"]} = Session.keys(session)
      assert {:ok, ["x", "y"]} = call(session, "names")
      assert {:ok, %{"x" => ^value, "y" => ^value}} = Session.all(session)
      assert :ok = Session.delete(session, "x")
      assert {:ok, nil} = call(session, "delete", ["y"])
      assert {:ok, []} = Session.keys(session)
      assert {:ok, 7} = Session.get(session, "x", 7)
      assert {:ok, 7} = call(session, "get", ["x", 7])
      assert session |> Session.put!("n", nil) |> Session.get!("n", 1) == nil
    end

    test "in coroutines, threads, streams and functions that Python calls", %{session: session} do
      assert {:ok, "later"} = call(session, "later", ["x"])
      assert {:ok, "later"} = Session.get(session, "x")
      assert {:ok, "thread"} = call(session, "in_thread", ["x"])
      async = Envmgr.async("shared.count", ["n"], session: session)
      assert {:ok, 1} = Envmgr.await(async)
      assert [0, 1, 2] = "shared.ticks" |> Envmgr.stream([3], session: session) |> Enum.to_list()
      assert {:ok, 2} = Session.get(session, "tick")

      asked = fn _ ->
        {:ok, 1} = Session.get(session, "asked")
        Envmgr.execute!("shared.count", ["n"], session: session)
      end

      assert {:ok, 2} = call(session, "ask", [asked])
      assert {:ok, %{active: 0, calls: 6, errors: 0}} = Session.info(session)
      chain = [{:call, "shared.read", ["n"]}, {:op, :+, 1}]
      assert {:ok, 3} = Envmgr.execute(chain, [], session: session)
    end

    test "of many calls in one", %{session: session} do
      assert List.duplicate({:ok, nil}, 50) ==
               Envmgr.map("shared.put", for(n <- 1..50, do: ["v#{n}", n]), session: session)

      items = for n <- 1..50, do: ["v#{n}"]
      assert for(n <- 1..50, do: {:ok, n}) == Envmgr.map("shared.read", items, session: session)
      assert {:ok, %{active: 0, errors: 0}} = Session.info(session)
    end

    test "a call of a session is neither kept nor asked of two workers", %{session: session} do
      opts = [session: session, cache: true, hedge: 1, idempotent: true]
      for n <- 1..3, do: assert({:ok, ^n} = Envmgr.execute("shared.count", ["n"], opts))
    end

    test "no call without a session has one", %{name: name, session: session} do
      assert {:ok, nil} = Envmgr.execute("shared.optional", [], name: name)
      assert {:ok, session.id} == call(session, "optional")

      assert {:error, %Error{type: "SessionError"} = error} =
               Envmgr.execute("shared.read", ["x"], name: name)

      assert error.message =~ "the option session"
    end

    test "what cannot be sent stays, as an object", %{session: session} do
      assert {:ok, nil} = call(session, "model", ["m", 1])
      assert {:ok, %Ref{type: "shared.Model"} = ref} = Session.get(session, "m")
      assert {:ok, 2} = Envmgr.method(ref, "grow")
      assert {:ok, 3} = call(session, "grow", ["m"])
      assert {:ok, nil} = call(session, "keep", ["list", [1]])
      assert {:ok, %Ref{type: "builtins.list"}} = Session.get(session, "list")
      assert {:ok, %{refs: 2, variables: 2, bytes: 0}} = Session.info(session)
      # The ref was the variable's.
      assert {:ok, nil} = call(session, "put", ["m", 1])
      assert {:ok, 1} = Session.get(session, "m")
      assert {:error, %Error{code: :stale_ref} = error} = Envmgr.method(ref, "grow")
      assert error.message =~ ~s(when the variable "m" of session #{session.id} got another value)
      assert {:ok, %{refs: 1}} = Session.info(session)
    end

    test "an object becomes a variable by its ref", %{session: session, name: name} do
      ref = Envmgr.execute!("shared.make", [1], name: name, as: :ref)
      assert :ok = Session.put(session, "m", ref)
      assert {:ok, ^ref} = Session.get(session, "m")
      assert {:ok, 2} = call(session, "grow", ["m"])
      assert {:ok, 3} = Envmgr.method(ref, "grow")
      assert :conversion = code(Session.put(session, "list", [ref]))
      assert :ok = Session.close(session)
      assert Project.eventually(fn -> code(Envmgr.method(ref, "grow")) == :stale_ref end)
      assert {:error, error} = Envmgr.method(ref, "grow")
      assert error.message =~ "the session #{session.id}, which owned it, ended"
      assert :stale_ref = code(Session.put(Session.open!(name: name), "m", ref))
    end

    test "what is none is refused with its place", %{session: session} do
      assert {:error, %Error{code: :conversion} = error} =
               Session.put(session, "x", %{"a" => [1, self()]})

      assert error.message =~ ~s(x["a"][1]: a pid)
      assert error.details == %{session: session.id}
      assert :conversion = code(Session.put(session, "x", fn -> 1 end))
      assert :conversion = code(Session.put(session, "x", Stream.cycle([1])))

      for name <- ["", nil, 1, <<255>>],
          do: assert(:arguments = code(Session.put(session, name, 1)))

      assert_raise Error, fn -> Session.put!(session, "", 1) end
      assert_raise Error, fn -> Session.get!(session, "") end
    end

    test "are updated one after the other, by many at once on both sides", %{session: session} do
      tasks =
        for n <- 1..40 do
          Task.async(fn ->
            {:ok, _} = Session.update(session, "n", 0, &(&1 + 1))
            :ok = Session.put(session, "of #{n}", n)
            {:ok, nil} = call(session, "put", ["python #{n}", n])
            {:ok, ^n} = call(session, "read", ["of #{n}"])
            {:ok, ^n} = Session.get(session, "python #{n}")
          end)
        end

      Task.await_many(tasks, 60_000)
      assert {:ok, 40} = Session.get(session, "n")
      assert {:ok, names} = Session.keys(session)
      assert length(names) == 81
      assert {:ok, ^names} = call(session, "names")
    end

    test "both sides agree in the end, whoever wrote last", %{session: session} do
      for round <- 1..20 do
        writers = [
          Task.async(fn -> for n <- 1..5, do: Session.put(session, "x", {round, n, "elixir"}) end),
          Task.async(fn ->
            for n <- 1..5, do: call(session, "put", ["x", {round, n, "python"}])
          end),
          Task.async(fn -> for _ <- 1..5, do: Session.delete(session, "x") end)
        ]

        Task.await_many(writers, 60_000)
        {:ok, here} = Session.get(session, "x")
        assert {:ok, ^here} = call(session, "get", ["x"])
      end
    end
  end

  describe "workers" do
    test "what Python put before it had heard of a later word is said again", %{session: session} do
      :ok = Session.put(session, "x", 0)
      {:ok, _} = call(session, "pid")
      late = Envmgr.async("shared.nap_and_put", ["x", 1, 0.3], session: session)
      assert Project.eventually(fn -> match?({:ok, %{active: 1}}, Session.info(session)) end)
      # The worker gets it while it naps, and takes it on after its own.
      :ok = Session.put(session, "x", 2)
      next = Envmgr.async("shared.read", ["x"], session: session)
      assert {:ok, nil} = Envmgr.await(late)
      assert {:ok, _either} = Envmgr.await(next)
      assert {:ok, 1} = Session.get(session, "x")
      assert {:ok, 1} = call(session, "read", ["x"])
    end

    test "no call overtakes what its session has to say", %{name: name, session: session} do
      {:ok, %Ref{owner: owner}} = call(session, "make", [1], as: :ref)
      # It writes ahead what was quick.
      for _ <- 1..10, do: {:ok, _} = call(session, "pid")
      true = :erlang.suspend_process(owner)
      waiting = fn -> elem(Process.info(owner, :message_queue_len), 1) end
      calls = for _ <- 1..3, do: Envmgr.async("shared.pid", [], session: session)
      assert Project.eventually(fn -> waiting.() >= 6 end)
      :ok = Session.put(session, "x", 1)
      read = Envmgr.async("shared.read", ["x"], session: session)
      assert Project.eventually(fn -> waiting.() >= 9 end)
      true = :erlang.resume_process(owner)
      assert {:ok, 1} = Envmgr.await(read)
      assert [{:ok, _} | _] = Envmgr.await_many(calls)
      assert {:ok, _} = Envmgr.execute("shared.pid", [], name: name)
    end

    test "a session's calls are in one, and its objects are used together under load", %{
      name: name
    } do
      noise = for _ <- 1..4, do: spawn_link(fn -> noise(name) end)

      tasks =
        for n <- 1..12 do
          Task.async(fn ->
            Envmgr.with_session([name: name], fn session ->
              for round <- 1..10 do
                ones = for k <- 1..4, do: call(session, "make", [k], as: :ref)
                assert Enum.all?(ones, &match?({:ok, %Ref{}}, &1))
                [one, two | _] = Enum.map(ones, &elem(&1, 1))
                assert {:ok, %Ref{} = sum} = call(session, "plus", [one, two])
                assert {:ok, 3} = Envmgr.attr(sum, "n", session: session)
                assert {:ok, nil} = call(session, "put", ["n", {n, round}])
                assert {:ok, {^n, ^round}} = call(session, "read", ["n"])
              end

              {:ok, pid} = call(session, "pid")
              pid
            end)
          end)
        end

      pids = Task.await_many(tasks, 60_000)
      for pid <- noise, do: Process.unlink(pid) && Process.exit(pid, :kill)
      # Six each, but for what was on its way.
      assert [one, two] = pids |> Enum.frequencies() |> Map.values()
      assert min(one, two) >= 3
    end

    defp noise(name) do
      Envmgr.execute!("probe.echo", [1], name: name)
      noise(name)
    end

    test "new sessions go where fewer are", %{name: name} do
      ready(name, "std", 2)
      # Those of other tests are gone.
      Project.eventually(fn -> sessions(name) <= 1 end)
      sessions = for _ <- 1..20, do: Session.open!(name: name)
      pids = for session <- sessions, do: call(session, "pid")
      assert [one, two] = pids |> Enum.frequencies() |> Map.values()
      assert abs(one - two) <= 4
      assert {:ok, %{workers: [%{environment: "std", home: true}]}} = Session.info(hd(sessions))
    end

    test "one for each environment", %{session: session} do
      assert {:ok, 1} = call(session, "count", ["n"])
      assert {:ok, 2} = Envmgr.execute("elsewhere.count", ["n"], session: session)
      assert {:ok, 3} = call(session, "count", ["n"])
      assert {:ok, nil} = call(session, "model", ["m", 1])

      assert {:error, %Error{type: "SessionError"} = error} =
               Envmgr.execute("elsewhere.grow", ["m"], session: session)

      assert error.message =~ ~r/"?'m'.* stays in worker \d+ of environment std, generation 1/
      assert {:ok, %{"m" => _}} = Envmgr.execute("elsewhere.lost", [], session: session)
      assert {:ok, %{workers: workers}} = Session.info(session)
      assert ["other", "std"] = workers |> Enum.map(& &1.environment) |> Enum.sort()
    end

    test "with prefer another is taken while that one is busy", %{name: name} do
      ready(name, "std", 2)
      session = Session.open!(name: name, affinity: :prefer)
      assert {:ok, home} = call(session, "pid")
      :ok = Session.put(session, "x", 1)
      {busy, function} = busy(session)
      assert {:ok, other} = call(session, "pid")
      assert other != home
      assert {:ok, 1} = call(session, "read", ["x"])
      send(function, :go)
      assert {:ok, 1} = Envmgr.await(busy)
      assert Project.eventually(fn -> call(session, "pid") == {:ok, home} end)

      # An object is in one worker.
      assert {:ok, nil} = call(session, "model", ["m", 1])
      {busy, function} = busy(session)
      assert {:ok, 2} = call(session, "grow", ["m"])
      send(function, :go)
      assert {:ok, 1} = Envmgr.await(busy)
    end

    test "with strict it is waited for", %{name: name, session: session} do
      ready(name, "std", 2)
      assert {:ok, home} = call(session, "pid")
      {busy, function} = busy(session)
      assert {:ok, ^home} = call(session, "pid")
      send(function, :go)
      assert {:ok, 1} = Envmgr.await(busy)
    end
  end

  # A call of the session that is under way until the process that is given gets `:go`.
  defp busy(session) do
    test = self()

    function = fn _ ->
      send(test, {:runs, self()})
      receive do: (:go -> 1)
    end

    call = Envmgr.async("shared.ask", [function], session: session)
    assert_receive {:runs, function}
    {call, function}
  end

  describe "life" do
    test "of one with its owner", %{name: name} do
      test = self()

      owner =
        spawn(fn ->
          session = Session.open!(name: name)
          {:ok, ref} = call(session, "make", [1], as: :ref)
          send(test, {session, ref})
          Process.sleep(:infinity)
        end)

      assert_receive {session, ref}
      assert {:ok, 1} = call(session, "count", ["n"])
      assert {:ok, 2} = Envmgr.method(ref, "grow")
      Process.exit(owner, :kill)
      assert Project.eventually(fn -> match?({:error, _}, Session.info(session)) end)
      assert {:error, %Error{code: :session_closed} = error} = call(session, "count", ["n"])
      assert error.message =~ "when the process that owned it, #{inspect(owner)}, ended"
      assert error.path == "shared.count"
      assert :session_closed = code(Session.get(session, "n"))
      assert Project.eventually(fn -> code(Envmgr.method(ref, "grow")) == :stale_ref end)
      assert Session.find(session.id, name) == nil
    end

    test "a session that was given away lives on with the other", %{name: name} do
      test = self()
      spawn(fn -> send(test, {Session.open!(name: name), Process.sleep(100)}) end)
      # Whoever opened it gives it away before it ends.
      {pid, monitor} =
        spawn_monitor(fn ->
          session = Session.open!(name: name)
          :ok = Session.give_away(session, test)
          send(test, {:given, session})
        end)

      assert_receive {:given, session}
      assert_receive {:DOWN, ^monitor, _, ^pid, _}
      assert {:ok, %{owner: ^test}} = Session.info(session)
      assert :ok = Session.touch(session)
    end

    test "by name, found by others and opened once", %{name: name} do
      session = Session.open!(name: name, id: "user-42", owner: nil, idle: 60_000)
      assert {:ok, ^session} = Session.open(name: name, id: "user-42", max_refs: 1)

      opened =
        for _ <- 1..20,
            do:
              Task.async(fn ->
                Session.open!(name: name, id: "together", owner: nil, ttl: 60_000)
              end)

      assert [together] = opened |> Task.await_many(60_000) |> Enum.uniq()
      assert session == Session.find("user-42", name)
      assert Enum.all?([session, together], &(&1 in Session.list(name)))
      assert inspect(session) == "#Envmgr.Session<user-42>"
      for one <- [session, together], do: assert(:ok = Session.close(one))
      assert :ok = Session.close(session)
      assert Session.find("user-42", name) == nil
      again = Session.open!(name: name, id: "user-42")
      assert again.pid != session.pid
      assert {:error, %Error{message: message}} = Session.get(session, "x")
      assert message =~ "was closed"
    end

    test "with_session closes whatever happens", %{name: name} do
      assert {:kept, session} = Envmgr.with_session([name: name], &{:kept, &1})
      assert :session_closed = code(Session.info(session))

      assert_raise RuntimeError, "no", fn ->
        Envmgr.with_session([name: name, id: "raising"], fn _ -> raise "no" end)
      end

      assert Session.find("raising", name) == nil
      assert_raise Error, fn -> Envmgr.with_session([wrong: 1], fn _ -> :ok end) end
    end

    test "it expires", %{name: name} do
      busy = Session.open!(name: name, idle: 1_500)
      {call, function} = busy(busy)
      resting = Session.open!(name: name, idle: 2_000)
      living = Session.open!(name: name, ttl: 60)
      ended? = &(not Process.alive?(&1.pid))
      assert Project.eventually(fn -> Enum.all?([resting, living], ended?) end)
      assert {:error, %Error{code: :session_expired} = error} = call(resting, "count", ["n"])
      assert error.message =~ "nothing was done with it for 2000 ms"
      assert {:error, %Error{code: :session_expired} = error} = Session.put(living, "x", 1)
      assert error.message =~ "it lived for 60 ms"
      # What has a call does not rest.
      refute ended?.(busy)
      send(function, :go)
      assert {:ok, 1} = Envmgr.await(call)
      assert Project.eventually(fn -> ended?.(busy) end)
    end

    test "limits", %{name: name} do
      session = Session.open!(name: name, max_variables: 2, max_bytes: 100, max_refs: 3)
      assert :ok = Session.put(session, "a", 1)
      assert {:ok, nil} = call(session, "put", ["b", 2])
      assert {:error, %Error{code: :session_limit} = error} = Session.put(session, "c", 3)
      assert error.message =~ "2 variables"
      assert {:error, %Error{type: "SessionError"} = error} = call(session, "put", ["c", 3])
      assert error.message =~ "2 variables"

      assert {:error, %Error{message: message}} =
               Session.put(session, "a", String.duplicate("x", 200))

      assert message =~ ~s(100 bytes that they may: "a" takes 202)

      assert {:error, %Error{message: message}} =
               call(session, "put", ["a", String.duplicate("x", 200)])

      assert message =~ "100 bytes"
      assert {:ok, 1} = Session.get(session, "a")

      refs = for n <- 1..3, do: Envmgr.execute!("shared.make", [n], session: session, as: :ref)
      assert {:error, %Error{code: :session_limit} = error} = call(session, "make", [4], as: :ref)
      assert error.message =~ "3 objects"
      assert :ok = Envmgr.release(hd(refs))
      assert Project.eventually(fn -> match?({:ok, _}, call(session, "make", [4], as: :ref)) end)
    end

    test "options that are none", %{name: name, session: session} do
      for {opts, words} <- [
            {[id: ""], "id"},
            {[idle: 0], "idle"},
            {[max_bytes: 1_000_000_000], "max_bytes"},
            {[owner: nil], "needs idle or ttl"},
            {[affinty: :strict], "did you mean affinity"},
            {[owner: 1, name: nil], "owner: it is a process, or nil for nobody; nil is no value"},
            {:no, "is no keyword list"}
          ] do
        assert {:error, %Error{code: :arguments} = error} = Session.open(opts)
        assert error.message =~ words
      end

      assert {:error, %Error{code: :not_ready}} = Session.open(name: :no_such_instance)
      assert Session.find("x", :no_such_instance) == nil

      assert {:error, %Error{message: message}} =
               Envmgr.execute("shared.pid", [], session: session, name: Envmgr)

      assert message =~ "is of the instance #{inspect(name)}, not of Envmgr"
      assert {:error, %Error{code: :arguments}} = Envmgr.execute("shared.pid", [], session: "x")
    end

    test "the process of a session that dies takes nothing along", %{name: name, session: session} do
      before = sessions(name)
      other = Session.open!(name: name)
      assert {:ok, nil} = call(session, "model", ["m", 1])
      assert {:ok, ref} = Session.get(session, "m")
      assert {:ok, 1} = call(other, "count", ["n"])
      Process.exit(session.pid, :kill)
      assert Project.eventually(fn -> match?({:error, _}, Session.info(session)) end)
      assert {:error, %Error{code: :session_closed} = error} = call(session, "count", ["n"])
      assert error.message =~ "has crashed: killed"
      assert {:ok, 2} = call(other, "count", ["n"])
      assert Project.eventually(fn -> code(Envmgr.method(ref, "grow")) == :stale_ref end)
      assert :ok = Session.close(other)
      assert Project.eventually(fn -> sessions(name) <= before end)

      # Nor does that of the keeper.
      [{:sessions, keeper}] = :ets.lookup(name, :sessions)
      third = Session.open!(name: name, id: "third")
      Process.exit(keeper, :kill)

      assert Project.eventually(fn ->
               match?([{_, pid}] when pid != keeper, :ets.lookup(name, :sessions))
             end)

      assert {:ok, ^third} = Session.open(name: name, id: "third")
      assert :ok = Session.close(third)
    end

    defp sessions(name),
      do: Envmgr.stats(name)["std"].workers |> Enum.map(&(&1.sessions || 0)) |> Enum.sum()

    test "a thousand at once, and nothing is left", %{name: name, session: mine} do
      test = self()

      1..1_000
      |> Enum.map(fn n ->
        spawn_link(fn ->
          session = Session.open!(name: name)
          {:ok, ^n} = call(session, "get", ["x", n], timeout: 150_000)
          {:ok, nil} = call(session, "put", ["n", n], timeout: 150_000)
          {:ok, ^n} = Session.get(session, "n")
          send(test, :done)
        end)
      end)
      |> Enum.each(fn _ -> assert_receive :done, 150_000 end)

      assert Project.eventually(fn -> Session.list(name) == [mine] end)

      assert Project.eventually(fn -> sessions(name) <= 1 end)
    end
  end
end
