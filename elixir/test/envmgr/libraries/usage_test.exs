defmodule Envmgr.Libraries.UsageTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Libraries.{Catalog, Row, Usage}
  alias Envmgr.Test.Project

  setup_all do
    aliases = %{"mathe" => "math", "wurzel" => "math.sqrt"}

    libraries = %{
      "math" => Project.library("math", %{"aliases" => aliases}),
      "probe" => Project.library("probe")
    }

    {name, project} = Project.start(libraries: libraries, workers: 1)
    %{name: name, project: project, libraries: libraries}
  end

  # Tests share the instance: each looks at paths of its own.
  defp row(name, path), do: Enum.find(Envmgr.calls(name), &(&1.path == path))

  test "a call counts once, under its real path, however it is made", %{name: name} do
    before = DateTime.utc_now()

    for path <- ~w(math.sqrt mathe.sqrt wurzel),
        do: {:ok, 4.0} = Envmgr.execute(path, [16], name: name)

    assert {:ok, 4.0} = "math.sqrt" |> Envmgr.async([16], name: name) |> Envmgr.await()
    chain = [{:call, "wurzel", [16]}, {:method, "is_integer"}]
    assert {:ok, true} = Envmgr.execute(chain, [], name: name)

    assert %{library: "math", count: 5, errors: 0, classes: none, cached: 0} =
             row = row(name, "math.sqrt")

    assert none == %{}
    assert 0 < row.p50 and row.p50 <= row.p95 and row.p95 <= row.p99 and row.p99 <= row.max
    assert DateTime.compare(row.first, row.last) in [:lt, :eq]
    assert DateTime.diff(row.last, before, :millisecond) >= 0
    refute row(name, "wurzel") || row(name, "mathe.sqrt")
  end

  test "errors count by class, also those that never reach Python", %{name: name} do
    fail = fn args -> Envmgr.execute("math.acos", args, name: name) end
    assert {:error, %Error{code: :arguments, class: :usage}} = fail.([])
    assert {:error, %Error{code: :exception, class: class}} = fail.([2])
    assert {:error, %Error{code: :conversion}} = fail.([self()])
    chain = Envmgr.execute([{:call, "math.acos", []}], [], name: name)
    assert {:error, %Error{code: :arguments}} = chain
    assert %{count: 4, errors: 4, classes: classes} = row(name, "math.acos")
    assert classes == Enum.frequencies([:usage, :usage, class, :conversion])
    assert {:error, _} = Envmgr.execute("math.no_such_function", [], name: name)
    refute row(name, "math.no_such_function")
  end

  test "a method counts under its object's type, parts of an object do not", %{name: name} do
    {:ok, ref} = Envmgr.execute("probe.echo", [[3, 1]], name: name, as: :ref)
    assert {:ok, nil} = Envmgr.method(ref, "sort")
    assert {:ok, nil} = Envmgr.execute([ref, {:method, "sort"}])
    assert {:error, _} = Envmgr.method(ref, "sort", [1, 2, 3])
    assert {:ok, 1} = Envmgr.item(ref, 0)
    assert %{count: 3, errors: 1, library: "probe"} = row(name, "builtins.list.sort")
    assert %{count: 1} = row(name, "builtins.list.__getitem__")
    assert Enum.to_list(Envmgr.stream(ref)) == [1, 3]
    assert %{count: 1} = row(name, "builtins.list")
  end

  test "a stream counts when it begins, and as failed when it breaks", %{name: name} do
    assert Envmgr.stream("probe.ticks", [5], name: name) |> Enum.count() == 5
    assert %{count: 1, errors: 0} = row(name, "probe.ticks")
    stream = Envmgr.stream("probe.broken_ticks", [], name: name)
    assert_raise Error, fn -> Enum.to_list(stream) end
    assert %{count: 1, errors: 1} = row(name, "probe.broken_ticks")
  end

  test "a new generation goes on counting; what was known of the function is read again",
       context do
    %{name: name, project: project, libraries: libraries} = context
    assert {:ok, 2} = Envmgr.execute("math.gcd", [4, 2], name: name)
    epoch = elem(Catalog.lookup(name, "math.gcd"), 6)
    Project.activate(project, "std", generation: 2, libraries: libraries, workers: 1)
    Project.eventually(fn -> Envmgr.stats(name)["std"].generation == 2 end)
    Project.eventually(fn -> Catalog.lookup(name, "math.gcd") == nil end)
    assert {:ok, 2} = Envmgr.execute("math.gcd", [4, 2], name: name)
    assert elem(Catalog.lookup(name, "math.gcd"), 6) > epoch
    assert %{count: 2} = row(name, "math.gcd")
  end

  test "rows are chosen and sorted", %{name: name} do
    for n <- 1..3, do: {:ok, _} = Envmgr.execute("math.exp", [n], name: name)
    {:ok, _} = Envmgr.execute("math.floor", [1.5], name: name)
    paths = fn opts -> for row <- Envmgr.calls([name: name] ++ opts), do: row.path end
    assert Enum.all?(paths.(library: "mathe"), &String.starts_with?(&1, "math."))
    assert paths.(library: "nothing") == []
    assert paths.(sort: :path) == Enum.sort(paths.([]))
    both = ["math.exp", "math.floor"]
    assert Enum.filter(paths.(sort: :count), &(&1 in both)) == both
    lasts = for row <- Envmgr.calls(name: name, sort: :last), do: row.last
    assert lasts == Enum.sort(lasts, {:desc, DateTime})
    assert_raise Error, ~r/did you mean count/, fn -> Envmgr.calls(name: name, sort: :cuont) end
  end

  test "a call from the cache counts as one, and as such", %{name: name} do
    {:ok, 1.0} = Envmgr.execute("math.cos", [0], name: name)
    name |> Catalog.lookup("math.cos") |> Usage.cached()
    assert %{count: 1, cached: 1} = row(name, "math.cos")
  end

  test "stats has the sums of this VM, by environment", %{name: name} do
    before = Envmgr.stats(name)["std"].calls
    {:ok, 1.0} = Envmgr.execute("math.cosh", [0], name: name)
    {:error, _} = Envmgr.execute("math.cosh", [], name: name)
    calls = Envmgr.stats(name)["std"].calls
    assert calls.count >= before.count + 2 and calls.errors >= before.errors + 1
    assert calls.cached >= before.cached
  end

  test "paths without end are counted together" do
    table = :ets.new(:"usage#{System.unique_integer([:positive])}", [:named_table, :public])
    for n <- 1..5_100, do: Usage.tally(table, "object.field#{n}", "lib") |> add()
    records = Usage.read(table)
    assert length(records) == 5_001
    others = Enum.find(records, &(&1.path == "lib.*"))
    assert others.buckets |> Map.values() |> Enum.sum() == 100
  end

  test "a row that is nobody's is counted nowhere" do
    home = {"lib", "env", 1_000, 1, false}
    row = Row.build("lib.f", nil, home, ["f", "function", [], nil, "", 0, nil], nil, nil)
    assert Usage.ended({:ok, 1}, Row.tally(row), 0) == {:ok, 1}
    assert Usage.cached(row) == :ok
    assert Usage.tally(:no_such_instance, "lib.f", "lib") == nil
  end

  defp add(tally), do: Usage.ended(:ok, tally, Usage.now())
end
