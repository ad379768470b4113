defmodule Mix.Tasks.EnvmgrTest do
  # The variable ENVMGR and the application's default instance are the VM's.
  use ExUnit.Case, async: false
  import ExUnit.CaptureIO

  alias Envmgr.Command.{Arguments, Tool}
  alias Envmgr.Test.Project
  alias Mix.Tasks.Envmgr, as: Tasks

  # A command that writes down how it was called.
  defp scripted(project, status) do
    script = Path.join(project, "envmgr-script")
    File.write!(script, "#!/bin/sh\necho \"$@\" >> #{project}/calls\nexit #{status}\n")
    File.chmod!(script, 0o755)
    System.put_env("ENVMGR", script)
    on_exit(fn -> System.delete_env("ENVMGR") end)
  end

  setup do
    %{project: Project.new([{"envmgr.toml", "config-version = 1\n"}])}
  end

  test "tasks hand on arguments and exit status", %{project: project} do
    scripted(project, 3)
    assert catch_exit(Tasks.Status.run(["--project", project])) == {:shutdown, 3}

    assert catch_exit(Tasks.Rollback.run(["data", "--to", "2", "--project=#{project}"])) ==
             {:shutdown, 3}

    assert catch_exit(Tasks.Install.run(["--project", project, "numpy", "--frozen"])) ==
             {:shutdown, 3}

    assert File.read!(Path.join(project, "calls")) == """
           status --project #{project}
           rollback --project #{project} data --to 2
           sync --project #{project} numpy --frozen
           """
  end

  test "a command that ends well ends the task well", %{project: project} do
    scripted(project, 0)
    assert Tasks.Install.run(["--project", project]) == :ok
  end

  test "without envmgr.toml the task says what to do" do
    bare = Project.new()

    words =
      capture_io(:stderr, fn ->
        assert catch_exit(Tasks.Status.run(["--project", bare])) == {:shutdown, 2}
      end)

    assert words == "error: there is no envmgr.toml in #{bare}\n"
  end

  test "the project's own tool comes before PATH, the variable before both", %{project: project} do
    tool = Path.join(project, ".envmgr/tool/bin/envmgr")
    File.mkdir_p!(Path.dirname(tool))
    File.write!(tool, "")
    assert Tool.find(project) == [tool]
    System.put_env("ENVMGR", "python3 -m envmgr")
    on_exit(fn -> System.delete_env("ENVMGR") end)
    assert Tool.find(project) == ["python3", "-m", "envmgr"]
  end

  test "without the command a reload says what to do", %{project: project} do
    path = System.get_env("PATH")
    System.put_env("PATH", project)
    on_exit(fn -> System.put_env("PATH", path) end)
    start_supervised!({Envmgr, name: :alone, project: project})

    assert {:error, %Envmgr.Error{code: :sync, hint: "run `mix envmgr.install`"} = error} =
             Envmgr.reload(:alone)

    assert error.message == "the command envmgr is not installed"
  end

  test "the checkout is installed where there is one, else the distribution" do
    assert File.regular?(Path.join(Tool.source(), "pyproject.toml"))
    assert Tool.source("/does/not/exist") == "envmgr-elixir"
  end

  test "every task has help" do
    for task <- [Tasks.Install, Tasks.Status, Tasks.Rollback, Tasks.Call] do
      help = capture_io(fn -> assert catch_exit(task.run(["--help"])) == {:shutdown, 0} end)
      assert help =~ "mix envmgr."
      assert Mix.Task.shortdoc(task)
    end

    assert Arguments.split!(["a", "--project", "p", "b"], "") == {[project: "p"], ["a", "b"]}
  end

  describe "call" do
    setup %{project: project} do
      Project.activate(project, "std")
      Application.stop(:envmgr)
      before = Application.get_env(:envmgr, :project)

      on_exit(fn ->
        Application.put_env(:envmgr, :project, before)
        Application.ensure_all_started(:envmgr)
      end)
    end

    test "prints the value", %{project: project} do
      call = &capture_io(fn -> Tasks.Call.run(&1 ++ ["--project", project]) end)
      assert call.(["math.sqrt", "[16.0]"]) == "4.0\n"

      assert call.(["probe.only_named", "--kwargs", ~s({"name": "x", "size": 2})]) ==
               ~s(["x", 2]\n)

      assert call.(["probe.echo", ~s([{"a": [1, null]}])]) == ~s(%{"a" => [1, nil]}\n)
    end

    test "goes on with a chain", %{project: project} do
      chain =
        ~s([["method", "add", [2], {"times": 2}], ["op", "-", 4], ["op", "-"], ["method", "__abs__"]])

      arguments = ["probe.Thing", "[40]", "--chain", chain, "--project", project]
      assert capture_io(fn -> Tasks.Call.run(arguments) end) == "40\n"

      chain = ~s([["attr", "items"], ["item", "a"]])

      arguments = [
        "probe.Box",
        "--kwargs",
        ~s({"a": [1]}),
        "--chain",
        chain,
        "--project",
        project
      ]

      assert capture_io(fn -> Tasks.Call.run(arguments) end) == "[1]\n"
    end

    test "with a trace tells what is known of the call", %{project: project} do
      words =
        capture_io(:stderr, fn ->
          arguments = ["probe.speak", "[1]", "--trace", "--project", project]
          assert capture_io(fn -> Tasks.Call.run(arguments) end) == "1\n"
        end)

      for known <- ["transport:", ~s(stdout: "to stdout), "correlation:", "generation: 1"],
          do: assert(words =~ known)
    end

    test "puts errors on stderr", %{project: project} do
      call = fn arguments, status ->
        capture_io(:stderr, fn ->
          assert catch_exit(Tasks.Call.run(arguments ++ ["--project", project])) ==
                   {:shutdown, status}
        end)
      end

      assert call.(["math.sqrtt", "[1]"], 1) =~
               "error: math.sqrtt: math has no such function\n\nhint: did you mean"

      assert call.(["probe.fail", ~s(["broken"])], 1) =~ "error: probe.fail: ValueError: broken"
      assert call.(["probe.speak", "[null]", "--trace"], 1) =~ ~s(stdout: "to stdout)

      assert call.(["math.sqrt", "[1]", "--chain", ~s([["jump"]])], 2) =~
               ~s(--chain: ["jump"] is no step)

      assert call.(["math.sqrt", "[1]", "--chain", ~s([["op", "?", 1]])], 1) =~
               ~s("?" is no operator)

      assert call.(["math.sqrt", "[1]", "--chain", ~s([["method", 1]])], 1) =~ "step 2"
      assert call.(["probe.nap", "[5]", "--timeout", "50"], 1) =~ "no answer within 50 ms"
      assert call.([], 2) =~ "hint: mix envmgr.call PATH"
      assert call.(["math.sqrt", "[1"], 2) =~ "ARGS_JSON: not JSON at byte 2"
      assert call.(["math.sqrt", "{}"], 2) =~ "ARGS_JSON is not an array"
      assert call.(["math.sqrt", "--kwarg", "{}"], 2) =~ "option --kwarg"
    end
  end
end
