defmodule Envmgr.Reload.FollowTest do
  # envmgr.toml edited under a running instance, with the real command line and real workers.
  use ExUnit.Case, async: true
  import Envmgr.Test.Reload

  alias Envmgr.Error
  alias Envmgr.Test.{Load, Project}

  @math "[library.math]\nstdlib = true\n"
  @json "[library.json]\nstdlib = true\n"

  test "libraries come, change and go, and no call fails" do
    project = Project.real(@math)
    name = start(project)
    until(fn -> state(name) == :current end)
    load = Load.start(name, 4, "math.sqrt", [16.0])

    Project.configure(project, @math <> @json)
    until(serves?(name, "json.dumps"))
    assert %{"json" => %{generation: 1}} = Envmgr.stats(name)

    Project.configure(
      project,
      @math <> @json <> "[library.statistics]\nstdlib = true\nenvironment = \"math\"\n"
    )

    until(serves?(name, "statistics.mean"))
    before = Enum.map(workers(name, "json"), & &1.os_pid)

    Project.configure(project, @math <> "workers = 3\ntimeout = \"7s\"\n")
    until(fn -> length(workers(name, "math")) == 3 and state(name) == :current end)

    until(fn -> Envmgr.stats(name)["json"] == nil end)
    assert [%{name: "math", timeout: 7_000}] = Envmgr.libraries(name)

    for path <- ["json.dumps", "statistics.mean"] do
      assert {:error, %Error{code: :unknown_library}} = Envmgr.execute(path, [[1]], name: name)
    end

    until(fn -> not Enum.any?(before, &Project.alive?/1) end)

    Project.configure(project, @math <> "workers = 1\n")
    until(fn -> match?([_], workers(name, "math")) end)
    assert [{{:ok, 4.0}, count}] = Map.to_list(Load.stop(load))
    assert count > 100
    until(fn -> match?(%{state: :current, error: nil}, Envmgr.configuration(name)) end)
  end

  test "a library moves to another environment, and no call fails" do
    project = Project.real(@math)
    name = start(project)
    load = Load.start(name, 4, "math.sqrt", [16.0])
    Project.configure(project, @math <> "environment = \"shared\"\n")
    until(fn -> match?([%{environment: "shared", state: :ready}], Envmgr.libraries(name)) end)
    until(fn -> Map.keys(Envmgr.stats(name)) == ["shared"] end)
    assert [{{:ok, 4.0}, _count}] = Map.to_list(Load.stop(load))
  end
end
