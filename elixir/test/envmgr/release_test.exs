defmodule Envmgr.ReleaseTest do
  # The variables of a release are the VM's.
  use ExUnit.Case, async: false
  import ExUnit.{CaptureIO, CaptureLog}

  alias Envmgr.{Error, Options, Release}
  alias Envmgr.Libraries.Moving
  alias Envmgr.Release.{Closed, Contents}
  alias Envmgr.Test.Project
  alias Envmgr.Values.{Decoder, Encoder}

  @hooks "def after(call, value):\n    return [value, 'after']\n"

  # A project as `envmgr sync` leaves it, all inside of its directory.
  setup_all do
    project = Path.join(System.tmp_dir!(), "envmgr-release-#{System.pid()}")
    on_exit(fn -> File.rm_rf!(project) end)
    layer = Project.layer()
    home = Path.join(project, ".envmgr")
    placed = Path.join(home, "runtime/abi-1")
    store = Path.join(home, "store/std-1")
    File.mkdir_p!(Path.join(store, "bin"))
    File.mkdir_p!(placed)
    {_, 0} = System.cmd("cp", ["-RPp", layer.path <> "/.", placed])
    File.ln_s!(layer.python, Path.join(store, "bin/python"))
    File.write!(Path.join(store, "probe.so"), "native")
    File.write!(store <> ".manifest", ~s({"files": {"probe.so": [6, "", 420]}, "links": {}}))

    File.write!(
      placed <> ".manifest",
      ~s({"files": {"worker.py": [1, "", 420], "envmgr_runtime/__init__.py": [1, "", 420]}, "links": {}})
    )

    File.mkdir_p!(store <> ".catalog")
    catalog = Path.join(store <> ".catalog", "math.catalog")
    File.cp!(Path.join(layer.path, "math.catalog"), catalog)
    File.write!(Path.join(project, "envmgr.toml"), "")
    File.mkdir_p!(Path.join(project, "hooks"))
    File.write!(Path.join(project, "hooks/h.py"), @hooks)

    {version, 0} =
      System.cmd(layer.python, ["-c", "import platform; print(platform.python_version())"])

    hooks = %{"after" => "hooks/h.py:after"}
    math = Project.library("math", %{"catalog" => catalog, "hooks" => hooks})

    Project.activate(project, "std",
      libraries: %{"math" => math},
      workers: 1,
      command: [Path.join(store, "bin/python"), "-I", "-B", Path.join(placed, "worker.py")]
    )

    launch = Path.join(home, "envs/std/launch.msgpack")
    python = %{"version" => String.trim(version), "executable" => layer.python}
    rewrite(launch, &Map.merge(&1, %{"store" => store, "python" => python}))
    %{template: project}
  end

  setup %{template: template} do
    project = Project.new()
    File.rm_rf!(project)
    {_, 0} = System.cmd("cp", ["-RPp", template, project])
    launch = Path.join(project, ".envmgr/envs/std/launch.msgpack")

    rewrite(launch, fn map ->
      Moving.absolute(
        Moving.relative(map, template) |> Map.put("lease", "#{project}/lease"),
        project
      )
    end)

    version = Path.join(Project.new(), "releases/0.1.0")
    File.mkdir_p!(version)
    %{project: project, version: version}
  end

  defp rewrite(launch, change) do
    {:ok, map} = launch |> File.read!() |> Decoder.decode()
    {:ok, data} = map |> change.() |> Encoder.encode()
    File.write!(launch, data)
  end

  defp assemble(project, version, options \\ []) do
    release = %{version_path: version, options: [envmgr: [project: project] ++ options]}
    said = capture_io(fn -> assert Release.assemble(release) == release end)
    assert said =~ "* assembled environments std"
    Path.join(version, "envmgr")
  end

  # Without the command there is nobody to tell whether all is current.
  defp without_command(run) do
    path = System.get_env("PATH")
    bin = Project.new()
    File.ln_s!(System.find_executable("cp"), Path.join(bin, "cp"))
    System.put_env("PATH", bin)

    try do
      run.()
    after
      System.put_env("PATH", path)
    end
  end

  test "an assembled environment runs wherever it is", %{project: project, version: version} do
    place = without_command(fn -> assemble(project, version) end)
    File.rm_rf!(project)

    assert Release.check!(place) == :ok
    assert called(place) == {:ok, [4.0, "after"]}
    moved = Project.new()
    File.rename!(Path.dirname(version), Path.join(moved, "releases"))
    place = Path.join(moved, "releases/0.1.0/envmgr")
    assert called(place) == {:ok, [4.0, "after"]}
  end

  defp called(place) do
    name = :"release#{System.unique_integer([:positive])}"
    start_supervised!({Envmgr, name: name, project: place, watch: false, check: :raise}, id: name)

    assert {:error, %Error{code: :sync, message: "the environments in" <> _}} =
             Envmgr.reload(name)

    answer = Envmgr.execute("math.sqrt", [16.0], name: name, timeout: 10_000)
    stop_supervised!(name)
    answer
  end

  test "its launch manifest names no place of the machine that built it", context do
    place = without_command(fn -> assemble(context.project, context.version) end)

    {:ok, map} =
      Path.join(place, ".envmgr/envs/std/launch.msgpack") |> File.read!() |> Decoder.decode()

    assert %{"store" => "./.envmgr/store/std-1", "cwd" => "./", "lease" => nil} = map

    assert ["./.envmgr/store/std-1/bin/python", "-I", "-B", "./.envmgr/runtime/abi-1/worker.py"] =
             map["command"]

    refute inspect(Map.drop(map, ["python"]), limit: :infinity) =~ context.project
    assert Moving.absolute(map, "/srv")["cwd"] == "/srv"
    assert Moving.absolute(map, "/srv")["store"] == "/srv/.envmgr/store/std-1"

    assert Moving.absolute(%{"command" => 1, "env" => nil}, "/srv") == %{
             "command" => 1,
             "env" => nil
           }

    # Bytecode holds for files of the very same time.
    file = ".envmgr/runtime/abi-1/worker.py"

    [one, other] =
      for root <- [context.project, place], do: File.stat!(Path.join(root, file)).mtime

    assert one == other
  end

  test "what cannot be assembled is told, all of it", %{project: project, version: version} do
    refused = fn options ->
      release = %{version_path: version, options: [envmgr: [project: project] ++ options]}

      without_command(fn ->
        assert_raise(Mix.Error, fn -> Release.assemble(release) end).message
      end)
    end

    assert refused.(environment: "std") =~
             "unknown option :environment of envmgr in a release, did you mean environments?"

    assert refused.(environments: ["std", "data"]) =~ "\n  data: there is no such environment"
    said = refused.(files: ["rules", "../secret", "/etc/passwd"])
    assert said =~ "\n  rules: there is no such file in #{project}"
    assert said =~ "\n  ../secret: it is outside of the project\n  /etc/passwd: it is outside"
    store = Path.join(project, ".envmgr/store/std-1")
    File.rename!(store, store <> ".theirs")
    File.ln_s!(store <> ".theirs", store)
    assert refused.([]) =~ "std: it is the environment #{store}.theirs of another tool"
    File.rm_rf!(Path.join(project, ".envmgr/envs"))
    assert refused.([]) =~ "no environment of #{project} is active"
  end

  test "further files go along; envmgr.toml must be in force", %{
    project: project,
    version: version
  } do
    File.mkdir_p!(Path.join(project, "rules"))
    File.write!(Path.join(project, "rules/a.txt"), "a")

    answer = fn state ->
      Project.tool(
        project,
        ~s(echo '{"schema": 1, "ok": true, "data": [{"environment": "std", "state": "#{state}", "detail": "run it"}]}')
      )
    end

    answer.("ready")
    place = assemble(project, version, files: ["rules", "hooks/h.py"])
    assert File.read!(Path.join(place, "rules/a.txt")) == "a"
    assert File.read!(Path.join(place, "hooks/h.py")) == @hooks
    assert File.exists?(Path.join(place, "envmgr.toml"))
    answer.("stale-lock")

    assert_raise Mix.Error, "environments are not what envmgr.toml says:\n  std: run it", fn ->
      assemble(project, version)
    end

    Project.tool(
      project,
      ~s(echo '{"schema": 1, "ok": false, "error": {"code": "E-CONFIG", "message": "no"}}')
    )

    assert_raise Mix.Error, "no", fn -> assemble(project, version) end
  end

  describe "check!" do
    defp problems(project) do
      error = assert_raise Error, fn -> Release.check!(project) end
      assert error.code == :not_installed
      error.message
    end

    test "names all that keeps environments from running", %{project: project} do
      home = Path.join(project, ".envmgr")
      python = Path.join(home, "store/std-1/bin/python")
      File.rm!(python)
      File.ln_s!("/opt/none/python3", python)
      File.rm!(Path.join(home, "store/std-1/probe.so"))
      File.rm_rf!(Path.join(home, "store/std-1.catalog"))
      messages = Path.join(home, "runtime/abi-1/envmgr_runtime/wire/messages.py")

      File.write!(
        messages,
        String.replace(File.read!(messages), ~r/^PROTOCOL = \d+/m, "PROTOCOL = 1")
      )

      File.rm!(Path.join(home, "runtime/abi-1/envmgr_runtime/__init__.py"))
      File.mkdir_p!(Path.join(home, "envs/torn"))
      File.write!(Path.join(home, "envs/torn/launch.msgpack"), "torn")
      # Being removed: it is none.
      File.mkdir_p!(Path.join(home, "envs/going"))
      rewrite(Path.join(home, "envs/std/launch.msgpack"), &Map.put(&1, "cwd", "/not/there"))

      said = problems(project)
      assert said =~ "is not on this machine: #{python} leads to /opt/none/python3"

      assert said =~
               "std: its workers speak protocol 1, this library protocol #{Envmgr.Wire.protocol()}"

      assert said =~ ~r"std: the runtime layer \S+ is not whole: envmgr_runtime/__init__.py\n"
      assert said =~ ~r"std: the store entry \S+ is not whole: probe.so\n"
      assert said =~ "std: the catalog of math is not there"
      assert said =~ "std: its directory /not/there is not there"
      assert said =~ "torn: its launch manifest cannot be used"
      refute said =~ "going"
    end

    test "an entry that is gone, an interpreter that is broken, gone or another", %{
      project: project
    } do
      launch = Path.join(project, ".envmgr/envs/std/launch.msgpack")
      python = Path.join(project, ".envmgr/store/std-1/bin/python")

      answer = fn script ->
        File.rm!(python)
        File.write!(python, "#!/bin/sh\n" <> script)
        File.chmod!(python, 0o755)
      end

      answer.("echo broken; exit 3")
      assert problems(project) =~ ~r"std: Python \S+ \(\S+\) does not start: broken$"
      rewrite(launch, &put_in(&1["python"]["version"], "3.9.1rc2"))
      answer.("echo 3.9.1")
      assert Release.check!(project) == :ok
      answer.("echo 3.9.2")
      assert capture_log(fn -> assert Release.check!(project) == :ok end) =~ "which is 3.9.2 here"
      answer.("echo 3.10.1")
      assert problems(project) =~ "which is 3.10.1 here"
      File.rm_rf!(Path.join(project, ".envmgr/store/std-1"))
      assert problems(project) =~ "bin/python is not there"
      assert problems(project) =~ "the store entry #{project}/.envmgr/store/std-1 is not there"
      File.rm_rf!(Path.join(project, ".envmgr/envs"))
      assert problems(project) =~ "no environment is installed in #{project}"
    end

    test "what several environments have in common is told once", %{project: project} do
      envs = Path.join(project, ".envmgr/envs")
      File.cp_r!(Path.join(envs, "std"), Path.join(envs, "twin"))
      File.rm!(Path.join(project, ".envmgr/store/std-1/probe.so"))
      assert problems(project) =~ ~r"\n  std, twin: the store entry \S+ is not whole: probe.so$"
    end

    test "directories that keep a user out", %{project: project} do
      directory = Path.join(project, "home")
      python = Path.join(directory, "bin/python3")
      File.mkdir_p!(Path.dirname(python))
      File.write!(python, "")
      link = Path.join(project, "python")
      File.ln_s!("home/bin/python3", link)
      others = Closed.to_others(link)
      File.chmod!(directory, 0o700)
      assert Closed.to_others(link) in [directory, others || directory]
      assert Closed.directory(link) == nil
      File.chmod!(directory, 0o600)
      on_exit(fn -> File.chmod!(directory, 0o700) end)
      # Root may search everything.
      assert Closed.directory(link) == if(Closed.user() == "root", do: nil, else: directory)
      File.ln_s!("loop", Path.join(project, "loop"))
      assert Closed.directory(Path.join(project, "loop")) == nil
    end

    test "an extension module of another size", %{project: project} do
      store = Path.join(project, ".envmgr/store/std-1")
      contents = Contents.of(store)
      assert Contents.missing(contents, store) == []
      Contents.write!(contents, store)
      assert Contents.of(store) == contents
      File.write!(Path.join(store, "probe.so"), "cut")
      assert Contents.missing(contents, store) == ["probe.so"]
    end
  end

  describe "at boot" do
    setup %{project: project, version: version} do
      place = without_command(fn -> assemble(project, version) end)
      before = Application.fetch_env(:envmgr, :project)
      System.put_env("RELEASE_ROOT", version |> Path.dirname() |> Path.dirname())
      System.put_env("RELEASE_VSN", "0.1.0")

      on_exit(fn ->
        System.delete_env("RELEASE_ROOT")
        System.delete_env("RELEASE_VSN")

        case before do
          {:ok, value} -> Application.put_env(:envmgr, :project, value)
          :error -> Application.delete_env(:envmgr, :project)
        end
      end)

      %{place: place}
    end

    test "a release has its own environments, unless told otherwise", context do
      %{place: place, project: project} = context
      Application.delete_env(:envmgr, :project)
      assert %{project: ^place, watch: false, check: :raise} = Options.default!()
      Application.put_env(:envmgr, :project, project)
      assert %{project: ^place, watch: false, check: :raise} = Options.default!()
      Application.put_env(:envmgr, :project, "/srv/beside")
      assert %{project: "/srv/beside", watch: true, check: :log} = Options.default!()
      Application.put_env(:envmgr, :project, false)
      assert %{project: nil} = Options.default!()
      Application.put_env(:envmgr, :project, project)
      System.put_env("RELEASE_VSN", "0.2.0")
      assert %{project: ^project, check: :log} = Options.default!()
      System.delete_env("RELEASE_ROOT")
      assert %{project: ^project, check: false} = Options.default!()
    end

    # In a VM of its own, which it ends.
    defp boots(project, mode, more \\ "") do
      script = """
      #{more}
      Application.put_env(:envmgr, :project, #{inspect(project)})
      Application.put_env(:envmgr, :check, :raise)
      {:ok, _} = Application.ensure_all_started(:crypto)
      IO.inspect(Application.start(:envmgr, #{inspect(mode)}), limit: 3)
      """

      directory = Project.new()
      arguments = ["-pa", to_string(:code.lib_dir(:envmgr, :ebin)), "-e", script]
      {said, status} = System.cmd("elixir", arguments, stderr_to_stdout: true, cd: directory)
      assert File.ls!(directory) == []
      {said, status}
    end

    test "a VM that cannot boot says why, once, and ends with status 1", %{place: place} do
      File.rm_rf!(Path.join(place, ".envmgr/store/std-1.catalog"))
      {said, 1} = boots(place, :permanent)
      assert [_before, _after] = String.split(said, "the catalog of math is not there")
      assert said =~ "hint: build the release where it is to run"
      refute said =~ "application_controller"

      quiet = "Logger.configure(level: :emergency)"
      assert {"envmgr: environments of" <> _, 1} = boots(place, :permanent, quiet)

      # Started by hand, it answers.
      {said, 0} = boots(place, :temporary, quiet)
      assert said =~ "{:error,"
    end

    test "what cannot run does not start, or is logged", %{place: place} do
      File.rm_rf!(Path.join(place, ".envmgr/store/std-1.catalog"))

      said =
        capture_log(fn ->
          assert_raise Error, ~r/the catalog of math/, fn ->
            Envmgr.start_link(name: :b, project: place, check: :raise)
          end
        end)

      assert said =~ "the catalog of math is not there"

      assert Release.check(Options.new!(name: :b, project: place, check: :log)) == :ok
      said = capture_log(fn -> assert Release.tell(place) == :ok end)
      assert said =~ "the catalog of math is not there"

      assert_raise ArgumentError, ~r/:loud is no value of :check/, fn ->
        Options.new!(check: :loud)
      end
    end
  end
end
