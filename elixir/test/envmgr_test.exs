defmodule EnvmgrTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup do
    {name, project} = Project.start(workers: 1)
    %{name: name, project: project}
  end

  test "values keep their meaning both ways", %{name: name} do
    infinities = [:nan, :infinity, :neg_infinity]

    for value <-
          [
            nil,
            true,
            15,
            -15,
            1.0,
            -0.0,
            2 ** 70,
            -(2 ** 63),
            10 ** 400,
            "ä",
            "",
            [],
            [1, [2]],
            {},
            {1, {2}}
          ] ++
            [%{}, %{1 => "a", {1, 2} => "b"}, MapSet.new([1, "x"]), Envmgr.bytes(<<0, 255>>), :ok] ++
            infinities ++ [String.duplicate("x", 100_000), Enum.to_list(1..10_000)] do
      assert {:ok, answer} = Envmgr.execute("probe.echo", [value], name: name)
      assert answer === value
    end
  end

  test "arguments go by position, by name, or both", %{name: name} do
    assert {:ok, ["a", 1]} = Envmgr.execute("probe.only_named", [name: "a"], name: name)

    assert {:ok, ["a", 2]} =
             Envmgr.execute("probe.only_named", %{"name" => "a", size: 2}, name: name)

    assert {:ok, 0} = Envmgr.execute("probe.nap", {[0], %{value: 0}}, name: name)
    assert {:ok, 0} = Envmgr.execute("probe.nap", {[0], value: 0}, name: name)
  end

  test "wrong arguments are told before anything reaches Python", %{name: name} do
    assert {:error, %Error{code: :arguments, path: "math.sqrt", library: "math"} = error} =
             Envmgr.execute("math.sqrt", [1, 2], name: name)

    assert error.message == "takes 1 positional argument, 2 given"
    assert "the signature is math.sqrt(x" <> _ = error.hint

    assert {:error,
            %Error{
              code: :arguments,
              message: "missing argument name; has no argument nam, did you mean name?"
            }} =
             Envmgr.execute("probe.only_named", %{nam: 1}, name: name)
             |> sort_problems()

    assert {:error, %Error{code: :arguments}} = Envmgr.execute("math.sqrt", :x, name: name)
    assert {:error, %Error{code: :arguments}} = Envmgr.execute("math.sqrt", [1 | 2], name: name)
    assert Envmgr.stats(name)["std"].workers |> Enum.map(& &1.answered) |> Enum.sum() == 0
  end

  test "a path that is no string is told", %{name: name} do
    assert {:error, %Error{code: :arguments, message: message}} =
             Envmgr.execute(:numpy, [], name: name)

    assert message =~ "not :numpy"
  end

  test "unknown options are told with the near name", %{name: name} do
    assert {:error,
            %Error{code: :arguments, message: "unknown option timout, did you mean timeout?"}} =
             Envmgr.execute("math.sqrt", [1], name: name, timout: 1)

    assert {:error, %Error{code: :arguments}} =
             Envmgr.execute("math.sqrt", [1], name: name, timeout: -1)

    assert {:error, %Error{code: :arguments}} = Envmgr.execute("math.sqrt", [1], :fast)
  end

  test "unknown names are told with the near name", %{name: name} do
    assert {:error, %Error{code: :unknown_function, hint: "did you mean math.sqrt?"}} =
             Envmgr.execute("math.sqrtt", [1], name: name)

    assert {:error, %Error{code: :unknown_library, hint: "did you mean math?"}} =
             Envmgr.execute("maths.sqrt", [1], name: name)

    assert {:error, %Error{code: :unknown_function}} = Envmgr.execute("math", [], name: name)
    assert {:error, %Error{code: :unknown_library}} = Envmgr.execute("", [], name: name)
    assert {:error, %Error{code: :not_ready}} = Envmgr.execute("math.sqrt", [1], name: :nowhere)

    assert_raise Error, ~r/did you mean math.sqrt/, fn ->
      Envmgr.execute!("math.sqrtt", [1], name: name)
    end
  end

  test "errors of either side are told with class, signature and arguments, without secrets", %{
    name: name
  } do
    secret = "https://bob:hunter2@host/"

    assert {:error, %Error{code: :exception} = error} =
             Envmgr.execute("probe.fail", [secret], name: name)

    assert {error.class, error.retry, hd(error.mro)} == {:usage, false, "builtins.ValueError"}
    assert error.message == "https://[redacted]@host/"

    assert {:error, %Error{code: :arguments} = error} =
             Envmgr.execute("probe.fail", {[secret], %{password: "hunter2"}}, name: name)

    assert {error.class, error.retry} == {:usage, false}
    assert error.signature == "probe.fail(message, kind='ValueError')"

    assert error.arguments == [
             {"message", ~s("https://[redacted]@host/")},
             {"password", "[redacted]"}
           ]

    assert {:error, %Error{code: :timeout, class: :resource, retry: true} = timeout} =
             Envmgr.execute("probe.nap", [30], name: name, timeout: 50)

    assert timeout.arguments == [{"seconds", "30"}]

    assert {:error, %Error{class: :usage} = unknown} =
             Envmgr.execute("probe.fial", [secret], name: name)

    assert unknown.arguments == [{0, ~s("https://[redacted]@host/")}]
    for told <- [error, timeout, unknown], do: refute(inspect(told) =~ "hunter2")
    assert byte_size(inspect(error)) < 1_000
  end

  test "a Python exception arrives with type, message, traceback and frames", %{name: name} do
    assert {:error, %Error{code: :exception} = error} =
             Envmgr.execute("probe.fail", ["broken"], name: name)

    assert {error.type, error.module, error.message} == {"ValueError", "builtins", "broken"}
    assert error.traceback =~ "ValueError: broken"
    assert [_ | _] = error.frames
    assert {file, line, "fail", source} = List.last(error.frames)
    assert file =~ "probe.py" and is_integer(line) and source =~ "raise"
    assert {error.library, error.environment, error.generation} == {"probe", "std", 1}

    assert Exception.message(error) ==
             "probe.fail: ValueError: broken\n\nsignature: fail(message, kind='ValueError')\ncalled with: message = 'broken'"

    assert {:error, %Error{code: :exception, type: "SystemExit"}} =
             Envmgr.execute("probe.raise_exit", [], name: name)

    assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
  end

  test "a value that cannot be sent is named by its place", %{name: name} do
    for {value, place} <- [
          {self(), "args[0]: a pid cannot become a Python value: it means something"},
          {[1, %{"x" => self()}], ~s(args[0][1]["x"]: a pid cannot become)},
          {%{1 => 1, 1.0 => 2}, "args[0]: a map cannot become a dict: Python holds the keys"},
          {%{true => 1, 1 => 2}, "args[0]: a map cannot become a dict: Python holds the keys"},
          {%{[1] => 1}, "args[0]: a map cannot become a dict: [1] cannot be hashed by Python"},
          {<<255>>, "args[0]: a binary cannot become a str: it is not valid UTF-8"},
          {%{~D[2026-01-01] | year: 0},
           "args[0]: a Date cannot become a datetime.date: the year"},
          {[1 | 2], "args[0]: an improper list cannot become a list"}
        ] do
      assert {:error, %Error{code: :conversion} = error} =
               Envmgr.execute("probe.echo", [value], name: name)

      assert String.starts_with?(error.message, place)
    end

    assert {:error, %Error{hint: "wrap it with Envmgr.bytes/1 to send bytes"}} =
             Envmgr.execute("probe.echo", %{value: <<255>>}, name: name)
  end

  test "an object stays in its worker and is used from there", %{name: name} do
    assert {:ok, %Envmgr.Ref{} = thing} = Envmgr.execute("probe.Thing", [40], name: name)
    assert inspect(thing) =~ "Thing"
    assert {:ok, 42} = Envmgr.method(thing, "add", [2])
    assert {:ok, 44} = Envmgr.method(thing, "add", {[2], %{times: 2}})
    assert {:ok, 40} = Envmgr.attr(thing, "value")
    assert {:ok, 80} = Envmgr.method(thing, "add", [thing])
    assert {:ok, %Envmgr.Ref{}} = Envmgr.execute("probe.echo", [[1]], name: name, as: :ref)
    assert {:ok, [%Envmgr.Ref{}, 1]} = Envmgr.execute("probe.echo", [[thing, 1]], name: name)
    assert :ok = Envmgr.release(thing)
    assert {:error, %Error{code: :stale_ref}} = Envmgr.attr(thing, "value")
  end

  test "refs of two workers do not meet in one call" do
    {name, _} = Project.start(workers: 2)
    Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) == 2 end)

    # Made by other processes, for this one's objects are in one worker.
    things =
      Stream.repeatedly(fn -> Envmgr.async("probe.Thing", [1], name: name) end)
      |> Stream.map(fn async -> elem(Envmgr.await(async), 1) end)
      |> Enum.take(20)
      |> Enum.uniq_by(& &1.owner)

    assert [one, two | _] = things

    assert {:error, %Error{code: :conversion} = error} =
             Envmgr.execute("probe.echo", [[one, two]], name: name)

    assert error.message ==
             "args[0][1]: an Envmgr.Ref cannot become probe.Thing: the object lives in another worker"

    assert error.details == %{path: "args[0][1]", elixir: "an Envmgr.Ref", python: "probe.Thing"}
    assert {:error, %Error{code: :conversion}} = Envmgr.method(one, "add", [two])
    assert {:ok, 2} = Envmgr.method(one, "add", [one])
  end

  test "libraries, functions and stats", %{name: name} do
    assert {:ok, 4.0} = Envmgr.execute("math.sqrt", [16.0], name: name)

    assert [%{name: "math", state: :ready, environment: "std", generation: 1} | _] =
             Envmgr.libraries(name)

    functions = Envmgr.functions("probe", name)

    assert %{signature: "probe.fail(message, kind='ValueError')"} =
             Enum.find(functions, &(&1.path == "probe.fail"))

    assert %{kind: "class"} = Enum.find(functions, &(&1.path == "probe.Thing"))
    assert_raise Error, fn -> Envmgr.functions("nope", name) end

    assert %{state: :ready, workers: [%{os_pid: _, in_flight: 0, answered: 1}]} =
             Envmgr.stats(name)["std"]
  end

  test "what a call prints becomes a log line of its library", %{name: name} do
    log =
      ExUnit.CaptureLog.capture_log([metadata: [:library, :environment]], fn ->
        assert {:ok, nil} = Envmgr.execute("probe.say", ["good morning"], name: name)
      end)

    assert log =~ "good morning"
  end

  test "a project that is not there is told at once, and as each call's error" do
    project = Path.join(Project.new(), "nowhere")

    start = fn project ->
      name = :"missing#{System.unique_integer([:positive])}"
      start_supervised!({Envmgr, name: name, project: project, watch: false}, id: name)
      name
    end

    {name, log} = ExUnit.CaptureLog.with_log(fn -> start.(project) end)
    assert log =~ "[warning] envmgr: the project #{project} does not exist; set `config :envmgr"

    assert {:error, %Error{code: :not_installed} = error} =
             Envmgr.execute("math.sqrt", [4], name: name)

    assert error.message == "the project #{project} does not exist"
    assert error.hint =~ "the directory of envmgr.toml"
    assert %{status: :failed, reason: %Error{message: message}} = Envmgr.health(name)
    assert message == error.message

    # It may come.
    Project.activate(project, "std", workers: 1)
    Project.eventually(fn -> match?({:ok, _}, Envmgr.execute("math.sqrt", [4], name: name)) end)

    File.write!(Path.join(project, "envmgr.toml"), "")
    {_name, log} = ExUnit.CaptureLog.with_log(fn -> start.(Path.join(project, "envmgr.toml")) end)

    assert log =~
             "envmgr.toml is a file, no directory; set `config :envmgr, project: #{inspect(project)}`"
  end

  test "an instance without a project says so" do
    name = :"empty#{System.unique_integer([:positive])}"
    start_supervised!({Envmgr, name: name, project: false}, id: name)

    assert {:error, %Error{code: :not_installed, message: "no project" <> _}} =
             Envmgr.execute("math.sqrt", [1], name: name)
  end

  defp sort_problems({:error, error}) do
    {:error,
     %{
       error
       | message: error.message |> String.split("; ") |> Enum.sort(:desc) |> Enum.join("; ")
     }}
  end
end
