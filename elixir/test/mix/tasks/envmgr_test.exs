defmodule Mix.Tasks.EnvmgrTest do
  # The variable ENVMGR and the application's default instance are the VM's.
  use ExUnit.Case, async: false
  import ExUnit.CaptureIO
  require Logger

  alias Envmgr.Command.{Arguments, Installing, Scaffold, Tool}
  alias Envmgr.Test.Project
  alias Mix.Tasks.Envmgr, as: Tasks

  # A command that writes down how it was called.
  defp scripted(project, status) do
    script = Path.join(project, "envmgr-script")

    File.write!(script, """
    #!/bin/sh
    [ "$ENVMGR_CALLED_AS" = "mix envmgr" ] || exit 9
    echo "$@" >> #{project}/calls
    exit #{status}
    """)

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

    assert words ==
             "error: there is no envmgr.toml in #{bare}\n\nhint: start with one: `mix envmgr.init --project #{bare}`\n"
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
    assert File.regular?(Path.join(Installing.source(), "pyproject.toml"))
    assert Installing.source("/does/not/exist") == "envmgr-elixir==#{Tool.library_version()}"
  end

  test "every task has help" do
    for task <- tasks(), task != Tasks do
      help = capture_io(fn -> assert catch_exit(task.run(["--help"])) == {:shutdown, 0} end)
      assert help =~ "mix #{Mix.Task.task_name(task)}"
      assert Mix.Task.shortdoc(task)
      assert Mix.Task.moduledoc(task) == help |> String.trim_trailing("\n") |> Kernel.<>("\n")
    end

    assert Arguments.split!(["a", "--project", "p", "b"], "") == {[project: "p"], ["a", "b"]}
    assert Arguments.take(["a", "--from=x=y"], "--from") == {"x=y", ["a"]}
  end

  defp tasks do
    {:ok, modules} = :application.get_key(:envmgr, :modules)
    Enum.filter(modules, &match?(["Mix", "Tasks", "Envmgr" | _], Module.split(&1)))
  end

  test "a task passes on to the word of its name", %{project: project} do
    scripted(project, 0)
    others = [Tasks, Tasks.Init, Tasks.Install, Tasks.Call, Tasks.Calls, Tasks.Doctor]

    words =
      for task <- tasks() -- others do
        "envmgr." <> word = Mix.Task.task_name(task)
        assert task.run(["x", "--project", project]) == :ok
        word
      end

    assert Enum.sort(
             ~w(add describe explain functions gc health history lock matrix plan) ++
               ~w(rollback search status sync upgrade)
           ) == Enum.sort(words)

    assert File.read!(Path.join(project, "calls")) ==
             Enum.map_join(words, &"#{&1} --project #{project} x\n")
  end

  test "words without a task of their own are passed on, too", %{project: project} do
    scripted(project, 2)
    assert catch_exit(Tasks.run(["config", "check", "--project", project])) == {:shutdown, 2}
    assert File.read!(Path.join(project, "calls")) == "--project #{project} config check\n"
    assert capture_io(fn -> Tasks.run([]) end) =~ "mix envmgr.doctor"
  end

  test "the doctor is told what the command is to fit", %{project: project} do
    scripted(project, 1)
    assert catch_exit(Tasks.Doctor.run(["--project", project])) == {:shutdown, 1}

    assert File.read!(Path.join(project, "calls")) ==
             "doctor --project #{project} --library #{Tool.library_version()}/#{Envmgr.Wire.protocol()}\n"
  end

  describe "init" do
    test "makes envmgr.toml, and says what else it did", %{project: project} do
      File.rm!(Path.join(project, "envmgr.toml"))
      scripted(project, 0)
      File.mkdir!(Path.join(project, "config"))
      config = Path.join(project, "config/config.exs")
      File.write!(config, "import Config # of mix\n\nconfig :logger, level: :info\n")
      File.write!(Path.join(project, ".gitignore"), "/_build/")

      said =
        in_project(project, fn ->
          capture_io(fn -> Tasks.Init.run(["--name", "shop"]) end)
        end)

      assert File.read!(Path.join(project, "calls")) == "init --project #{project} --name shop\n"
      line = ~s[config :envmgr, project: Path.expand("..", __DIR__)]

      assert File.read!(config) ==
               "import Config # of mix\n\n#{line}\n\nconfig :logger, level: :info\n"

      assert Config.Reader.read!(config)[:envmgr] == [project: project]
      assert File.read!(Path.join(project, ".gitignore")) == "/_build/\n/.envmgr/\n"
      assert said =~ "added to config/config.exs: #{line}\nadded to .gitignore: /.envmgr/\n"
      assert said =~ "next: `mix envmgr.add LIB`"

      File.write!(Path.join(project, "envmgr.toml"), "")
      again = in_project(project, fn -> capture_io(fn -> Tasks.Init.run([]) end) end)
      assert String.starts_with?(again, "kept envmgr.toml\n\nnext:")
    end

    test "leaves alone what it is not certain of", %{project: project} do
      config = Path.join(project, "config.exs")
      assert Scaffold.write(project, config) == []
      File.write!(config, "use Mix.Config\n")
      assert [line] = Scaffold.write(project, config)
      assert line =~ "has no line `import Config`; put into it: config :envmgr, project:"
      assert File.read!(config) == "use Mix.Config\n"

      elsewhere = Project.new([{"config.exs", "import Config\n"}])
      Scaffold.write(project, Path.join(elsewhere, "config.exs"))

      assert Config.Reader.read!(Path.join(elsewhere, "config.exs"))[:envmgr] == [
               project: project
             ]
    end
  end

  describe "install" do
    # A Python and a uv that write down what they are asked, and a pip that answers as told.
    defp machine(project, pip, status \\ 1) do
      bin = Path.join(project, "bin")
      File.mkdir_p!(bin)
      path = System.get_env("PATH")

      script = """
      #!/bin/sh
      case "$*" in
        *version_info*) echo True;;
        *"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python";;
        *) echo "$@" >> #{project}/pip; echo '#{pip}'; exit #{status};;
      esac
      """

      for name <- ~w(python3.13 python3.12 python3.11 python3 python3.14) do
        File.write!(Path.join(bin, name), script)
        File.chmod!(Path.join(bin, name), 0o755)
      end

      for name <- ~w(sh mkdir cp), do: File.ln_s!("/bin/#{name}", Path.join(bin, name))
      System.put_env("PATH", bin)
      on_exit(fn -> System.put_env("PATH", path) end)
    end

    defp failed(project, arguments) do
      capture_io(:stderr, fn ->
        assert catch_exit(Tasks.Install.run(["--project", project | arguments])) ==
                 {:shutdown, 4}
      end)
    end

    test "without a network says how to do without", %{project: project} do
      machine(project, "pip._vendor: Temporary failure in name resolution: ConnectionError")
      said = failed(project, [])
      assert said =~ "installing envmgr into"
      assert said =~ "Temporary failure in name resolution"

      assert said =~
               "error: envmgr could not be installed\n\nhint: without a network: `pip download"

      refute File.exists?(Path.join(project, ".envmgr/tool"))
      assert File.read!(Path.join(project, ".envmgr/.gitignore")) == "*\n"
    end

    test "takes what is named: a wheel, a directory of wheels, a requirement", %{project: project} do
      machine(project, "no")
      wheel = Path.join(project, "envmgr_elixir-9-py3-none-any.whl")
      assert failed(project, ["--from", "envmgr-elixir==9"]) =~ "the lines above say why"
      File.write!(wheel, "")
      failed(project, ["--from", wheel])
      failed(project, ["--from=#{project}"])
      failed(project, ["--from", "envmgr-elixir==9", "--offline"])

      pip = "-m pip install --quiet --disable-pip-version-check"

      assert File.read!(Path.join(project, "pip")) == """
             #{pip} envmgr-elixir==9
             #{pip} --find-links #{project} #{wheel}
             #{pip} --no-index --find-links #{project} envmgr-elixir
             #{pip} --no-index envmgr-elixir==9
             """
    end

    test "replaces a command of another version, and no other", %{project: project} do
      machine(project, "no")
      Project.tool(project, ~s(echo "envmgr 0.0.1"))
      assert failed(project, []) =~ "installing envmgr into"

      Project.tool(
        project,
        ~s([ "$1" = --version ] && echo "envmgr #{Tool.library_version()}" || echo "$@" >> #{project}/calls)
      )

      assert Tasks.Install.run(["--project", project, "--frozen"]) == :ok
      assert File.read!(Path.join(project, "calls")) =~ "sync --project #{project} --frozen\n"
    end

    test "without Python and uv says what to install", %{project: project} do
      bare = Path.join(project, "bare")
      File.mkdir!(bare)
      path = System.get_env("PATH")
      System.put_env("PATH", bare)
      on_exit(fn -> System.put_env("PATH", path) end)
      assert failed(project, []) =~ "envmgr needs Python 3.11 or later, or uv"
    end
  end

  # Here the host is this library itself, with its tests' support.
  describe "calls" do
    test "writes what compiled code calls, and says it", %{project: project} do
      words = ["--project", project, "--quiet"]
      file = Path.join(project, ".envmgr/calls.json")
      said = capture_io(fn -> Tasks.Calls.run(words) end)
      assert said =~ ~r/\A\d+ functions? and \d+ methods or attributes are called; of \d+ calls/
      assert said =~ ~r/^math\.sqrt +\(_\) +test\/support\/reload\.ex:\d+$/m
      assert {:ok, document} = file |> File.read!() |> Envmgr.JSON.decode()
      assert %{"schema" => 1, "unread" => [], "beams" => [%{"path" => ebin}]} = document
      assert ebin == Path.join(Mix.Project.build_path(), "lib/envmgr/ebin")

      assert %{"places" => [place], "shapes" => [shape]} =
               Enum.find(document["functions"], &(&1["path"] == "math.sqrt"))

      assert shape == %{"positional" => 1, "keywords" => [], "more" => [], "places" => [place]}
      assert File.read!(Path.join(project, ".envmgr/.gitignore")) == "*\n"
      assert File.ls!(Path.join(project, ".envmgr")) -- [".gitignore"] == ["calls.json"]

      File.rm!(file)
      json = capture_io(fn -> Tasks.Calls.run(words ++ ["--format", "json", "--output", "-"]) end)

      assert {:ok, %{"command" => "calls", "ok" => true, "data" => data}} =
               Envmgr.JSON.decode(json)

      assert Map.delete(data, "at") == Map.delete(document, "at")
      refute File.exists?(file)
    end

    test "refuses what it does not know", %{project: project} do
      wrong = fn arguments, status ->
        capture_io(:stderr, fn ->
          assert catch_exit(Tasks.Calls.run(arguments ++ ["--project", project])) ==
                   {:shutdown, status}
        end)
      end

      assert wrong.(["--dep"], 2) =~ "option --dep, did you mean --deps?"
      assert wrong.(["numpy"], 2) =~ "numpy: no argument is expected"
      assert wrong.(["--format", "xml"], 2) =~ "--format is text or json"

      assert wrong.(["--output", Path.join(project, "envmgr.toml/calls")], 1) =~
               "cannot be written"
    end
  end

  # Mix tasks work in the directory that they are started in, which is the VM's.
  defp in_project(project, run), do: File.cd!(project, run)

  describe "call" do
    setup %{project: project} do
      Project.activate(project, "std")
      Application.stop(:envmgr)
      before = Application.get_env(:envmgr, :project)
      level = Logger.level()

      # What the task changes for its VM, which ends with it.
      on_exit(fn ->
        Application.put_env(:envmgr, :project, before)
        Application.delete_env(:envmgr, :watch)
        Logger.configure(level: level)
        Application.ensure_all_started(:envmgr)
      end)
    end

    test "prints the value", %{project: project} do
      call = &capture_io(fn -> Tasks.Call.run(&1 ++ ["--project", project]) end)
      assert call.(["math.sqrt", "[16.0]"]) == "4.0\n"

      assert call.(["probe.only_named", "--kwargs", ~s({"name": "x", "size": 2})]) ==
               ~s(["x", 2]\n)

      assert call.(["probe.only_named", ~s({"name": "x", "size": 1}), "--kwargs", ~s({"size": 2})]) ==
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
      assert call.(["math.sqrt", "7"], 2) =~ "ARGS_JSON is not an array or an object"
      assert call.(["math.sqrt", "--kwarg", "{}"], 2) =~ "option --kwarg, did you mean --kwargs?"
    end
  end
end
