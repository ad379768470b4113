defmodule Envmgr.Pool.ThreadsTest do
  # Workers that run several calls at a time.
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Pool.Flight
  alias Envmgr.Test.Project

  @threads %{"profile" => "thread", "threads" => 4}

  # Forked, as most are; those that the tests below start by themselves are not.
  setup_all do
    {name, _} = Project.start(fork: true, pools: Project.pools(1, @threads))
    Envmgr.execute!("probe.echo", [1], name: name)
    %{name: name}
  end

  defp many(path, items, name),
    do: items |> Enum.map(&Envmgr.async(path, &1, name: name)) |> Envmgr.await_many(20_000)

  defp os_pid(name), do: Envmgr.execute!("probe.pid", [], name: name)

  test "calls run at the same time in one worker, and no more than it has threads", %{name: name} do
    assert many("probe.meet", List.duplicate(["four", 4], 4), name) ==
             List.duplicate({:ok, true}, 4)

    assert many("probe.meet", List.duplicate(["four", 4], 8), name) ==
             List.duplicate({:ok, true}, 8)

    facts = Envmgr.stats(name)["std"].pools["default"]
    assert {facts.profile, facts.at_a_time, length(facts.workers)} == {"thread", 4, 1}
  end

  test "quick calls go on beside slow ones, until every thread has one", %{name: name} do
    gate = Path.join(Project.new(), "gate")
    slow = for _ <- 1..3, do: Envmgr.async("probe.wait_for", [gate], name: name)
    assert many("probe.echo", for(n <- 1..300, do: [n]), name) == for(n <- 1..300, do: {:ok, n})
    last = Envmgr.async("probe.nap", [0.2, "last"], name: name)
    waiting = for n <- 1..20, do: Envmgr.async("probe.echo", [n], name: name)
    assert Envmgr.await(last, 20_000) == {:ok, "last"}
    assert Envmgr.await_many(waiting, 20_000) == for(n <- 1..20, do: {:ok, n})
    File.touch!(gate)
    assert Envmgr.await_many(slow, 20_000) == [{:ok, nil}, {:ok, nil}, {:ok, nil}]
  end

  test "values, errors, output and large ones are each call's own", %{name: name} do
    assert many("probe.echo", for(n <- 1..200, do: [%{"n" => n}]), name) ==
             for(n <- 1..200, do: {:ok, %{"n" => n}})

    assert [{:error, %Error{message: "a"}}, {:error, %Error{message: "b"}}] =
             many("probe.fail", [["a"], ["b"]], name)

    said =
      for word <- ~w(one two three),
          do:
            Task.async(fn ->
              Envmgr.execute("probe.say", [[word]], name: name, output: :metadata)
            end)

    said =
      for {:ok, _value, %{stdout: text}} <- Task.await_many(said, 60_000), do: String.trim(text)

    assert said |> Enum.sort() |> length() == 3

    sizes = for n <- 1..12, do: 256 * (2_000 + n)
    blobs = for {:ok, data} <- many("probe.blob", Enum.map(sizes, &[&1]), name), do: data

    assert Enum.map(blobs, fn
             %{data: data} -> byte_size(data)
             data -> byte_size(data)
           end) == sizes

    large = Envmgr.bytes(:binary.copy("x", 500_000))

    assert many("probe.type_name", List.duplicate([large], 8), name) |> Enum.uniq() |> length() ==
             1
  end

  test "objects are used by several calls at a time", %{name: name} do
    thing = Envmgr.execute!("probe.Thing", [1], name: name)
    answers = for n <- 1..50, do: Task.async(fn -> Envmgr.method(thing, "add", [n]) end)
    assert Task.await_many(answers, 60_000) == for(n <- 1..50, do: {:ok, n + 1})
    assert Envmgr.release(thing) == :ok
  end

  test "functions of ours are called, and may call the worker again", %{name: name} do
    again = fn n -> Envmgr.execute!("probe.echo", [n], name: name) end

    assert many("probe.apply", for(n <- 1..12, do: [again, [n]]), name) ==
             for(n <- 1..12, do: {:ok, n})

    deep = fn n -> Envmgr.execute!("probe.apply", [again, [n]], name: name) end

    assert many("probe.apply", for(n <- 1..8, do: [deep, [n]]), name) ==
             for(n <- 1..8, do: {:ok, n})

    assert Envmgr.execute("probe.consume", [Envmgr.items(1..100)], name: name) ==
             {:ok, Enum.to_list(1..100)}
  end

  test "coroutines and streams hold no thread", %{name: name} do
    coroutines = for n <- 1..50, do: Envmgr.async("probe.asleep", [0.3, n], name: name)

    streams =
      for _ <- 1..6,
          do: Task.async(fn -> Enum.to_list(Envmgr.stream("probe.ticks", [500], name: name)) end)

    assert Task.await_many(streams, 60_000) == List.duplicate(Enum.to_list(0..499), 6)
    assert Envmgr.await_many(coroutines, 20_000) == for(n <- 1..50, do: {:ok, n})
    assert Envmgr.stream("probe.aticks", [100_000], name: name) |> Enum.take(3) == [0, 1, 2]
    assert Envmgr.stream("probe.ticks", [100_000], name: name) |> Enum.take(3) == [0, 1, 2]
  end

  test "a call past its deadline is interrupted, and its worker goes on", %{name: name} do
    pid = os_pid(name)
    beside = Envmgr.async("probe.nap", [0.4, "beside"], name: name)

    assert {:error, %Error{code: :timeout}} =
             Envmgr.execute("probe.spin", [60], name: name, timeout: 50)

    call = Envmgr.async("probe.spin", [60], name: name)
    Envmgr.cancel(call)
    assert {:error, %Error{code: :cancelled}} = Envmgr.await(call)
    assert Envmgr.await(beside, 20_000) == {:ok, "beside"}
    assert os_pid(name) == pid

    Project.eventually(fn ->
      Envmgr.stats(name)["std"].workers |> Enum.all?(&(&1.in_flight == 0))
    end)

    assert os_pid(name) == pid
  end

  test "one that does not hear of it is ended with its worker; the others there are told" do
    {name, _} = Project.start(pools: Project.pools(1, @threads))
    pid = os_pid(name)
    beside = Envmgr.async("probe.nap", [60], name: name)
    began = Project.path("began")
    deaf = Envmgr.async("probe.deaf", [60, began], name: name)
    Project.eventually(fn -> File.exists?(began) end)
    Envmgr.cancel(deaf)
    assert {:error, %Error{code: :worker_lost, message: message}} = Envmgr.await(beside, 20_000)
    assert message =~ "did not end within 500 ms"
    assert os_pid(name) != pid
  end

  test "a caller that ends takes its calls with it", %{name: name} do
    pid = os_pid(name)
    caller = spawn(fn -> Envmgr.execute("probe.spin", [60], name: name) end)
    Project.eventually(fn -> Project.watched(name) == 1 end)
    Process.exit(caller, :kill)

    Project.eventually(fn ->
      Envmgr.stats(name)["std"].workers |> Enum.all?(&(&1.in_flight == 0))
    end)

    assert os_pid(name) == pid
  end

  test "another number of threads needs other workers; a running call is finished" do
    {name, project} = Project.start(pools: Project.pools(1, @threads))
    pid = os_pid(name)
    running = Envmgr.async("probe.nap", [0.5, "finished"], name: name)

    Project.activate(project, "std",
      generation: 2,
      pools: Project.pools(1, %{@threads | "threads" => 2})
    )

    Project.eventually(fn -> Envmgr.stats(name)["std"].generation == 2 end)
    assert os_pid(name) != pid
    assert Envmgr.await(running, 20_000) == {:ok, "finished"}
    Project.eventually(fn -> not Project.alive?(pid) end)
    same = os_pid(name)
    more = Project.pools(1, %{@threads | "threads" => 2} |> Map.put("max", 2))
    Project.activate(project, "std", generation: 2, pools: more)
    Project.eventually(fn -> Envmgr.stats(name)["std"].pools["default"].max == 2 end)
    assert os_pid(name) == same
  end

  describe "flight" do
    test "calls hold threads until they are answered or go aside, in any order" do
      [one, two, three] = for _ <- 1..3, do: make_ref()

      flight =
        Enum.reduce([{1, one}, {2, two}, {3, three}], Flight.new(4), fn {id, reply}, flight ->
          Flight.add(flight, {id, reply, :infinity, "l.f"})
        end)

      assert {Flight.size(flight), Flight.besides(flight), Flight.oldest(flight)} == {3, 0, nil}
      assert Flight.replies(flight) |> Enum.sort() == Enum.sort([one, two, three])
      assert {:ok, ^two, flight} = Flight.aside(flight, 2)
      assert {Flight.size(flight), Flight.besides(flight)} == {2, 1}
      assert {:ok, ^three, flight} = Flight.answer(flight, 3)
      assert {:ok, 1, flight} = Flight.cancel(flight, one)
      assert Flight.cancel(flight, make_ref()) == :unknown
      assert Flight.reply(flight, 1) == {:ok, nil}
      assert Flight.occupy(flight, 2, 5) == flight
      assert {:ok, nil, flight} = Flight.answer(flight, 1)
      assert {:ok, ^two, flight} = Flight.answer(flight, 2)
      assert Flight.empty?(flight)
      assert Flight.answer(flight, 2) == :unknown
      assert Flight.aside(flight, 2) == :unknown
    end

    test "one call is known to run, of several it is not known which" do
      flight = Flight.add(Flight.new(2), {1, make_ref(), :infinity, "l.f"})
      assert {_reply, "l.f"} = Flight.running(flight)
      assert Flight.label(flight, 1) == "l.f"
      assert Flight.running(Flight.add(flight, {2, make_ref(), :infinity, "l.g"})) == nil
    end
  end
end
