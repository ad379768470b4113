defmodule Envmgr.Reload.ServerTest do
  # What the command line may do, by scripts in its place.
  use ExUnit.Case, async: true
  import ExUnit.CaptureLog

  alias Envmgr.Error
  alias Envmgr.Test.Project

  @fine ~s(echo '{"schema": 1, "command": "sync", "ok": true, "data": []}')

  # Every call is written down; `status` answers at once, `sync` is the script.
  defp start(script, options \\ []) do
    project = Project.new([{"envmgr.toml", "# 0"}])

    Project.tool(project, """
    cd #{project}
    [ $1 = status ] && #{@fine} && exit
    echo begin >> runs
    #{script}
    """)

    name = :"scripted#{System.unique_integer([:positive])}"
    start_supervised!({Envmgr, [name: name, project: project] ++ options}, id: name)

    if options[:watch] != false,
      do: Project.eventually(fn -> Envmgr.configuration(name).state == :current end)

    {name, project}
  end

  defp runs(project) do
    case File.read(Path.join(project, "runs")) do
      {:ok, text} -> String.split(text)
      {:error, :enoent} -> []
    end
  end

  defp until(gate), do: "while [ ! -e #{gate} ]; do sleep 0.05; done"

  defp server(name) do
    [{:reload, server}] = :ets.lookup(name, :reload)
    server
  end

  defp error(code), do: ~s(echo '#{error_line(code)}')

  defp error_line(code) do
    ~s({"schema": 1, "ok": false, "error": {"code": "#{code}", "message": "no #{code}", "hint": "", "details": {}}})
  end

  test "one run at a time, and one more for all that changed during it" do
    {gate, open} = Project.gate()
    {name, project} = start("#{until(gate)}; echo end >> runs; #{@fine}")
    Project.configure(project, "# 1")
    Project.eventually(fn -> runs(project) == ["begin"] end)

    for step <- 2..4 do
      Project.configure(project, "# #{step}")
      Process.sleep(100)
    end

    open.()
    Project.eventually(fn -> length(runs(project)) == 4 end)
    Process.sleep(700)
    assert runs(project) == ~w(begin end begin end)
    assert Envmgr.configuration(name).state == :current
  end

  test "what is configured and not built is told as failed, with what to do, until it is there" do
    status = fn library, state ->
      found =
        ~s({"environment": "#{library}", "state": "#{state}", "detail": "it has no lock", "libraries": [{"name": "#{library}"}]})

      ~s({"schema": 1, "command": "status", "ok": true, "data": [#{found}]})
    end

    project = Project.new([{"envmgr.toml", "# 0"}, {"found", status.("first", "not-built")}])
    script = "cd #{project}\n[ $1 = status ] && cat found && exit\n. ./answer"
    Project.tool(project, script)
    name = :"scripted#{System.unique_integer([:positive])}"
    start_supervised!({Envmgr, name: name, project: project})
    Project.eventually(fn -> Envmgr.library("first", name) end)

    assert [%{name: "first", state: :failed, environment: "first", reason: reason}] =
             Envmgr.libraries(name)

    assert %Error{code: :not_installed, hint: "Envmgr.reload() or" <> _} = reason
    assert {:error, error} = Envmgr.execute("first.f", [], name: name)

    assert %{error | path: nil, correlation: nil} == %{
             reason
             | path: nil,
               arguments: error.arguments
           }

    assert Envmgr.health(name).status == :failed

    # What could not be built is known by another look.
    File.write!(Path.join(project, "found"), status.("second", "not-locked"))
    File.write!(Path.join(project, "answer"), error("E-CONFLICT"))

    capture_log(fn ->
      assert {:error, %Error{code: :sync}} = Envmgr.reload(name)
      Project.eventually(fn -> match?([%{name: "second"}], Envmgr.libraries(name)) end)
    end)

    File.write!(Path.join(project, "answer"), @fine)
    assert :ok = Envmgr.reload(name)
    assert Envmgr.libraries(name) == []
  end

  test "who asks during a run gets the answer of the next one" do
    {gate, open} = Project.gate()
    {name, project} = start("#{until(gate)}; echo end >> runs; #{@fine}", watch: false)
    asked = for _ <- 1..3, do: Task.async(fn -> Envmgr.reload(name) end)
    Project.eventually(fn -> match?([_, _], :sys.get_state(server(name)).waiting) end)
    open.()
    assert Task.await_many(asked, 60_000) == [:ok, :ok, :ok]
    assert runs(project) == ~w(begin end begin end)
  end

  test "a file that is still being written is not read, nor one that is as before" do
    {name, project} = start(@fine)
    writer = spawn_link(fn -> write(project, 1) end)
    seen = fn -> :sys.get_state(server(name)).pending end

    # It looks again and again, and finds another one each time.
    Enum.reduce(1..3, nil, fn _, before ->
      Project.eventually(fn -> with ^before <- seen.(), do: nil end)
    end)

    assert runs(project) == []
    Process.unlink(writer)
    Process.exit(writer, :kill)
    Project.eventually(fn -> runs(project) == ["begin"] end)
    File.touch!(Path.join(project, "envmgr.toml"), System.os_time(:second) - 10)
    File.write!(Path.join(project, "notes.toml"), "x")
    Process.sleep(700)
    assert runs(project) == ["begin"]
    File.mkdir!(Path.join(project, "locks"))
    File.write!(Path.join(project, "locks/pylock.x.toml"), "")
    Project.eventually(fn -> runs(project) == ["begin", "begin"] end)
  end

  defp write(project, step) do
    Process.flag(:priority, :high)
    path = Path.join(project, "envmgr.toml")
    File.write!(path <> ".new", "# #{step}")
    File.rename!(path <> ".new", path)
    Process.sleep(5)
    write(project, step + 1)
  end

  test "another envmgr at work is waited for without a word" do
    busy = error("E-BUSY")

    log =
      capture_log(fn ->
        {name, project} = start("[ $(wc -l < runs) = 1 ] && #{busy} && exit 7; #{@fine}")
        Project.configure(project, "# 1")
        Project.eventually(fn -> length(runs(project)) == 2 end)
        Project.eventually(fn -> Envmgr.configuration(name).state == :current end)
      end)

    refute log =~ "no E-BUSY"
  end

  test "who asks is told, and nothing is logged" do
    log =
      capture_log(fn ->
        {name, _project} = start("echo warning; #{error("E-NETWORK")}; exit 4", watch: false)

        assert {:error, %Error{code: :sync, message: "no E-NETWORK", hint: nil}} =
                 Envmgr.reload(name)

        assert %{state: :failed, error: %Error{details: %{"code" => "E-NETWORK"}}} =
                 Envmgr.configuration(name)
      end)

    refute log =~ "E-NETWORK"
  end

  test "a command that fails without an answer is shown" do
    {name, _project} = start("echo Traceback >&2; echo '{not json'; exit 70", watch: false)
    assert {:error, %Error{code: :sync, message: message}} = Envmgr.reload(name)

    assert message ==
             "the command envmgr ended with status 70 and no answer\n  Traceback\n  {not json"
  end

  test "the command ends with the instance" do
    {name, project} = start("echo $$ >> runs; exec sleep 100")
    Project.configure(project, "# 1")
    Project.eventually(fn -> length(runs(project)) == 2 end)
    assert Envmgr.configuration(name).state == :syncing
    ["begin", pid] = runs(project)
    assert Project.alive?(pid)
    asked = Task.async(fn -> Envmgr.reload(name) end)
    Process.sleep(50)
    stop_supervised!(name)
    Project.eventually(fn -> not Project.alive?(pid) end)
    assert {:error, %Error{code: :not_ready}} = Task.await(asked, 60_000)
  end

  test "the command ends with the VM, however that ends" do
    ebin = Path.join(Mix.Project.build_path(), "lib/envmgr/ebin")
    project = Project.new()
    script = ~s(echo $$ > #{project}/runs; exec sleep 100)

    start =
      ~s({ok, _} = 'Elixir.Envmgr.Command.Background':start([<<"sh">>, <<"-c">>, <<"#{script}">>]\), )

    arguments = ["-noshell", "-pa", ebin, "-eval", start <> "receive after infinity -> ok end."]
    vm = Port.open({:spawn_executable, System.find_executable("erl")}, args: arguments)
    {:os_pid, vm_pid} = Port.info(vm, :os_pid)
    [pid] = Project.eventually(fn -> with [] <- runs(project), do: nil end)
    assert Project.alive?(pid)
    System.cmd("kill", ["-KILL", "#{vm_pid}"])
    Project.eventually(fn -> not Project.alive?(pid) end)
  end

  test "a generation that was activated and does not serve is an error" do
    activated = fn generation ->
      data = ~s([{"environment": "std", "action": "built", "generation": #{generation}}])
      ~s(echo '{"schema": 1, "command": "sync", "ok": true, "data": #{data}}')
    end

    {name, project} = start(activated.(2), watch: false)
    broken = %{"probe" => Project.library("probe", %{"init" => "raise RuntimeError('broken')"})}
    Project.activate(project, "std")
    assert {:error, %Error{code: :not_ready, generation: 1} = error} = Envmgr.reload(name)
    assert error.message == "generation 2 was activated, and generation 1 serves"
    Project.activate(project, "std", generation: 2, libraries: broken)
    assert {:error, %Error{code: :start, generation: 2} = error} = Envmgr.reload(name)
    assert error.message =~ "broken"
    assert {:ok, "1"} = Envmgr.execute("probe.generation", [], name: name)

    fresh = %{"probe" => Project.library("probe", %{"init" => "raise RuntimeError('new')"})}
    Project.activate(project, "fresh", libraries: fresh)
    Project.activate(project, "std", generation: 2)
    assert :ok = Envmgr.reload(name)
    assert {:error, %Error{code: :start}} = Envmgr.load("probe", name)
  end

  test "what is broken at the start is told, and serves" do
    log =
      capture_log(fn ->
        project = Project.new([{"envmgr.toml", "["}])
        Project.tool(project, error("E-CONFIG"))
        Project.activate(project, "std")
        start_supervised!({Envmgr, name: :broken, project: project}, id: :broken)
        Project.eventually(fn -> Envmgr.configuration(:broken).state == :failed end)
        assert {:ok, "1"} = Envmgr.execute("probe.generation", [], name: :broken)
      end)

    assert log =~ "cannot be compared with what is active, which serves: no E-CONFIG"
  end

  test "an index out of reach is told once, and tried again" do
    log =
      capture_log(fn ->
        {name, project} = start(error("E-NETWORK"))
        Project.configure(project, "# 1")
        Project.eventually(fn -> Envmgr.configuration(name).state == :failed end)
        # What the timer does, half a minute later.
        send(server(name), :retry)
        Project.eventually(fn -> length(runs(project)) == 2 end)
        Project.eventually(fn -> Envmgr.configuration(name).state == :failed end)
      end)

    assert [_, _] = String.split(log, "serves as before: no E-NETWORK")
  end

  test "a build that fails and has made its lock is tried once more, and told once" do
    log =
      capture_log(fn ->
        line = String.replace(error_line("E-BUILD"), "no E-BUILD", "no build of '$$'")

        {name, project} =
          start("mkdir -p locks; echo 1 > locks/pylock.x.toml; echo '#{line}'; exit 4")

        Project.configure(project, "# 1")
        Project.eventually(fn -> length(runs(project)) == 2 end)
        Process.sleep(600)
        assert runs(project) == ~w(begin begin)
        assert Envmgr.configuration(name).state == :failed
      end)

    assert [_, _] = String.split(log, "serves as before: no build of ")
  end

  test "without envmgr.toml there is nothing to compare; without a project, nothing to bring in" do
    project = Project.new()
    Project.tool(project, "touch #{project}/runs")
    start_supervised!({Envmgr, name: :bare, project: project}, id: :bare)
    Process.sleep(200)
    assert runs(project) == []
    assert %{state: :unknown, watch: true} = Envmgr.configuration(:bare)

    start_supervised!({Envmgr, name: :nothing, project: false})
    assert {:error, %Error{code: :not_installed}} = Envmgr.reload(:nothing)
    assert %{state: :unknown, watch: false, error: nil} = Envmgr.configuration(:nothing)
    assert {:error, %Error{code: :not_ready}} = Envmgr.reload(:nowhere)
    assert {:error, %Error{code: :not_installed}} = Envmgr.load("math", :nothing)
  end
end
