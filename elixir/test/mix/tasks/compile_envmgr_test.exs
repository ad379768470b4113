defmodule Mix.Tasks.Compile.EnvmgrTest do
  # The working directory, the variables and Mix's project are the VM's.
  use ExUnit.Case, async: false
  import ExUnit.CaptureIO

  alias Envmgr.Test.Project
  alias Mix.Tasks.Compile.Envmgr, as: Compiler

  @built ~s({"schema": 1, "command": "sync", "ok": true, "data": []})
  @broken ~S({"schema": 1, "ok": false, "error": {"code": "E-CONFIG", "message": "1 problem in envmgr.toml", "hint": "correct it", "details": ) <>
            ~S({"problems": [{"file": "/p/envmgr.toml", "line": 12, "column": 3, "length": 7, "message": "unknown key", "suggestion": "version", "hint": ""}, ) <>
            ~S({"file": null, "line": null, "column": 1, "length": 4, "message": "no number", "suggestion": null, "hint": "--set"}]}}})
  @busy ~s({"schema": 1, "ok": false, "error": {"code": "E-BUSY", "message": "process 7 is at work", "hint": "", "details": {}}})
  @conflict ~s({"schema": 1, "ok": false, "error": {"code": "E-CONFLICT", "message": "a and b", "hint": "`envmgr explain`", "details": {}}})

  setup do
    mix = """
    defmodule Compiled#{System.unique_integer([:positive])}.MixProject do
      use Mix.Project
      def project, do: [app: :compiled, version: "0.1.0", compilers: [:envmgr] ++ Mix.compilers()]
    end
    """

    project = Project.new([{"mix.exs", mix}, {"envmgr.toml", "config-version = 1\n"}])
    configured = Application.fetch_env(:envmgr, :project)
    Application.delete_env(:envmgr, :project)
    ci = System.get_env("CI")
    System.delete_env("CI")

    on_exit(fn ->
      with {:ok, value} <- configured, do: Application.put_env(:envmgr, :project, value)
      if ci, do: System.put_env("CI", ci)
    end)

    Project.activate(project, "std")
    tool(project, @built)
    %{project: project}
  end

  # Answers and writes down how it was called.
  defp tool(project, answer),
    do:
      Project.tool(
        project,
        "echo \"$@\" >> #{project}/calls\ncat <<'END'\n#{answer}\nEND"
      )

  defp compile(project, arguments \\ []) do
    File.cd!(project, fn ->
      Mix.Project.in_project(app(project), project, fn _mix ->
        {answer, said} = with_io(fn -> Compiler.run(arguments) end)
        Process.put(:said, said)
        answer
      end)
    end)
  end

  # Mix reads mix.exs once for each name.
  defp app(project), do: project |> Path.basename() |> String.to_atom()

  defp calls(project) do
    case File.read(Path.join(project, "calls")) do
      {:ok, calls} -> String.split(calls, "\n", trim: true)
      {:error, :enoent} -> []
    end
  end

  test "syncs once, and starts nothing while nothing changes", %{project: project} do
    assert compile(project) == {:ok, []}
    assert Process.get(:said) =~ "Syncing the environments of envmgr.toml\n"
    line = "sync --project #{project} --format json --keep-rollbacks"
    assert calls(project) == [line]
    assert compile(project) == {:noop, []}
    assert compile(project) == {:noop, []}
    assert calls(project) == [line]
    assert compile(project, ["--force"]) == {:ok, []}
    assert length(calls(project)) == 2
  end

  test "sees what changed: envmgr.toml, a lock, what is active, what it needs, the variables, the command",
       %{project: project} do
    synced = fn change ->
      change.()
      assert compile(project) == {:ok, []}
      assert compile(project) == {:noop, []}
    end

    synced.(fn -> :ok end)
    synced.(fn -> File.write!(Path.join(project, "envmgr.toml"), "config-version = 1 #\n") end)

    synced.(fn ->
      File.mkdir!(Path.join(project, "locks"))
      File.write!(Path.join(project, "locks/pylock.std.toml"), "")
    end)

    synced.(fn -> Project.activate(project, "std", generation: 2) end)
    synced.(fn -> Project.deactivate(project, "std") end)

    System.put_env("ENVMGR_LIBRARY__MATH__WORKERS", "3")
    on_exit(fn -> System.delete_env("ENVMGR_LIBRARY__MATH__WORKERS") end)
    synced.(fn -> :ok end)
    synced.(fn -> tool(project, @built <> "\n") end)

    gone = Path.join(project, "python")
    File.write!(gone, "")
    synced.(fn -> Project.activate(project, "std", command: [gone]) end)
    File.rm!(gone)
    assert compile(project) == {:ok, []}
  end

  test "what is edited while it syncs is seen the next time", %{project: project} do
    Project.tool(
      project,
      "echo '#' >> #{project}/envmgr.toml; echo x >> #{project}/calls\necho '#{@built}'"
    )

    assert compile(project) == {:ok, []}
    assert compile(project) == {:ok, []}
  end

  test "problems are diagnostics with file, line and column", %{project: project} do
    tool(project, @broken)
    said = capture_io(:stderr, fn -> Process.put(:answer, compile(project)) end)
    assert {:error, [problem, beside]} = Process.get(:answer)

    assert %Mix.Task.Compiler.Diagnostic{
             compiler_name: "envmgr",
             file: "/p/envmgr.toml",
             position: {12, 2, 12, 9},
             severity: :error,
             message: "unknown key\ndid you mean `version`?",
             details: "E-CONFIG"
           } = problem

    assert %{position: 0, message: "no number\n--set"} = beside
    assert beside.file == Path.join(project, "envmgr.toml")
    assert said =~ "error: 1 problem in envmgr.toml\n\nhint: correct it"

    tool(project, @conflict)
    capture_io(:stderr, fn -> Process.put(:answer, compile(project)) end)

    assert {:error, [%{message: "a and b\n\nhint: `mix envmgr explain`", details: "E-CONFLICT"}]} =
             Process.get(:answer)
  end

  test "waits for another envmgr", %{project: project} do
    Project.tool(project, """
    if [ -e #{project}/calls ]; then echo '#{@built}'; else echo x > #{project}/calls; echo '#{@busy}'; fi
    """)

    assert compile(project) == {:ok, []}
    assert Process.get(:said) =~ "Waiting: process 7 is at work\n"
  end

  test "in CI and production locks stay as they are", %{project: project} do
    System.put_env("CI", "true")
    on_exit(fn -> System.delete_env("CI") end)
    assert compile(project) == {:ok, []}
    System.delete_env("CI")
    Mix.env(:prod)
    on_exit(fn -> Mix.env(:test) end)
    assert compile(project, ["--force"]) == {:ok, []}
    assert Enum.map(calls(project), &String.ends_with?(&1, " --frozen")) == [true, true]
  end

  test "says what to do without the command, without envmgr.toml", %{project: project} do
    path = System.get_env("PATH")
    on_exit(fn -> System.put_env("PATH", path) end)
    File.rm!(Path.join(project, ".envmgr/tool/bin/envmgr"))
    System.put_env("PATH", project)

    said = capture_io(:stderr, fn -> assert {:error, [%{position: 0}]} = compile(project) end)

    assert said =~ "the command envmgr is not installed\n\nhint: run `mix envmgr.install`"

    File.rm!(Path.join(project, "envmgr.toml"))
    said = capture_io(:stderr, fn -> assert {:error, [_]} = compile(project) end)
    assert said =~ "there is no envmgr.toml here or above\n\nhint: `mix envmgr.init`"
    Project.tool(project, "")
    File.chmod!(Path.join(project, ".envmgr/tool/bin/envmgr"), 0o644)
    File.write!(Path.join(project, "envmgr.toml"), "")
    said = capture_io(:stderr, fn -> assert {:error, [_]} = compile(project) end)
    assert said =~ "does not start: :eacces"
  end

  test "without a project it does nothing", %{project: project} do
    Application.put_env(:envmgr, :project, false)
    on_exit(fn -> Application.delete_env(:envmgr, :project) end)
    assert compile(project) == {:noop, []}
    assert calls(project) == []
  end

  test "mix clean forgets what was compared", %{project: project} do
    compile(project)

    File.cd!(project, fn ->
      Mix.Project.in_project(app(project), project, fn _mix ->
        assert [manifest] = Compiler.manifests()
        assert File.exists?(manifest)
        Compiler.clean()
        refute File.exists?(manifest)
        File.write!(manifest, "no term")
      end)
    end)

    assert compile(project) == {:ok, []}
  end
end
