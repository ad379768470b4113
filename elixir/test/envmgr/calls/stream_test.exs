defmodule Envmgr.Calls.StreamTest do
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

  defp closed(name, tag),
    do:
      Project.eventually(fn ->
        Envmgr.execute("probe.closed", [tag], name: name) == {:ok, true}
      end)

  defp ticks(name, args), do: Envmgr.stream("probe.ticks", args, name: name)

  test "generators, async generators and whatever can be iterated", %{name: name} do
    assert ticks(name, [10_000]) |> Enum.to_list() == Enum.to_list(0..9_999)
    assert Envmgr.stream("probe.aticks", [300], name: name) |> Enum.sum() == Enum.sum(0..299)

    assert Envmgr.stream("probe.echo", [[1, [2], "x"]], name: name) |> Enum.to_list() == [
             1,
             [2],
             "x"
           ]

    assert Envmgr.stream("probe.echo", [[]], name: name) |> Enum.to_list() == []
    assert ticks(name, [0]) |> Enum.to_list() == []
    settled(name)
  end

  test "an object is iterated, each time anew", %{name: name} do
    ref = Envmgr.execute!("probe.echo", [[1, 2, 3]], name: name, as: :ref)
    assert Enum.to_list(Envmgr.stream(ref)) == [1, 2, 3]
    assert Enum.to_list(Envmgr.stream(ref)) == [1, 2, 3]
    generator = Envmgr.execute!("probe.ticks", [5], name: name, as: :ref)
    assert generator |> Envmgr.stream() |> Enum.take(2) == [0, 1]
    generator = Envmgr.execute!("probe.aticks", [3], name: name, as: :ref)
    assert generator |> Envmgr.stream() |> Enum.to_list() == [0, 1, 2]
    settled(name)
  end

  test "a chain's value is iterated", %{name: name} do
    stream = Envmgr.stream([{:call, "probe.echo", ["a b c"]}, {:method, "split"}], [], name: name)
    assert Enum.to_list(stream) == ["a", "b", "c"]
  end

  test "ten million items, a thousand taken: closed soon, little held", %{name: name} do
    stream = ticks(name, [10_000_000, "million"])
    assert stream |> Enum.take(1_000) == Enum.to_list(0..999)
    closed(name, "million")
    settled(name)
    {:memory, memory} = Process.info(self(), :memory)
    assert memory < 50_000_000
  end

  test "nothing is called before it is enumerated; each enumeration is a call", %{name: name} do
    stream = ticks(name, [3, "twice"])
    assert Envmgr.execute("probe.closed", ["twice"], name: name) == {:ok, false}
    assert Enum.to_list(stream) == [0, 1, 2]
    assert Enum.to_list(stream) == [0, 1, 2]
  end

  test "streams beside each other, and zipped", %{name: name} do
    one = ticks(name, [100])
    other = Envmgr.stream("probe.aticks", [50], name: name)
    assert Enum.zip(one, other) == for(n <- 0..49, do: {n, n})
    assert Stream.zip(one, one) |> Enum.take(5) == for(n <- 0..4, do: {n, n})

    tasks = for n <- 1..5, do: Task.async(fn -> ticks(name, [n * 1_000]) |> Enum.count() end)
    assert Task.await_many(tasks, 60_000) == for(n <- 1..5, do: n * 1_000)
    settled(name)
  end

  test "calls go through beside an open stream", %{name: name} do
    ticks(name, [1_000_000, "open"])
    |> Stream.each(fn n ->
      if rem(n, 100) == 0, do: assert(Envmgr.execute("probe.echo", [n], name: name) == {:ok, n})
    end)
    |> Enum.take(1_000)

    closed(name, "open")
  end

  test "what the generator raises is raised, after the items before it", %{name: name} do
    test = self()

    error =
      assert_raise Error, fn ->
        Envmgr.stream("probe.broken_ticks", [3], name: name)
        |> Enum.each(&send(test, {:item, &1}))
      end

    assert %{code: :exception, type: "ValueError", path: "probe.broken_ticks"} = error
    for n <- 0..2, do: assert_received({:item, ^n})
    assert_raise Error, fn -> Enum.to_list(Envmgr.stream("probe.echo", [1], name: name)) end
    assert_raise Error, fn -> Enum.to_list(Envmgr.stream("probe.ecco", [1], name: name)) end
    assert_raise Error, fn -> Enum.to_list(Envmgr.stream("probe.ticks", [1], :fast)) end
    assert_raise Error, fn -> Enum.to_list(Envmgr.stream("probe.fail", ["no"], name: name)) end
    settled(name)
    refute_received {:item, _}
  end

  test "a consumer that fails, or dies, closes the generator", %{name: name} do
    assert catch_throw(ticks(name, [1_000_000, "thrown"]) |> Enum.each(fn _ -> throw(:out) end)) ==
             :out

    closed(name, "thrown")

    test = self()

    consumer =
      spawn(fn ->
        ticks(name, [1_000_000, "dead"])
        |> Enum.each(fn n ->
          if n == 10, do: send(test, :consuming) && Process.sleep(:infinity)
        end)
      end)

    assert_receive :consuming
    Process.exit(consumer, :kill)
    closed(name, "dead")
    settled(name)
    refute_received _
  end

  test "the first item is not kept until there is a second one", %{name: name} do
    assert Envmgr.stream("probe.greet_and_sleep", [600], name: name) |> Enum.take(1) == ["hello"]
    settled(name)
  end

  test "the deadline is for each chunk", %{name: name} do
    stream = Envmgr.stream("probe.ticks", [6, "slow", 0.1], name: name, timeout: 20_000)
    assert Enum.to_list(stream) == Enum.to_list(0..5)

    stream = Envmgr.stream("probe.ticks", [6, "late", 30], name: name, timeout: 2_500)
    assert %Error{code: :timeout} = assert_raise(Error, fn -> Enum.to_list(stream) end)
    closed(name, "late")

    stream = Envmgr.stream("probe.aticks", [6, "alate", 30], name: name, timeout: 2_500)
    assert %Error{code: :timeout} = assert_raise(Error, fn -> Enum.to_list(stream) end)
    closed(name, "alate")
    settled(name)
  end

  test "a worker that dies in between is told", %{name: name} do
    [%{os_pid: pid}] = Envmgr.stats(name)["std"].workers

    error =
      assert_raise Error, fn ->
        ticks(name, [1_000_000])
        |> Enum.each(fn n -> if n == 100, do: System.cmd("kill", ["-9", "#{pid}"]) end)
      end

    assert error.code == :worker_lost
    assert Project.eventually(fn -> Envmgr.execute("probe.echo", [1], name: name) == {:ok, 1} end)
    refute_received _
  end

  test "a stream goes on in a worker that is to end" do
    {name, project} = Project.start(workers: 1)
    Envmgr.execute!("probe.echo", [1], name: name)

    items =
      ticks(name, [50_000])
      |> Enum.map(fn n ->
        if n == 10 do
          Project.activate(project, "std", generation: 2, workers: 1)

          Project.eventually(fn ->
            Envmgr.execute("probe.generation", [], name: name) == {:ok, "2"}
          end)
        end

        n
      end)

    assert items == Enum.to_list(0..49_999)
  end

  test "a stream that is closed does not end a worker that makes another's item", %{name: name} do
    [%{os_pid: pid}] = Envmgr.stats(name)["std"].workers
    slow = Task.async(fn -> ticks(name, [3, "slow", 0.8]) |> Enum.to_list() end)
    assert ticks(name, [1_000_000, "quick"]) |> Enum.take(5) == [0, 1, 2, 3, 4]
    assert Task.await(slow, 60_000) == [0, 1, 2]
    closed(name, "quick")
    assert [%{os_pid: ^pid}] = Envmgr.stats(name)["std"].workers
  end

  test "C code that hears no signal ends the worker, though a stream is open", %{name: name} do
    [%{os_pid: pid}] = Envmgr.stats(name)["std"].workers
    test = self()

    consumer =
      Task.async(fn ->
        try do
          ticks(name, [1_000_000])
          |> Enum.each(fn n ->
            if n == 10, do: send(test, {:open, self()}) && receive(do: (:go -> :ok))
          end)
        rescue
          error in Error -> error.code
        end
      end)

    assert_receive {:open, consuming}
    began = Project.path("began")
    call = Envmgr.async("probe.computing", [100_000_000_000, began], name: name)
    Project.eventually(fn -> File.exists?(began) end)
    Envmgr.cancel(call)
    Project.eventually(fn -> not Project.alive?(pid) end)
    send(consuming, :go)
    assert Task.await(consumer, 60_000) == :worker_lost
  end

  test "objects in a stream belong to its consumer", %{name: name} do
    things = Envmgr.stream("probe.things", [3], name: name) |> Enum.to_list()
    assert Enum.map(things, &elem(Envmgr.attr(&1, "value"), 1)) == [0, 1, 2]
  end

  test "large items", %{name: name} do
    sizes = Envmgr.stream("probe.texts", [20, 500_000], name: name) |> Enum.map(&byte_size/1)
    assert sizes == List.duplicate(500_000, 20)
  end
end
