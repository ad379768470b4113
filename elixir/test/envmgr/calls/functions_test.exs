defmodule Envmgr.Calls.FunctionsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup do
    {name, _} = Project.start(workers: 1)
    Envmgr.execute!("probe.echo", [1], name: name)
    %{name: name}
  end

  defp in_flight(name),
    do: Envmgr.stats(name)["std"].workers |> Enum.map(& &1.in_flight) |> Enum.sum()

  defp settled(name), do: Project.eventually(fn -> in_flight(name) == 0 end)
  defp os_pid(name), do: Envmgr.execute!("probe.pid", [], name: name)
  defp lent(name), do: :ets.match(name, {{:lent, :"$1"}, :_, :_, :_})
  defp call(function, args, name), do: Envmgr.execute("probe.apply", [function, args], name: name)

  test "Python calls a function of any arity, wherever it is in the arguments", %{name: name} do
    assert call(fn -> :none end, [], name) == {:ok, :none}
    assert call(&(&1 + 1), [1], name) == {:ok, 2}
    assert call(&Enum.join/2, [["a", "b"], "-"], name) == {:ok, "a-b"}
    assert call(fn a, b, c, d -> {a, b, c, d} end, [1, 2, 3, 4], name) == {:ok, {1, 2, 3, 4}}

    assert {:ok, 7} =
             Envmgr.execute("probe.apply", %{"function" => &(&1 - &2), "args" => [10, 3]},
               name: name
             )

    assert {:ok, [2, 4, 6]} =
             Envmgr.execute("probe.mapped_by", [%{"f" => [fn x -> 2 * x end]}, [1, 2, 3]],
               name: name
             )

    Project.eventually(fn -> lent(name) == [] end)
  end

  test "named arguments are a map at the end", %{name: name} do
    fun = fn a, named -> {a, named} end

    assert Envmgr.execute("probe.apply", [fun, [1], %{"x" => 2}], name: name) ==
             {:ok, {1, %{"x" => 2}}}

    assert {:error, %Error{code: :exception, type: "ElixirError", message: message}} =
             Envmgr.execute("probe.apply", [fn a -> a end, [1], %{"x" => 2}], name: name)

    assert message =~ "arity 1"
    assert message =~ "a map of the named ones"
  end

  test "what a function raises, throws or exits with is an ElixirError in Python", %{name: name} do
    for {fun, words} <- [
          {fn -> raise ArgumentError, "not that" end, ["ArgumentError", "not that"]},
          {fn -> throw(:ball) end, ["throw", ":ball"]},
          {fn -> exit(:out) end, ["exit", ":out"]},
          {fn -> self() end, ["conversion", "a pid"]},
          {fn _x -> 1 end, ["BadArityError", "arity 1"]},
          {fn -> Process.exit(self(), :kill) end, ["exit", "killed"]}
        ] do
      assert {:error, %Error{code: :exception, type: "ElixirError"} = error} = call(fun, [], name)
      for word <- words, do: assert(Exception.message(error) =~ word)
    end

    settled(name)
    assert call(&(&1 + 1), [1], name) == {:ok, 2}
  end

  test "it runs for the process that passed it", %{name: name} do
    test = self()
    Logger.metadata(request: "r1")

    fun = fn ->
      send(test, {:seen, self(), Process.get(:"$callers"), Logger.metadata()[:request]})
      Process.group_leader() == Process.info(test, :group_leader) |> elem(1)
    end

    assert call(fun, [], name) == {:ok, true}
    assert_receive {:seen, pid, [^test | _], "r1"}
    assert pid != test

    async = Envmgr.async("probe.apply", [fun], name: name)
    assert Envmgr.await(async) == {:ok, true}
    assert_receive {:seen, _, [^test | _], "r1"}
  end

  test "objects come and go back", %{name: name} do
    thing = Envmgr.execute!("probe.Thing", [41], name: name)

    assert call(fn thing -> Envmgr.method(thing, "add", [1]) |> elem(1) end, [thing], name) ==
             {:ok, 42}

    assert {:ok, %Envmgr.Ref{type: "probe.Thing"} = back} = call(fn -> thing end, [], name)
    assert Envmgr.attr(back, "value") == {:ok, 41}
  end

  test "a function calls the same worker, to any depth", %{name: name} do
    pid = os_pid(name)

    assert call(fn x -> Envmgr.execute!("probe.echo", [x], name: name) end, [5], name) == {:ok, 5}

    depth = 50
    assert nested(name, depth) == {:ok, depth}
    assert os_pid(name) == pid
    settled(name)
  end

  defp nested(_name, 0), do: {:ok, 0}

  defp nested(name, depth) do
    with {:ok, n} <- call(fn -> nested(name, depth - 1) |> elem(1) end, [], name),
         do: {:ok, n + 1}
  end

  test "any number of calls whose functions take their time", %{name: name} do
    numbers = Enum.to_list(1..250)

    slow = fn n ->
      Process.sleep(5)
      n
    end

    answers =
      numbers
      |> Enum.map(&Task.async(fn -> call(slow, [&1], name) end))
      |> Task.await_many(30_000)

    assert answers == Enum.map(numbers, &{:ok, &1})
    settled(name)
  end

  test "functions that wait for each other's calls, more than are in each other", %{name: name} do
    test = self()

    # Each waits for another process, whose call comes after all of them.
    waiting = fn n ->
      send(test, {:waits, n, self()})
      receive do: (:go -> n)
    end

    tasks = for n <- 1..80, do: Task.async(fn -> call(waiting, [n], name) end)
    waits = for n <- 1..80, do: receive(do: ({:waits, ^n, pid} -> pid))
    assert {:ok, :through} = Envmgr.execute("probe.echo", [:through], name: name, timeout: 10_000)
    for pid <- waits, do: send(pid, :go)
    assert Task.await_many(tasks, 30_000) == for(n <- 1..80, do: {:ok, n})
  end

  test "threads call it at once", %{name: name} do
    fun = fn n ->
      Process.sleep(50)
      n * n
    end

    assert Envmgr.execute("probe.apply_in_threads", [fun, 20], name: name) ==
             {:ok, for(n <- 0..19, do: n * n)}
  end

  test "a function in a thread calls the worker that waits for the thread", %{name: name} do
    fun = fn n -> Envmgr.execute!("probe.echo", [n], name: name) end

    assert Envmgr.execute("probe.apply_in_threads", [fun, 3], name: name, timeout: 20_000) ==
             {:ok, [0, 1, 2]}
  end

  test "other calls get through while a function thinks", %{name: name} do
    test = self()

    slow =
      Envmgr.async(
        "probe.apply",
        [fn -> send(test, {:thinks, self()}) && receive(do: (:go -> :done)) end],
        name: name
      )

    assert_receive {:thinks, pid}
    for n <- 1..100, do: assert(Envmgr.execute("probe.echo", [n], name: name) == {:ok, n})
    send(pid, :go)
    assert Envmgr.await(slow) == {:ok, :done}
  end

  test "a function that never returns ends with its call", %{name: name} do
    pid = os_pid(name)
    test = self()

    fun = fn ->
      send(test, {:runs, self()})
      Process.sleep(:infinity)
    end

    assert {:error, %Error{code: :timeout}} =
             Envmgr.execute("probe.apply", [fun], name: name, timeout: 3_000)

    assert_receive {:runs, function}
    Project.eventually(fn -> not Process.alive?(function) end)

    call = Envmgr.async("probe.apply", [fun], name: name)
    assert_receive {:runs, function}
    Envmgr.cancel(call)
    assert {:error, %Error{code: :cancelled}} = Envmgr.await(call)
    Project.eventually(fn -> not Process.alive?(function) end)
    settled(name)
    assert os_pid(name) == pid
    Project.eventually(fn -> lent(name) == [] end)
  end

  test "a call that ran inside another's, which was ended, may be made again", %{name: name} do
    test = self()

    waits = fn ->
      send(test, :waits)
      Process.sleep(:infinity)
    end

    outer = Envmgr.async("probe.apply", [waits], name: name)
    assert_receive :waits, 5_000
    file = Path.join(System.tmp_dir!(), "envmgr-inside-#{System.unique_integer([:positive])}")
    on_exit(fn -> File.rm(file) end)
    inner = Envmgr.async("probe.counted", [file, 60], name: name)
    Project.eventually(fn -> File.exists?(file) end)
    Envmgr.cancel(outer)
    assert {:error, %Error{code: :cancelled, class: :usage}} = Envmgr.await(outer)
    assert {:error, %Error{class: :resource, retry: true} = error} = Envmgr.await(inner)
    assert error.hint =~ "may have run in part"
  end

  test "what a function calls ends with it", %{name: name} do
    pid = os_pid(name)
    fun = fn -> Envmgr.execute("probe.spin", [60], name: name) end

    assert {:error, %Error{code: :timeout}} =
             Envmgr.execute("probe.apply", [fun], name: name, timeout: 300)

    settled(name)
    assert os_pid(name) == pid
  end

  test "a function that Python keeps lives as long as the process that passed it", %{name: name} do
    test = self()

    passer =
      spawn(fn ->
        {:ok, nil} = Envmgr.execute("probe.keep_function", [&(&1 * 10)], name: name)
        send(test, :kept)
        Process.sleep(:infinity)
      end)

    assert_receive :kept
    assert Envmgr.execute("probe.call_kept", [4], name: name) == {:ok, 40}
    assert length(lent(name)) == 1
    Process.exit(passer, :kill)
    Project.eventually(fn -> lent(name) == [] end)

    assert {:error, %Error{code: :exception, type: "ElixirError", message: message}} =
             Envmgr.execute("probe.call_kept", [4], name: name)

    assert message =~ "the function is gone"
  end

  test "what Python keeps no longer is forgotten, though the passing process lives", %{name: name} do
    assert {:ok, nil} = Envmgr.execute("probe.keep_function", [&(&1 + 1)], name: name)
    assert length(lent(name)) == 1
    assert {:ok, nil} = Envmgr.execute("probe.keep_function", [nil], name: name)
    Project.eventually(fn -> lent(name) == [] end)

    for n <- 1..200, do: assert(call(&(&1 + n), [1], name) == {:ok, 1 + n})
    Project.eventually(fn -> lent(name) == [] end)
  end

  test "a call that is taken back takes its functions along", %{name: name} do
    {gate, open} = Project.gate()
    nap = Envmgr.async("probe.nap", [gate], name: name)
    Process.sleep(200)

    assert {:error, %Error{code: :timeout}} =
             Envmgr.execute("probe.apply", [fn -> 1 end], name: name, timeout: 50)

    Project.eventually(fn -> lent(name) == [] end)
    open.()
    assert Envmgr.await(nap) == {:ok, nil}
  end

  test "a worker that ends takes the functions along", %{name: name} do
    assert {:ok, nil} = Envmgr.execute("probe.keep_function", [&(&1 + 1)], name: name)
    test = self()

    call =
      Envmgr.async(
        "probe.apply",
        [fn -> send(test, {:runs, self()}) && Process.sleep(:infinity) end],
        name: name
      )

    assert_receive {:runs, function}
    [%{os_pid: pid}] = Envmgr.stats(name)["std"].workers
    System.cmd("kill", ["-9", "#{pid}"])
    assert {:error, %Error{code: :worker_lost}} = Envmgr.await(call)
    Project.eventually(fn -> lent(name) == [] and not Process.alive?(function) end)
  end

  test "a worker that is to end answers the calls whose functions still run" do
    {name, project} = Project.start(workers: 1)
    Envmgr.execute!("probe.echo", [1], name: name)
    test = self()

    call =
      Envmgr.async(
        "probe.apply",
        [fn -> send(test, {:runs, self()}) && receive(do: (:go -> :done)) end],
        name: name
      )

    assert_receive {:runs, function}
    Project.activate(project, "std", generation: 2, workers: 1)

    Project.eventually(fn -> Envmgr.execute("probe.generation", [], name: name) == {:ok, "2"} end)

    send(function, :go)
    assert Envmgr.await(call, 10_000) == {:ok, :done}
  end

  test "a function may return a function", %{name: name} do
    assert Envmgr.execute("probe.apply_twice", [fn a -> fn b -> a + b end end, 1, 2], name: name) ==
             {:ok, 3}
  end

  describe "enumerables" do
    test "streams are iterators, lists stay lists", %{name: name} do
      stream = Stream.map(1..5, &(&1 * 2))
      assert Envmgr.execute("probe.consume", [stream], name: name) == {:ok, [2, 4, 6, 8, 10]}
      assert Envmgr.execute("probe.type_name", [[1]], name: name) == {:ok, "list"}

      assert Envmgr.execute("probe.consume", [Envmgr.items(%{a: 1})], name: name) ==
               {:ok, [{:a, 1}]}

      assert Envmgr.execute("probe.consume", [Envmgr.items([])], name: name) == {:ok, []}

      assert {:ok, total} =
               Envmgr.execute("math.fsum", [Stream.take(Stream.cycle([1]), 10_000)], name: name)

      assert total == 10_000.0
      Project.eventually(fn -> lent(name) == [] end)
    end

    test "they go with their call to the successor of a worker that ends", %{name: name} do
      pid = os_pid(name)
      busy = Task.async(fn -> Envmgr.execute("probe.nap", [60], name: name) end)
      Project.eventually(fn -> in_flight(name) == 1 end)
      # What comes behind a slow call is not written.
      Process.sleep(100)
      items = Envmgr.items(Stream.map(1..3, & &1))
      waits = Task.async(fn -> Envmgr.execute("probe.consume", [items], name: name) end)
      Project.eventually(fn -> in_flight(name) == 2 end)
      System.cmd("kill", ["-KILL", "#{pid}"])
      assert {:error, %Error{code: :worker_lost}} = Task.await(busy, 30_000)
      assert {:ok, [1, 2, 3]} = Task.await(waits, 30_000)
      settled(name)
      assert lent(name) == []
    end

    test "they run only as far as they are read, and close", %{name: name} do
      test = self()
      read = :counters.new(1, [])

      stream =
        Stream.resource(
          fn -> 0 end,
          fn n ->
            :counters.add(read, 1, 1)
            {[n], n + 1}
          end,
          fn _ -> send(test, :closed) end
        )

      assert Envmgr.execute("probe.consume", [Envmgr.items(stream), 3], name: name) ==
               {:ok, [0, 1, 2]}

      assert_receive :closed
      assert :counters.get(read, 1) < 100_000
    end

    test "what an enumerable raises reaches Python", %{name: name} do
      stream = Stream.map(1..5, fn n -> if n == 4, do: raise("four"), else: n end)

      assert {:error, %Error{type: "ElixirError"} = error} =
               Envmgr.execute("probe.consume", [stream], name: name)

      assert Exception.message(error) =~ "four"
    end

    test "a file's lines and its bytes", %{name: name} do
      path = Project.path("lines")
      content = Enum.map_join(1..10_000, &"line #{&1}\n")
      File.write!(path, content)

      assert {:ok, lines} = Envmgr.execute("probe.consume", [File.stream!(path)], name: name)
      assert Enum.join(lines) == content

      file = Envmgr.io(File.stream!(path, [], 1_000))

      assert {:ok, %Envmgr.Bytes{data: ^content}} =
               Envmgr.execute("probe.read", [file], name: name)

      file = Envmgr.io(File.stream!(path, [], 1_000))
      start = binary_part(content, 0, 7)

      assert {:ok, %Envmgr.Bytes{data: ^start}} =
               Envmgr.execute("probe.read", [file, 7], name: name)

      pieces = Envmgr.io(["ab", "", Envmgr.bytes("c"), String.duplicate("d", 200_000)])

      assert {:ok, %Envmgr.Bytes{data: "abcd" <> _ = data}} =
               Envmgr.execute("probe.read", [pieces], name: name)

      assert byte_size(data) == 200_003

      assert {:error, %Error{} = error} =
               Envmgr.execute("probe.read", [Envmgr.io([1, 2])], name: name)

      assert Exception.message(error) =~ "which is no binary"
    end

    test "an enumerable that Python keeps ends with the process that passed it", %{name: name} do
      test = self()

      passer =
        spawn(fn ->
          stream = Stream.resource(fn -> 1 end, &{[&1], &1 + 1}, fn _ -> send(test, :closed) end)

          {:ok, first} = Envmgr.execute("probe.keep_first", [Envmgr.items(stream)], name: name)
          send(test, {:first, first})
          Process.sleep(:infinity)
        end)

      assert_receive {:first, 1}
      assert {:ok, 2} = Envmgr.execute("probe.next_kept", [], name: name)
      Process.exit(passer, :kill)
      assert_receive :closed
      Project.eventually(fn -> lent(name) == [] end)
    end

    test "an enumerable may itself call the worker", %{name: name} do
      stream = Stream.map(1..20, &Envmgr.execute!("probe.echo", [&1], name: name))
      assert Envmgr.execute("probe.consume", [stream], name: name) == {:ok, Enum.to_list(1..20)}
    end

    test "a stream from Python goes back into Python", %{name: name} do
      ticks = Envmgr.stream("probe.ticks", [1_000, "back"], name: name)

      assert Envmgr.execute("probe.consume", [Envmgr.items(ticks)], name: name) ==
               {:ok, Enum.to_list(0..999)}
    end
  end
end
