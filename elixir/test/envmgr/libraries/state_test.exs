defmodule Envmgr.Libraries.StateTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  # All changes of state in this instance, told to the test.
  defp listen(name) do
    test = self()

    tell = fn [:envmgr, :library, :state], %{system_time: _}, about, _config ->
      if about.instance == name,
        do: send(test, {:state, about.library, about.before, about.state, about.reason})
    end

    :ok = Envmgr.Telemetry.attach(name, [:envmgr, :library, :state], tell, nil)
    on_exit(fn -> Envmgr.Telemetry.detach(name) end)
  end

  defp start(project) do
    name = :"states#{System.unique_integer([:positive])}"
    listen(name)
    options = [name: name, project: project, watch: false, start_timeout: 60_000]
    start_supervised!({Envmgr, options}, id: name)
    name
  end

  defp only(module, overrides \\ %{}), do: %{module => Project.library(module, overrides)}

  defp path(project, environment),
    do: Path.join([project, ".envmgr/envs", environment, "launch.msgpack"])

  # As envmgr does: the file is another one.
  defp replace(project, environment, content) do
    path = path(project, environment)
    File.mkdir_p!(Path.dirname(path))
    File.write!(path <> ".new", content)
    File.rename!(path <> ".new", path)
  end

  defp await(name, library, state) do
    Project.eventually(fn -> match?(%{state: ^state}, Envmgr.library(library, name)) end)
    Envmgr.library(library, name)
  end

  test "from loading to ready, with all that is known; unloaded and loaded again" do
    project = Project.new()
    Project.activate(project, "std", libraries: only("math"), workers: 1, generation: 7)
    name = start(project)
    assert_receive {:state, "math", nil, :loading, nil}
    assert_receive {:state, "math", :loading, :ready, nil}

    assert %{name: "math", module: "math", distribution: nil, version: nil} =
             library = Envmgr.library("math", name)

    assert %{environment: "std", generation: 7, python: "3", timeout: 30_000} = library

    assert %{state: :ready, reason: nil, retries: 0, next: nil, workers: 1, pools: ["default"]} =
             library

    assert library.functions == length(Envmgr.functions("math", name))
    assert DateTime.diff(DateTime.utc_now(), library.since) in 0..10
    assert Envmgr.libraries(name) == [library]

    assert :ok = Envmgr.unload("math", name)
    assert_receive {:state, "math", :ready, :unloaded, nil}
    assert Envmgr.library("math", name) == nil and Envmgr.libraries(name) == []
    assert :ok = Envmgr.load("math", name)
    assert_receive {:state, "math", :loading, :ready, nil}
    assert %{state: :ready} = Envmgr.library("math", name)
  end

  test "while the other workers of a pool start it is ready; where they do not, degraded with the reason" do
    project = Project.new()
    [first, ready, broken] = for name <- ~w(first ready broken), do: Path.join(project, name)

    # One worker comes up, the others wait, then do not.
    init = """
    import os, time
    try:
        os.close(os.open(#{inspect(first)}, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        while not os.path.exists(#{inspect(ready)}):
            if os.path.exists(#{inspect(broken)}):
                raise RuntimeError("no more of them")
            time.sleep(0.005)
    """

    # Each by itself.
    libraries = only("math", %{"init" => init})
    Project.activate(project, "std", libraries: libraries, workers: 2, fork: "tests do without")
    name = start(project)
    assert_receive {:state, "math", nil, :loading, nil}
    assert_receive {:state, "math", :loading, :ready, nil}
    assert %{state: :ready, problem: nil, starting: 1} = Envmgr.stats(name)["std"]
    assert %{state: :ready, reason: nil, workers: 1} = Envmgr.library("math", name)
    assert %{status: :ok} = Envmgr.health(name)

    File.touch!(broken)
    assert_receive {:state, "math", :ready, :degraded, %Error{code: :start} = reason}
    assert Exception.message(reason) =~ "no more of them"
    assert %{state: :degraded, problem: %Error{code: :start}} = Envmgr.stats(name)["std"]
    File.touch!(ready)
    assert_receive {:state, "math", :degraded, :ready, nil}
    Project.eventually(fn -> Envmgr.library("math", name).workers == 2 end)
  end

  test "a catalog that cannot be read costs its library alone, and comes back by itself" do
    project = Project.new()
    missing = Path.join(project, "math.catalog")
    libraries = Map.merge(only("math", %{"catalog" => missing}), only("time"))
    Project.activate(project, "std", libraries: libraries, workers: 1)
    name = start(project)
    assert {:ok, _} = Envmgr.execute("time.time", [], name: name)
    assert_receive {:state, "math", _before, :failed, %Error{code: :catalog}}

    assert %{state: :failed, functions: nil, reason: reason} =
             library = Envmgr.library("math", name)

    assert %Error{code: :catalog, library: "math", message: message} = reason
    assert message =~ "no such file" and library.retries > 0
    assert DateTime.diff(library.next, DateTime.utc_now()) in -1..6

    assert {:error, %Error{code: :catalog, path: "math.sqrt"}} =
             Envmgr.execute("math.sqrt", [4], name: name)

    assert %{state: :ready} = Envmgr.library("time", name)
    # Tried again and again, it is in the same state all the while.
    Project.eventually(fn -> Envmgr.library("math", name).retries > library.retries end)
    assert Envmgr.library("math", name).since == library.since
    File.cp!(Path.join(Project.layer().path, "math.catalog"), missing)
    assert_receive {:state, "math", :failed, :ready, nil}
    assert {:ok, 2.0} = Envmgr.execute("math.sqrt", [4], name: name)
  end

  test "where no catalog of an environment can be read, it is tried again, and a call hears at once" do
    project = Project.new()
    missing = Path.join(project, "math.catalog")
    Project.activate(project, "std", libraries: only("math", %{"catalog" => missing}), workers: 1)
    name = start(project)
    assert %{reason: %Error{code: :catalog}} = await(name, "math", :failed)
    assert {:error, %Error{code: :catalog}} = Envmgr.execute("math.sqrt", [4], name: name)
    File.cp!(Path.join(Project.layer().path, "math.catalog"), missing)
    await(name, "math", :ready)
    assert {:ok, 2.0} = Envmgr.execute("math.sqrt", [4], name: name)
  end

  test "a library that does not import fails alone, though others share its workers, and comes back by itself" do
    project = Project.new()
    [one, two] = for name <- ~w(one two), do: Path.join(project, name)

    init = fn flag ->
      "import os\nif not os.path.exists(#{inspect(flag)}): raise RuntimeError('not yet')"
    end

    libraries =
      Map.merge(only("math", %{"init" => init.(one)}), only("probe", %{"init" => init.(two)}))

    Project.activate(project, "std", libraries: Map.merge(libraries, only("time")), workers: 1)
    name = start(project)
    assert {:ok, _} = Envmgr.execute("time.time", [], name: name)
    assert %{reason: reason} = await(name, "math", :failed)
    assert %{state: :failed} = await(name, "probe", :failed)
    assert Exception.message(reason) =~ "not yet"

    assert {:error, %Error{code: :start, path: "math.sqrt"}} =
             Envmgr.execute("math.sqrt", [4], name: name)

    assert %{state: :ready, reason: nil} = Envmgr.library("time", name)
    assert %{status: :degraded} = Envmgr.health(name)
    File.touch!(one)
    await(name, "math", :ready)
    assert {:ok, 2.0} = Envmgr.execute("math.sqrt", [4], name: name)
    assert %{state: :failed, reason: %Error{library: "probe"}} = Envmgr.library("probe", name)
    File.touch!(two)
    await(name, "probe", :ready)
    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
    assert %{state: :ready} = Envmgr.library("time", name)
  end

  test "calls that wait for the first worker of a library that does not import hear why" do
    project = Project.new()
    gate = Path.join(project, "gate")

    init = """
    import os, time
    while not os.path.exists(#{inspect(gate)}): time.sleep(0.005)
    raise RuntimeError("not at all")
    """

    libraries = Map.merge(only("math", %{"init" => init}), only("time"))
    Project.activate(project, "std", libraries: libraries, workers: 1)
    name = start(project)
    await(name, "math", :loading)

    waiting = [
      Task.async(fn -> Envmgr.execute("math.sqrt", [4], name: name) end),
      Task.async(fn -> Envmgr.await(Envmgr.async("math.sqrt", [4], name: name)) end),
      Task.async(fn -> Envmgr.execute([{:call, "math.sqrt", [4]}], [], name: name) end),
      Task.async(fn -> hd(Envmgr.map("math.sqrt", [[4], [9]], name: name)) end)
    ]

    {_, _, server} = Envmgr.Pool.Route.lookup(name, "std")
    waits = fn -> length(:sys.get_state(server).waiting.by_pool["default"] || []) end
    Project.eventually(fn -> waits.() == 4 end)
    File.touch!(gate)

    for {:error, error} <- Task.await_many(waiting, 60_000) do
      assert {error.code, error.type, error.path} == {:start, "RuntimeError", "math.sqrt"}
      assert Exception.message(error) =~ "not at all"
    end

    assert {:ok, _} = Envmgr.execute("time.time", [], name: name)
  end

  test "a lazy library that nobody has called is ready" do
    project = Project.new()
    pools = Project.pools(1, %{"lazy" => true})
    Project.activate(project, "std", libraries: only("math"), pools: pools)
    name = start(project)
    assert %{workers: 0, reason: nil} = await(name, "math", :ready)
    assert %{status: :ok} = Envmgr.health(name)
    assert {:ok, 2.0} = Envmgr.execute("math.sqrt", [4], name: name)
    assert %{workers: 1, state: :ready} = Envmgr.library("math", name)
  end

  test "a launch manifest that cannot be used: failed where nothing runs, degraded where the one before does" do
    project = Project.new()
    replace(project, "math", "\xC1")
    name = start(project)
    assert_receive {:state, "math", nil, :failed, %Error{code: :not_installed}}

    assert %{reason: %{hint: hint}, version: nil, workers: 0, functions: nil} =
             Envmgr.library("math", name)

    assert hint =~ "mix envmgr.install"

    assert {:error, %Error{code: :not_installed, path: "math.sqrt"} = error} =
             Envmgr.execute("math.sqrt", [4], name: name)

    assert Exception.message(error) =~ "launch manifest of environment math"

    Project.activate(project, "math", libraries: only("math"), workers: 1)
    await(name, "math", :ready)
    good = File.read!(path(project, "math"))
    {:ok, half} = Envmgr.Values.Encoder.encode(%{"schema" => 1, "libraries" => %{"math" => 1}})
    replace(project, "math", half)
    assert_receive {:state, "math", :ready, :degraded, %Error{code: :not_installed}}
    assert {:ok, 2.0} = Envmgr.execute("math.sqrt", [4], name: name)
    replace(project, "math", good)
    assert_receive {:state, "math", :degraded, :ready, nil}
  end

  test "a generation that does not start leaves its library degraded, until there is another" do
    project = Project.new()
    Project.activate(project, "std", libraries: only("math"), workers: 1)
    name = start(project)
    await(name, "math", :ready)

    Project.activate(project, "std",
      libraries: only("math", %{"init" => "1 / 0"}),
      workers: 1,
      generation: 2
    )

    assert_receive {:state, "math", :ready, :degraded, %Error{generation: 2}}
    assert %{generation: 1, retries: retries} = Envmgr.library("math", name)
    assert retries >= 1
    assert {:ok, 2.0} = Envmgr.execute("math.sqrt", [4], name: name)
    Project.activate(project, "std", libraries: only("math"), workers: 1)
    assert_receive {:state, "math", :degraded, :ready, nil}
  end

  test "a library that moves to another environment was never away" do
    project = Project.new()
    Project.activate(project, "one", libraries: only("math"), workers: 1)
    name = start(project)
    await(name, "math", :ready)
    Project.activate(project, "two", libraries: only("math"), workers: 1)
    Project.deactivate(project, "one")

    Project.eventually(fn ->
      match?(%{environment: "two", state: :ready}, Envmgr.library("math", name))
    end)

    refute_received {:state, "math", _, :unloaded, _}
  end
end
