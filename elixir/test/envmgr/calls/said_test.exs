defmodule Envmgr.Calls.SaidTest do
  # What a call says beside its value: output, records, a trace, its correlation.
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Envmgr.Calls.{Context, Correlation, Options}
  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup do
    {name, project} = Project.start(workers: 1)
    %{name: name, project: project}
  end

  describe "output" do
    test "is gathered into the metadata", %{name: name} do
      assert {:ok, 7, metadata} =
               Envmgr.execute("probe.speak", [7], name: name, output: :metadata)

      assert metadata.stdout == "to stdout\nand on\n"
      assert metadata.stderr == "to stderr\n"

      assert metadata.logging == [
               %{level: :warning, logger: "probe.inner", message: "a record of 7"},
               %{level: :critical, logger: "probe.inner", message: "the worst"}
             ]

      assert [%{category: "UserWarning", message: warning}] = metadata.python_warnings
      assert warning =~ "take care"
      assert metadata.warnings == []

      # Python by itself tells a warning once for each place.
      assert {:ok, 8, %{python_warnings: [%{message: ^warning}]}} =
               Envmgr.execute("probe.speak", [8], name: name, output: :metadata)

      refute_received _anything
    end

    test "stays out of the log then; of an error it is in the details", %{name: name} do
      log =
        capture_log(fn ->
          assert {:error, %Error{code: :exception, details: %{output: output}}} =
                   Envmgr.execute("probe.speak", [nil], name: name, output: :metadata)

          assert output.stdout == "to stdout\nand on\n"
          assert {:ok, 1} = Envmgr.execute("probe.speak", [1], name: name, output: :ignore)
        end)

      refute log =~ "to stdout"
      refute log =~ "a record"
    end

    test "goes to a process while the call runs", %{name: name} do
      task =
        Task.async(fn ->
          receive do
            {:envmgr_output, tag, first} -> {tag, first}
          end
        end)

      opts = [name: name, output: task.pid, correlation: "job 7"]
      call = Task.async(fn -> Envmgr.execute("probe.speak", [1, 60], opts) end)
      assert {"job 7", first} = Task.await(task, 60_000)

      assert first == %{
               stream: :stdout,
               text: "to stdout\n",
               library: "probe",
               path: "probe.speak"
             }

      assert Task.yield(call, 0) == nil
      Task.shutdown(call, :brutal_kill)
    end

    test "of a method, too", %{name: name} do
      speaker = Envmgr.execute!("probe.Speaker", [], name: name)
      assert {:ok, nil, metadata} = Envmgr.method(speaker, "say", ["hello"], output: :metadata)
      assert metadata.stdout == "hello\n"
      assert {:ok, nil} = Envmgr.method(speaker, "say", ["hello"], output: self())
      assert_received {:envmgr_output, tag, %{text: "hello\n", path: "probe.Speaker.say"}}
      assert is_binary(tag)
    end

    test "is logged with its level, its library and the correlation", %{name: name} do
      opts = [metadata: [:library, :correlation, :logger, :environment]]

      log =
        capture_log(opts, fn ->
          Envmgr.execute("probe.speak", [1], name: name, correlation: "abc")
        end)

      assert log =~ ~r/library=probe.*\[info\] to stdout|\[info\] .*to stdout/s
      assert log =~ "correlation=abc"
      assert log =~ "logger=probe.inner"
      assert log =~ "probe.inner: a record of 1"
      assert log =~ "UserWarning: "
    end
  end

  describe "a line of the log about a call" do
    @metadata [metadata: [:library, :path, :correlation]]

    test "bears its library, path and correlation: what Python prints, what could not be sent", %{
      name: name
    } do
      Logger.metadata(request_id: "request 5")
      said = capture_log(@metadata, fn -> Envmgr.execute("probe.speak", [1], name: name) end)
      assert said =~ ~r/library=probe path=probe.speak correlation="?request 5/
      warned = capture_log(@metadata, fn -> Envmgr.execute("probe.circle", [], name: name) end)
      assert warned =~ ~r/library=probe path=probe.circle correlation="?request 5/
      # Python is told what is given alone.
      assert {:ok, %{"correlation" => nil}} = Envmgr.execute("probe.known", [], name: name)
    end

    test "also where its worker is killed", %{name: name} do
      assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
      opts = [name: name, timeout: 500, correlation: "c3"]
      began = Project.path("began")

      log =
        capture_log(@metadata, fn ->
          Project.eventually(fn ->
            assert {:error, %Error{code: :timeout}} =
                     Envmgr.execute("probe.deaf", [30, began], opts)

            File.exists?(began)
          end)

          # The next one waits for the successor.
          assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
        end)

      assert log =~
               ~r/library=probe path=probe.deaf correlation=c3.*\[warning\]|\[warning\].*path=probe.deaf/
    end
  end

  describe "a trace" do
    test "has the times of both sides", %{name: name} do
      log =
        capture_log([level: :debug], fn ->
          assert {:ok, 1, %{trace: trace, correlation: correlation}} =
                   Envmgr.execute("probe.nap", [0.05, 1], name: name, trace: true)

          assert is_binary(correlation)
          assert %{check: _, encode: _, transport: _, decode: _, total: total} = trace
          assert total >= 0.05

          assert Enum.all?(Map.delete(trace, :python), fn {_part, s} -> is_float(s) and s >= 0 end)

          assert trace.python["execute"] >= 0.05
        end)

      assert log =~ "probe.nap: answered in"
      assert log =~ "in Python"
    end

    test "is there when the manifest says so, in the debug log alone", %{
      name: name,
      project: project
    } do
      libraries = %{"probe" => Project.library("probe", %{"trace" => true})}
      Project.activate(project, "std", generation: 2, libraries: libraries, workers: 1)
      Project.eventually(fn -> hd(Envmgr.libraries(name)).generation == 2 end)

      log =
        capture_log([level: :debug], fn ->
          assert {:ok, 1} = Envmgr.execute("probe.echo", [1], name: name)
          thing = Envmgr.execute!("probe.Thing", [1], name: name)
          assert {:ok, 2} = Envmgr.method(thing, "add", [1])
        end)

      for path <- ["probe.echo", "probe.Thing", "probe.Thing.add"],
          do: assert(log =~ "#{path}: answered in")
    end

    test "of an error is in its details", %{name: name} do
      assert {:error, %Error{code: :exception, details: %{trace: trace}}} =
               Envmgr.execute("probe.fail", ["x"], name: name, trace: true)

      assert is_float(trace.transport) and is_map(trace.python)
    end

    test "of a chain is one", %{name: name} do
      steps = [{:call, "probe.Thing", [1]}, {:method, "add", [1]}]
      assert {:ok, 2, %{trace: %{total: _}}} = Envmgr.execute(steps, [], name: name, trace: true)
    end
  end

  describe "a correlation" do
    test "is what was given, what Logger knows, or new; each error has one", %{name: name} do
      fail = fn opts -> Envmgr.execute("probe.fail", ["x"], [name: name] ++ opts) end
      assert {:error, %Error{correlation: "mine"}} = fail.(correlation: "mine")
      assert {:error, %Error{correlation: one}} = fail.([])
      assert {:error, %Error{correlation: two}} = fail.([])
      assert one =~ ~r/^[0-9a-f]{8}$/ and one != two

      Logger.metadata(request_id: "request 1")
      assert {:error, %Error{correlation: "request 1"}} = fail.([])
      Logger.metadata(correlation_id: "correlation 1")
      assert {:error, %Error{correlation: "correlation 1"}} = fail.([])

      assert {:error, %Error{correlation: "correlation 1"}} =
               Envmgr.execute("probe.nope", [], name: name)

      assert {:error, %Error{correlation: "mine"}} =
               Envmgr.execute("probe.nope", [], name: name, correlation: "mine")

      assert {:error, %Error{correlation: "correlation 1"}} = Envmgr.execute(:probe, [], [])
      assert {:error, %Error{correlation: "correlation 1"}} = Envmgr.execute([], [], [])

      assert {:error, %Error{correlation: "mine"}} =
               Envmgr.execute("probe.nap", [9], name: name, correlation: "mine", timeout: 20)
    end

    test "is known in Python", %{name: name} do
      assert {:ok, %{"correlation" => "mine"}} =
               Envmgr.execute("probe.known", [], name: name, correlation: "mine")

      assert {:ok, %{"correlation" => nil}} = Envmgr.execute("probe.known", [], name: name)
    end
  end

  test "options that are wrong are told" do
    for {option, words} <- [
          {{:correlation, ""}, "correlation"},
          {{:correlation, String.duplicate("x", 201)}, "correlation"},
          {{:correlation, <<255>>}, "correlation"},
          {{:correlation, 1}, "correlation"},
          {{:output, :file}, "output"},
          {{:trace, 1}, "trace"}
        ] do
      assert {:error, %Error{code: :arguments, message: message, hint: hint}} =
               Options.parse([option])

      assert message =~ "no value of the option #{words}"
      assert hint =~ "correlation, output, trace"
    end

    assert {:ok, %{trace: nil, metadata: false, output: :log}} =
             Options.parse(trace: false, output: :log, correlation: nil)

    assert {:ok, %{metadata: true, trace: %{}}} = Options.parse(trace: true)
    assert {:ok, %{metadata: true}} = Options.parse(output: :metadata)
  end

  test "nothing is sent where there is nothing to say" do
    assert Context.encode(nil, false, :log) == nil
    assert Context.encode("a", false, :ignore) == <<0x81, 0xAB, "correlation", 0xA1, "a">>
    assert Context.encode(nil, false, :metadata) == <<0x81, 0xA8, "warnings", 0xC3>>
    assert Context.encode(nil, false, self()) =~ "live"
    assert Context.encode("a", true, :log) =~ "trace"
  end

  test "an error that has a correlation keeps it" do
    error = {:error, %Error{code: :arguments, message: "m", correlation: "old"}}
    assert Correlation.mark(error, correlation: "new") == error
    assert Correlation.mark({:ok, 1}, []) == {:ok, 1}

    assert {:error, %Error{correlation: <<_::64>>}} =
             Correlation.mark({:error, %Error{code: :arguments, message: "m"}}, :wrong)
  end
end
