defmodule Envmgr.Pool.SlowTest do
  # Quick calls and slow ones on the same pool.
  use ExUnit.Case, async: true

  alias Envmgr.Test.Project

  defp ready(workers) do
    {name, _project} = Project.start(workers: workers)
    Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) == workers end)
    name
  end

  defp quick(name), do: Envmgr.execute("probe.echo", [1], name: name)

  test "quick calls go around a worker that is busy with a slow one" do
    name = ready(2)
    slow = Task.async(fn -> Envmgr.execute("probe.nap", [30], name: name, timeout: 60_000) end)
    Project.eventually(fn -> in_flight(name) == 1 end)

    # However they fall at first: what was not written to the slow worker is answered by the other.
    tasks = for _ <- 1..200, do: Task.async(fn -> quick(name) end)
    answers = Task.await_many(tasks, 60_000)
    assert Enum.count(answers, &(&1 == {:ok, 1})) == 200
    assert Task.yield(slow, 0) == nil
    Task.shutdown(slow, :brutal_kill)
  end

  # 100 calls at once, the one in the midst slow: the others are answered while it is held up.
  defp around_one(name) do
    {gate, open} = Project.gate()

    tasks =
      for n <- 1..100 do
        {path, args} = if n == 50, do: {"probe.nap", [gate]}, else: {"probe.echo", [1]}
        Task.async(fn -> Envmgr.execute(path, args, name: name, timeout: 60_000) end)
      end

    {slow, others} = List.pop_at(tasks, 49)
    assert Enum.uniq(Task.await_many(others, 60_000)) == [{:ok, 1}]
    assert Task.yield(slow, 0) == nil
    open.()
    assert {:ok, _} = Task.await(slow, 60_000)
    Project.eventually(fn -> in_flight(name) == 0 end)
  end

  test "behind a function that was slow in any worker nothing is written ahead" do
    name = ready(2)
    assert {:ok, nil} = Envmgr.execute("probe.nap", [0.3], name: name)
    # Quick calls are written ahead.
    for _ <- 1..200, do: quick(name)
    for _ <- 1..3, do: around_one(name)
  end

  test "nor behind one that was never called" do
    name = ready(2)
    for _ <- 1..200, do: quick(name)
    around_one(name)
  end

  test "nor behind a method that was never called" do
    name = ready(2)
    {:ok, thing} = Envmgr.execute("probe.Thing", [20], name: name)
    for _ <- 1..200, do: quick(name)
    {gate, open} = Project.gate()
    slow = Task.async(fn -> Envmgr.method(thing, "slow_add", [1, gate]) end)
    others = for _ <- 1..100, do: Task.async(fn -> quick(name) end)
    assert Enum.uniq(Task.await_many(others, 60_000)) == [{:ok, 1}]
    assert Task.yield(slow, 0) == nil
    open.()
    assert Task.await(slow, 60_000) == {:ok, 21}
  end

  # Quick so far, so that more is written behind it; slow now.
  for {what, args} <- [{"Python code", :gate}, {"a system call", [60]}] do
    test "what was written behind one that is slow all of a sudden comes back: #{what}" do
      name = ready(2)
      for _ <- 1..100, do: {:ok, nil} = Envmgr.execute("probe.nap", [0], name: name)
      {gate, open} = Project.gate()
      args = if unquote(args) == :gate, do: [gate], else: unquote(args)
      nap = fn -> Envmgr.execute("probe.nap", args, name: name, timeout: 60_000) end
      before = for _ <- 1..50, do: Task.async(fn -> quick(name) end)
      slow = Task.async(nap)
      later = for _ <- 1..100, do: Task.async(fn -> quick(name) end)
      assert Enum.uniq(Task.await_many(before ++ later, 30_000)) == [{:ok, 1}]
      assert Task.yield(slow, 0) == nil
      open.()
      Task.shutdown(slow, :brutal_kill)
      Project.eventually(fn -> in_flight(name) == 0 end)
      assert quick(name) == {:ok, 1}
    end
  end

  test "where calls have threads, too" do
    pools = Project.pools(2, %{"profile" => "thread", "threads" => 2})
    {name, _project} = Project.start(pools: pools)
    Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) == 2 end)
    for _ <- 1..200, do: quick(name)
    for _ <- 1..100, do: {:ok, nil} = Envmgr.execute("probe.nap", [0], name: name)
    {gate, open} = Project.gate()
    callers = for _ <- 1..40, do: Task.async(fn -> for(_ <- 1..100, do: quick(name)) end)
    # One worker has both its threads busy.
    slow = for _ <- 1..3, do: Envmgr.async("probe.nap", [gate], name: name, timeout: 60_000)
    answers = callers |> Task.await_many(30_000) |> Enum.concat()
    assert Enum.uniq(answers) == [{:ok, 1}]
    assert in_flight(name) == 3
    open.()
    assert Enum.uniq(Envmgr.await_many(slow, 60_000)) == [{:ok, nil}]
  end

  test "an object's calls are not given back, nor those of a session, and all are answered" do
    name = ready(2)
    {:ok, thing} = Envmgr.execute("probe.Thing", [20], name: name)
    for _ <- 1..100, do: {:ok, 20} = Envmgr.method(thing, "add", [0])
    {gate, open} = Project.gate()
    add = fn n -> Task.async(fn -> Envmgr.method(thing, "add", [n]) end) end
    before = for n <- 1..20, do: add.(n)
    slow = Task.async(fn -> Envmgr.method(thing, "slow_add", [1, gate]) end)
    later = for n <- 1..40, do: add.(n)
    others = for _ <- 1..100, do: Task.async(fn -> quick(name) end)
    assert Enum.uniq(Task.await_many(others, 30_000)) == [{:ok, 1}]
    open.()
    assert Task.await(slow, 60_000) == {:ok, 21}
    answers = Task.await_many(before ++ later, 30_000)
    assert answers == for(n <- Enum.concat(1..20, 1..40), do: {:ok, 20 + n})
  end

  test "calls behind a slow one on the only worker wait for it, and all are answered" do
    name = ready(1)
    {gate, open} = Project.gate()
    slow = Task.async(fn -> Envmgr.execute("probe.nap", [gate, "slept"], name: name) end)
    Project.eventually(fn -> in_flight(name) == 1 end)
    tasks = for _ <- 1..50, do: Task.async(fn -> quick(name) end)
    Project.eventually(fn -> in_flight(name) == 51 end)
    open.()
    assert Task.await(slow, 60_000) == {:ok, "slept"}
    assert Enum.uniq(Task.await_many(tasks, 60_000)) == [{:ok, 1}]
    Project.eventually(fn -> in_flight(name) == 0 end)
  end

  test "an object's calls wait for its own worker" do
    name = ready(2)
    {:ok, thing} = Envmgr.execute("probe.Thing", [20], name: name)
    {gate, open} = Project.gate()
    slow = Task.async(fn -> Envmgr.method(thing, "slow_add", [1, gate]) end)
    Project.eventually(fn -> in_flight(name) == 1 end)
    tasks = for i <- 1..20, do: Task.async(fn -> Envmgr.method(thing, "add", [i]) end)
    Project.eventually(fn -> in_flight(name) == 21 end)
    open.()
    assert Enum.map(Task.await_many(tasks, 60_000), &elem(&1, 1)) == Enum.map(1..20, &(&1 + 20))
    assert Task.await(slow, 60_000) == {:ok, 21}
  end

  test "what came while the only worker there was is stuck goes to the next one that is there" do
    project = Project.new()
    [first, ready] = for name <- ~w(first ready), do: Path.join(project, name)

    init = """
    import os, time
    try:
        os.close(os.open(#{inspect(first)}, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        while not os.path.exists(#{inspect(ready)}): time.sleep(0.005)
    """

    libraries = %{"probe" => Project.library("probe", %{"init" => init})}
    # Each by itself.
    fork = "tests do without"
    Project.activate(project, "std", libraries: libraries, workers: 2, fork: fork)
    name = :"stuck#{System.unique_integer([:positive])}"
    start_supervised!({Envmgr, name: name, project: project, watch: false})
    # It has been quick so far.
    pids = for _ <- 1..5, do: Envmgr.execute!("probe.pid", [], name: name)
    assert [pid] = Enum.uniq(pids)

    began = Project.path("began")
    args = [10_000_000_000_000, began]
    stuck = Envmgr.async("probe.computing", args, name: name, timeout: :infinity)
    Project.eventually(fn -> File.exists?(began) end)
    behind = for _ <- 1..3, do: Envmgr.async("probe.pid", [], name: name, timeout: :infinity)
    Project.eventually(fn -> in_flight(name) == 4 end)
    File.touch!(ready)

    others = for {:ok, other} <- Envmgr.await_many(behind, 60_000), do: other != pid
    assert others == [true, true, true]

    Envmgr.cancel(stuck)
  end

  defp in_flight(name) do
    Envmgr.stats(name)["std"].workers |> Enum.map(& &1.in_flight) |> Enum.sum()
  end
end
