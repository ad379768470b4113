defmodule Envmgr.Reload.AskTest do
  # reload, load and unload, with the real command line and real workers.
  use ExUnit.Case, async: true
  import Envmgr.Test.Reload

  alias Envmgr.Error
  alias Envmgr.Test.{Load, Project}

  @math "[library.math]\nstdlib = true\n"
  @json "[library.json]\nstdlib = true\n"

  test "without watching, only reload/1 brings a change; what it answers is in force" do
    project = Project.real(@math)
    name = start(project, watch: false)
    Project.configure(project, @math <> @json)
    Process.sleep(600)
    assert %{state: :unknown, watch: false} = Envmgr.configuration(name)
    assert Envmgr.reload(name) == :ok
    assert {:ok, "[1]"} = Envmgr.execute("json.dumps", [[1]], name: name)
    assert state(name) == :current

    Project.configure(project, @json <> "init = \"raise RuntimeError('at home')\"")

    assert {:error, %Error{code: :sync, details: %{"code" => "E-PROOF"}}} = Envmgr.reload(name)
    assert {:ok, "[1]"} = Envmgr.execute("json.dumps", [[1]], name: name)

    Project.configure(project, @json <> "workers = 3\n")
    assert Envmgr.reload(name) == :ok
    assert length(workers(name, "json")) == 3

    assert {:error, %Error{code: :unknown_library}} = Envmgr.execute("math.sqrt", [1], name: name)
  end

  test "libraries are unloaded and loaded again" do
    project =
      Project.real(@math <> "environment = \"both\"\n" <> @json <> "environment = \"both\"\n")

    name = start(project)
    load = Load.start(name, 4, "math.sqrt", [16.0])
    assert Envmgr.unload("json", name) == :ok
    assert Envmgr.unload("json", name) == :ok

    assert {:error, %Error{code: :unknown_library, hint: "Envmgr.load(\"json\") loads it again"}} =
             Envmgr.execute("json.dumps", [1], name: name)

    assert Envmgr.load("json", name) == :ok
    assert {:ok, "1"} = Envmgr.execute("json.dumps", [1], name: name)
    assert [{{:ok, 4.0}, _count}] = Map.to_list(Load.stop(load))

    pids = Enum.map(workers(name, "both"), & &1.os_pid)
    assert Envmgr.unload("json", name) == :ok
    assert Envmgr.unload("math", name) == :ok
    assert Envmgr.stats(name) == %{}

    assert {:error, %Error{message: "the library math was unloaded"}} =
             Envmgr.execute("math.sqrt", [1], name: name)

    until(fn -> not Enum.any?(pids, &Project.alive?/1) end)
    assert Envmgr.load("math", name) == :ok
    assert {:ok, 4.0} = Envmgr.execute("math.sqrt", [16.0], name: name)
    assert Envmgr.reload(name) == :ok
    assert {:ok, "1"} = Envmgr.execute("json.dumps", [1], name: name)

    for function <- [:load, :unload] do
      assert {:error, %Error{code: :unknown_library, hint: "did you mean math?"}} =
               apply(Envmgr, function, ["mathh", name])
    end
  end
end
