defmodule Envmgr.Pool.ChangeTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.{Load, Project}

  defp load(name, callers), do: Load.start(name, callers, "probe.generation")

  defp pids(name), do: Enum.map(Envmgr.stats(name)["std"].workers, & &1.os_pid)

  defp all(libraries),
    do: Map.merge(Map.new(~w(math time), &{&1, Project.library(&1)}), libraries)

  defp serves?(name, generation),
    do: fn -> Envmgr.execute("probe.generation", [], name: name) == {:ok, "#{generation}"} end

  test "generations change under load without a failed call" do
    {name, project} = Project.start(workers: 2)
    Project.eventually(serves?(name, 1))
    old = Enum.map(Envmgr.stats(name)["std"].workers, & &1.os_pid)
    load = load(name, 32)

    for generation <- 2..4 do
      Project.activate(project, "std", workers: 2, generation: generation)
      Project.eventually(serves?(name, generation))
    end

    answers = Load.stop(load)
    assert Enum.all?(Map.keys(answers), &match?({:ok, _}, &1))
    assert {:ok, "4"} in Map.keys(answers)
    Project.eventually(fn -> not Enum.any?(old, &Project.alive?/1) end)
    assert %{generation: 4, state: :ready, refused: nil} = Envmgr.stats(name)["std"]
    assert %{generation: 4} = hd(Envmgr.libraries(name))
  end

  test "a long call finishes in the old generation" do
    {name, project} = Project.start(workers: 1)
    Project.eventually(serves?(name, 1))
    {gate, open} = Project.gate()
    long = Task.async(fn -> Envmgr.execute("probe.nap", [gate, "kept"], name: name) end)
    Project.eventually(fn -> match?([%{in_flight: 1}], Envmgr.stats(name)["std"].workers) end)
    Project.activate(project, "std", workers: 1, generation: 2)
    # No call before the change is seen: it would wait behind the long one.
    Project.eventually(fn -> match?(%{generation: 2, draining: 1}, Envmgr.stats(name)["std"]) end)
    assert {:ok, "2"} = Envmgr.execute("probe.generation", [], name: name)
    open.()
    assert Task.await(long, 60_000) == {:ok, "kept"}
    Project.eventually(fn -> Envmgr.stats(name)["std"].draining == 0 end)
  end

  test "a generation that does not start leaves the old one serving" do
    {name, project} = Project.start(workers: 2)
    Project.eventually(serves?(name, 1))
    broken = %{"probe" => Project.library("probe", %{"init" => "raise RuntimeError('broken')"})}
    load = load(name, 4)
    Project.activate(project, "std", generation: 2, libraries: broken)

    Project.eventually(fn ->
      match?(%{refused: %{generation: 2, tries: 2}}, Envmgr.stats(name)["std"])
    end)

    assert %{generation: 1, state: :ready, refused: refused} = Envmgr.stats(name)["std"]
    assert refused.problem.message =~ "broken"
    Project.activate(project, "std", generation: 3)
    Project.eventually(serves?(name, 3))
    assert Enum.all?(Map.keys(Load.stop(load)), &match?({:ok, _}, &1))
    assert %{refused: nil} = Envmgr.stats(name)["std"]
  end

  test "a generation without its catalog is refused; a return to the old one forgets it" do
    {name, project} = Project.start(workers: 1)
    Project.eventually(serves?(name, 1))
    pid = Envmgr.execute!("probe.pid", [], name: name)
    missing = %{"probe" => Project.library("probe", %{"catalog" => "/does/not/exist"})}
    Project.activate(project, "std", workers: 1, generation: 2, libraries: missing)
    Project.eventually(fn -> match?(%{refused: %{generation: 2}}, Envmgr.stats(name)["std"]) end)
    Project.activate(project, "std", workers: 1)
    Project.eventually(fn -> match?(%{refused: nil}, Envmgr.stats(name)["std"]) end)
    assert Envmgr.execute!("probe.pid", [], name: name) == pid
  end

  test "workers that run take on another number and other deadlines, under load" do
    {name, project} = Project.start(workers: 2)
    Project.eventually(fn -> length(pids(name)) == 2 end)
    before = pids(name)
    load = load(name, 8)
    thing = Envmgr.execute!("probe.Thing", [40], name: name)

    Project.activate(project, "std", workers: 4)
    Project.eventually(fn -> length(pids(name)) == 4 end)
    assert before -- pids(name) == []
    short = %{"probe" => Project.library("probe", %{"timeout" => 2_500})}
    Project.activate(project, "std", workers: 4, libraries: all(short))
    Project.eventually(fn -> Enum.any?(Envmgr.libraries(name), &(&1.timeout == 2_500)) end)
    assert {:ok, 40} = Envmgr.attr(thing, "value", timeout: 30_000)
    four = pids(name)

    Project.activate(project, "std", workers: 1, libraries: all(short))
    Project.eventually(fn -> match?([_], pids(name)) end)
    assert pids(name) -- four == []
    assert %{state: :ready, wanted: 1} = Envmgr.stats(name)["std"]
    Project.eventually(fn -> not Enum.any?(four -- pids(name), &Project.alive?/1) end)
    assert Enum.all?(Map.keys(Load.stop(load)), &match?({:ok, _}, &1))

    assert {:error, %Error{code: :timeout, message: "no answer within 2500 ms"}} =
             Envmgr.execute("probe.nap", [60], name: name)
  end

  test "other libraries need other workers" do
    {name, project} = Project.start(workers: 1)
    Project.eventually(serves?(name, 1))
    [pid] = pids(name)

    Project.activate(project, "std", workers: 1, libraries: %{"probe" => Project.library("probe")})

    Project.eventually(fn ->
      match?(
        {:error, %Error{code: :unknown_library}},
        Envmgr.execute("math.sqrt", [1], name: name)
      )
    end)

    refute pid in pids(name)
  end

  test "a library comes, goes and comes back while the instance runs" do
    project = Project.new()
    name = :coming
    start_supervised!({Envmgr, name: name, project: project})

    assert {:error, %Error{code: :not_installed, hint: "run `mix envmgr.install`"}} =
             Envmgr.execute("probe.pid", [], name: name)

    Project.activate(project, "std")
    Project.eventually(serves?(name, 1))
    pids = Enum.map(Envmgr.stats(name)["std"].workers, & &1.os_pid)
    Project.deactivate(project, "std")

    Project.eventually(fn ->
      match?({:error, %Error{code: :not_installed}}, Envmgr.execute("probe.pid", [], name: name))
    end)

    Project.eventually(fn -> not Enum.any?(pids, &Project.alive?/1) end)
    assert Envmgr.stats(name) == %{}
    Project.activate(project, "std", generation: 2)
    Project.eventually(serves?(name, 2))
  end
end
