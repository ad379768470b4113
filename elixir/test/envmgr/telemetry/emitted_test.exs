defmodule Envmgr.Telemetry.EmittedTest do
  # Each event of the table, made by the real thing.
  use ExUnit.Case, async: true

  import Envmgr.Test.Heard

  alias Envmgr.Error
  alias Envmgr.Test.Project

  @fork "tests do without"

  setup context do
    project = Project.new()
    name = :"instance#{System.unique_integer([:positive])}"
    listen(name)
    # A fork's events are another's number later.
    Project.activate(project, "std", fork: @fork, workers: 1)
    options = [name: name, project: project, watch: false, start_timeout: 60_000]
    start_supervised!({Envmgr, options ++ Map.to_list(Map.take(context, [:grace]))})
    Envmgr.execute!("probe.echo", [1], name: name)
    %{name: name, project: project}
  end

  defp quiet do
    receive do
      {:heard, _, _, _} -> quiet()
    after
      0 -> :ok
    end
  end

  @tag grace: 3_000
  test "the life of a worker, of a pool, of generations", %{name: name, project: project} do
    assert {_, %{environment: "std", pool: "default", generation: 1}} = heard([:pool, :start])
    assert {_, %{generation: 1, os_pid: os_pid, worker: worker}} = heard([:worker, :start])

    assert {%{duration: _}, %{os_pid: ^os_pid, worker: ^worker, pool: "default"}} =
             heard([:worker, :ready])

    assert Envmgr.execute!("probe.pid", [], name: name) == os_pid
    assert {:error, _} = Envmgr.execute("probe.kill_me", [], name: name)

    assert {%{answered: 2}, %{os_pid: ^os_pid, reason: :lost, why: why}} = heard([:worker, :stop])

    assert why =~ "SIGKILL"
    assert {_, %{os_pid: next}} = heard([:worker, :ready])

    Project.activate(project, "std", fork: @fork, workers: 1, generation: 2)
    assert {_, %{from: 1, to: 2, environment: "std"}} = heard([:generation, :switch])
    assert {_, %{os_pid: ^next, reason: :drained, generation: 1}} = heard([:worker, :stop])
    Project.activate(project, "std", fork: @fork, workers: 1, generation: 1)
    assert {_, %{from: 2, to: 1}} = heard([:generation, :rollback])

    broken = %{"probe" => Project.library("probe", %{"init" => "raise RuntimeError('broken')"})}
    Project.activate(project, "std", fork: @fork, workers: 1, generation: 3, libraries: broken)

    assert {%{tries: 1}, %{generation: 3, serving: 1, reason: %Error{code: :start}}} =
             heard([:generation, :refused])

    assert {_, %{reason: :drained}} = heard([:worker, :stop])
    assert {%{answered: 0}, %{reason: :start, why: why}} = heard([:worker, :stop])
    assert why =~ "broken"
    # One that has a call is ended when the instance has waited long enough.
    spawn(fn -> Envmgr.execute("probe.nap", [60], name: name) end)
    Project.eventually(fn -> match?([%{in_flight: 1}], Envmgr.stats(name)["std"].workers) end)
    stop_supervised!(name)
    # It was tried again meanwhile, perhaps.
    assert {_, %{reason: :shutdown}} =
             Enum.find_value(1..9, fn _ ->
               with {_, %{reason: reason}} when reason != :shutdown <- heard([:worker, :stop]),
                    do: nil
             end)
  end

  @tag grace: 60_000
  test "a pool that is stopped drains", %{name: name} do
    stop_supervised!(name)
    assert {_, %{reason: :drained}} = heard([:worker, :stop])
    assert {%{duration: _}, %{environment: "std", pool: "default"}} = heard([:pool, :drained])
  end

  test "another number of workers is a generation for those that run", %{
    name: name,
    project: project
  } do
    quiet()
    libraries = Map.new(~w(math time probe), &{&1, Project.library(&1)})
    timeout = put_in(libraries["math"]["timeout"], 5_000)
    Project.activate(project, "std", fork: @fork, workers: 1, generation: 2, libraries: timeout)
    assert {_, %{from: 1, to: 2}} = heard([:generation, :switch])
    :ok = Envmgr.unload("time", name)
    refute_received {:heard, [:generation, _], _, _}
  end

  test "the states of a library", %{project: project} do
    assert {_, %{library: _, state: :loading, before: nil, reason: nil}} =
             heard([:library, :state])

    for _ <- 1..5, do: heard([:library, :state])
    refute_received {:heard, [:library, :state], _, _}
    Project.deactivate(project, "std")

    assert {_, %{environment: "std", state: :unloaded, before: :ready}} =
             heard([:library, :state])
  end

  test "the life of a zygote", %{name: name, project: project} do
    Project.activate(project, "std", workers: 1, generation: 2, fork: true)
    assert {_, %{to: 2}} = heard([:generation, :switch])
    assert {%{duration: _}, about} = heard([:zygote, :ready])
    assert %{environment: "std", generation: 2, os_pid: os_pid} = about
    System.cmd("kill", ["-KILL", "#{os_pid}"])
    assert {%{duration: _}, %{os_pid: ^os_pid, reason: reason}} = heard([:zygote, :stop])
    assert reason == "the zygote was ended by SIGKILL"
    assert {_, %{os_pid: next}} = heard([:zygote, :ready])
    assert next != os_pid
    assert Envmgr.execute!("probe.echo", [1], name: name) == 1
  end

  test "a call", %{name: name} do
    quiet()
    assert {:ok, 4.0} = Envmgr.execute("math.sqrt", [16.0], name: name, correlation: "c1")

    assert {%{monotonic_time: began, system_time: _}, start} = heard([:call, :start])
    assert {%{duration: duration, monotonic_time: ended}, stop} = heard([:call, :stop])
    assert duration == ended - began

    assert %{
             path: "math.sqrt",
             form: :function,
             async?: false,
             correlation: "c1",
             telemetry_span_context: span
           } = start

    assert start ==
             Map.drop(stop, [:library, :environment, :generation, :worker, :pool, :cached?])

    assert %{
             library: "math",
             environment: "std",
             generation: 1,
             pool: "default",
             cached?: false,
             worker: worker
           } = stop

    assert is_reference(span) and is_pid(worker)
    refute_received _
  end

  test "its error", %{name: name} do
    quiet()
    Logger.metadata(request_id: "r7")
    assert {:error, error} = Envmgr.execute("math.sqrt", [-1.0], name: name)
    Logger.reset_metadata()
    assert {_, %{correlation: "r7"}} = heard([:call, :start])
    assert {%{duration: _}, stop} = heard([:call, :exception])
    assert %{kind: :error, reason: ^error, stacktrace: [], code: :exception} = stop
    assert %{class: :usage, correlation: "r7", generation: 1, cached?: false} = stop

    for {path, args, opts, code} <- [
          {"math.sqrrt", [], [], :unknown_function},
          {"maths.sqrt", [], [], :unknown_library},
          {"math.sqrt", [], [], :arguments},
          {"math.sqrt", [1], [timeout: :never], :arguments},
          {"math.sqrt", [self()], [], :conversion},
          {"probe.nap", [60], [timeout: 20], :timeout},
          {[{:call, "math.sqrt", [-1.0]}], [], [], :exception},
          {[{:bad, "math.sqrt"}], [], [], :arguments}
        ] do
      assert {:error, %{code: ^code} = error} = Envmgr.execute(path, args, [name: name] ++ opts)
      assert {_, start} = heard([:call, :start])
      assert {_, stop} = heard([:call, :exception])
      assert %{code: ^code, reason: ^error} = stop
      assert stop.correlation == error.correlation
      assert start.telemetry_span_context == stop.telemetry_span_context
      assert start.form == if(is_binary(path), do: :function, else: :chain)
    end

    refute_received _
  end

  test "methods, attributes, operators, chains", %{name: name} do
    ref = Envmgr.execute!("probe.echo", [[3, 4]], name: name, as: :ref)
    quiet()
    {:ok, 0} = Envmgr.method(ref, "index", [3])
    assert {_, %{path: "builtins.list.index", form: :method}} = heard([:call, :start])
    assert {_, %{library: "probe", environment: "std", generation: 1}} = heard([:call, :stop])
    {:error, _} = Envmgr.attr(ref, "size")
    assert {_, %{path: "builtins.list.size", form: :attribute}} = heard([:call, :exception])
    {:ok, [3, 4, 5]} = Envmgr.op(ref, :+, [5])
    assert {_, %{path: "builtins.list.__add__", form: :method}} = heard([:call, :stop])
    {:ok, 4} = Envmgr.execute([ref, {:item, 1}])
    assert {_, %{path: "builtins.list", form: :chain, library: "probe"}} = heard([:call, :stop])
    {:ok, 4} = Envmgr.execute([{:call, "probe.echo", [[4]]}, {:item, 0}], [], name: name)
    assert {_, %{path: "probe.echo", form: :chain, worker: pid}} = heard([:call, :stop])
    assert is_pid(pid)
  end

  test "asynchronous calls, one whose caller ends", %{name: name} do
    quiet()
    assert {:ok, 1} = Envmgr.await(Envmgr.async("probe.echo", [1], name: name))
    assert {_, %{async?: true}} = heard([:call, :start])
    assert {_, %{async?: true, generation: 1}} = heard([:call, :stop])

    caller = spawn(fn -> Envmgr.async("probe.nap", [60], name: name) && Process.sleep(60_000) end)
    assert {_, %{path: "probe.nap"}} = heard([:call, :start])
    Process.exit(caller, :kill)
    assert {_, stop} = heard([:call, :exception])
    assert %{kind: :exit, reason: :normal, code: nil, stacktrace: [_ | _]} = stop
  end

  test "many calls at once: each", %{name: name} do
    quiet()
    items = for n <- 1..20, do: [n]
    answers = Envmgr.map("math.sqrt", [[-1] | items], name: name, batch: 7)
    assert 20 = Enum.count(answers, &match?({:ok, _}, &1))

    for _ <- 1..21 do
      assert {%{monotonic_time: began}, %{telemetry_span_context: span}} = heard([:call, :start])
      assert is_integer(began) and is_reference(span)
    end

    for _ <- 1..20 do
      assert {%{duration: duration}, about} = heard([:call, :stop])
      assert %{path: "math.sqrt", library: "math", worker: worker, async?: true} = about
      assert duration > 0 and is_pid(worker)
    end

    assert {_, %{path: "math.sqrt", code: :exception, worker: worker}} =
             heard([:call, :exception])

    assert is_pid(worker)
    refute_received _
  end

  test "streams: to their end, closed, failed", %{name: name} do
    quiet()
    assert Envmgr.stream("probe.ticks", [5], name: name) |> Enum.sum() == 10
    assert {_, start} = heard([:stream, :start])
    assert %{path: "probe.ticks", form: :function} = start

    assert {%{items: 1}, %{generation: 1, library: "probe", environment: "std"}} =
             heard([:stream, :chunk])

    assert {%{items: 5, chunks: chunks, duration: _}, stop} = heard([:stream, :stop])
    assert %{reason: :end, generation: 1, pool: "default"} = stop
    assert start.telemetry_span_context == stop.telemetry_span_context
    for _ <- 2..chunks, do: heard([:stream, :chunk])
    refute_received _

    assert [0] = Envmgr.stream("probe.ticks", [500], name: name) |> Enum.take(1)
    assert {%{items: 1, chunks: 1}, %{reason: :closed}} = heard([:stream, :stop])
    quiet()

    for {path, code} <- [{"probe.broken_ticks", :exception}, {"probe.nothing", :unknown_function}] do
      stream = Envmgr.stream(path, [1], name: name)
      error = assert_raise Error, fn -> Enum.to_list(stream) end
      assert error.code == code
      heard([:stream, :start])
      assert {_, %{reason: ^error}} = heard([:stream, :stop])
      refute_received {:heard, [:stream, :stop], _, _}
      assert Enum.any?(Envmgr.errors(name), &(&1.path == path and &1.code == code))
    end
  end

  test "a spike of errors, told once", %{name: name} do
    quiet()

    log =
      ExUnit.CaptureLog.capture_log(fn ->
        for _ <- 1..25, do: Envmgr.execute("math.acosh", [0.0], name: name, correlation: "c9")
      end)

    assert {%{count: 10, mean: 0.0}, spike} = heard([:error, :spike])
    assert %{path: "math.acosh", library: "math", type: "ValueError", correlation: "c9"} = spike
    refute_received {:heard, [:error, :spike], _, _}

    assert [_, _] =
             String.split(log, "math.acosh: 10 errors (exception, ValueError) in the last minute")
  end
end
