defmodule Envmgr.TestingTest do
  # Scripts are switched on for the whole VM, and off again behind these tests.
  use ExUnit.Case, async: false
  use Envmgr.Testing

  alias Envmgr.{Error, Ref}
  alias Envmgr.Libraries.{Catalog, Scripted}
  alias Envmgr.Test.Project
  alias Envmgr.Testing.{Scripts, UnexpectedCallError, VerificationError}

  setup_all do
    on_exit(fn -> GenServer.stop(Scripts) end)
  end

  # A test of ours whose scripts are not met, in a process of its own: what `use Envmgr.Testing` would say of it.
  defp outcome(options \\ [], test) do
    Task.async(fn ->
      # As ExUnit's: it is nobody's child.
      Process.put(:"$callers", [])
      Process.put(:"$ancestors", [])
      Testing.begin(options)
      result = test.()

      try do
        {result, Testing.finish!(self())}
      rescue
        error in VerificationError -> {result, error.message}
      end
    end)
    |> Task.await(60_000)
  end

  describe "answers" do
    test "a function of the arguments, of positional ones, of none; a value" do
      Testing.stub("numpy.clip", fn [x], named -> min(x, named["max"]) end)
      Testing.stub("numpy.mean", fn [x] -> Enum.sum(x) / length(x) end)
      Testing.stub("numpy.e", fn -> 2.718 end)
      Testing.stub("numpy.pi", 3.14)
      Testing.stub("numpy.ok", {:ok, [1]})
      assert Envmgr.execute("numpy.clip", {[9], %{max: 3}}) == {:ok, 3}
      assert Envmgr.execute!("numpy.mean", [[1, 3]]) == 2.0
      assert Envmgr.execute("numpy.e") == {:ok, 2.718}
      assert Envmgr.execute("numpy.pi") == {:ok, 3.14}
      assert Envmgr.execute("numpy.ok") == {:ok, [1]}
      Testing.stub("numpy.pi", 3)
      assert Envmgr.execute("numpy.pi") == {:ok, 3}
    end

    test "errors: a code, an error, an exception of Python's" do
      Testing.stub("requests.get", {:error, :timeout})

      assert {:error, %Error{code: :timeout, class: :resource, retry: true} = error} =
               Envmgr.execute("requests.get", ["u"], timeout: 250, correlation: "abc")

      assert %{message: "no answer within 250 ms", path: "requests.get", library: "requests"} =
               error

      assert %{correlation: "abc", arguments: [{0, ~s("u")}]} = error

      Testing.stub("json.loads", fn _ -> Testing.raise_python("ValueError", "no JSON") end)

      assert {:error, %Error{code: :exception, type: "ValueError", module: "builtins"} = error} =
               Envmgr.execute("json.loads", ["{"])

      assert %{
               class: :usage,
               retry: false,
               mro: ["builtins.ValueError", "builtins.Exception" | _]
             } = error

      Testing.stub("requests.get", fn ->
        Testing.raise_python("requests.exceptions.ConnectionError", "refused", notes: ["n"])
      end)

      assert_raise Error, ~r/ConnectionError: refused/, fn -> Envmgr.execute!("requests.get") end

      assert {:error, %{module: "requests.exceptions", retry: true, notes: ["n"]}} =
               Envmgr.execute("requests.get")

      Testing.stub("requests.get", {:error, %Error{code: :start, message: "no"}})
      assert {:error, %{code: :start, class: :library}} = Envmgr.execute("requests.get")
      Testing.stub("requests.get", {:error, :tiemout})

      assert_raise ArgumentError, ~r/did you mean timeout/, fn ->
        Envmgr.execute("requests.get")
      end

      Testing.stub("requests.get", {:error, "x"})
      assert_raise ArgumentError, ~r/a script answers/, fn -> Envmgr.execute("requests.get") end

      assert_raise ArgumentError, ~r/takes \[args, named\]/, fn ->
        Testing.stub("requests.get", fn _, _, _ -> 1 end)
      end
    end

    test "a script that is slower than its caller has answered too late" do
      Testing.stub("time.sleep", fn [ms] -> Process.sleep(ms) end)
      assert {:error, %{code: :timeout}} = Envmgr.execute("time.sleep", [20], timeout: 1)
      assert {:ok, :ok} = Envmgr.execute("time.sleep", [1], timeout: 60_000)
    end

    test "what the BEAM alone knows is refused, and asks no script" do
      Testing.expect("numpy.mean", [times: 1], fn _ -> 1 end)

      assert {:error, %{code: :conversion, message: "args[0][1]: " <> _}} =
               Envmgr.execute("numpy.mean", [[1, self()]])
    end

    test "metadata, traces and what was printed, as asked for" do
      Testing.stub("numpy.mean", 1.5)
      assert {:ok, 1.5, metadata} = Envmgr.execute("numpy.mean", [[1]], metadata: true)
      assert %{library: "numpy", warnings: [], generation: 1} = metadata

      assert {:ok, 1.5, %{trace: %{total: _}, correlation: "c", stdout: "", logging: []}} =
               Envmgr.execute("numpy.mean", [[1]],
                 trace: true,
                 correlation: "c",
                 output: :metadata
               )
    end

    test "streams" do
      Testing.stub("itertools.count", fn [from] -> Stream.iterate(from, &(&1 + 1)) end)
      assert "itertools.count" |> Envmgr.stream([7]) |> Enum.take(3) == [7, 8, 9]
      Testing.stub("reading.rows", [1, 2])
      assert Enum.to_list(Envmgr.stream("reading.rows")) == [1, 2]
      Testing.stub("reading.rows", {:error, :not_ready})
      assert_raise Error, fn -> Enum.to_list(Envmgr.stream("reading.rows")) end
      Testing.stub("reading.rows", 1)
      assert_raise ArgumentError, fn -> Enum.to_list(Envmgr.stream("reading.rows")) end
    end

    test "asynchronous calls" do
      Testing.stub("fetching.get", fn [n] -> n * 2 end)
      calls = for n <- 1..3, do: Envmgr.async("fetching.get", [n])
      assert Envmgr.await_many(calls) == [{:ok, 2}, {:ok, 4}, {:ok, 6}]
    end

    test "refs, their methods and attributes" do
      Testing.stub("pandas.read_csv", Testing.ref("pandas.DataFrame"))
      Testing.stub("pandas.DataFrame.sum", fn [%Ref{}, axis], _ -> axis end)
      Testing.stub("pandas.DataFrame.shape", fn [%Ref{}] -> {2, 3} end)
      Testing.stub("pandas.DataFrame.__mul__", fn [ref, 2] -> ref end)
      Testing.stub("pandas.concat", fn [[one, one]] -> one end)
      assert {:ok, %Ref{type: "pandas.DataFrame"} = frame} = Envmgr.execute("pandas.read_csv")
      assert Envmgr.method(frame, "sum", [1]) == {:ok, 1}
      assert Envmgr.attr(frame, "shape") == {:ok, {2, 3}}
      assert Envmgr.op(frame, :*, 2) == {:ok, frame}
      assert Envmgr.execute("pandas.concat", [[frame, frame]]) == {:ok, frame}
      assert Envmgr.release(frame) == :ok

      Testing.stub("numpy.poly1d", 1)
      assert {:ok, %Ref{type: "numpy.poly1d"}} = Envmgr.execute("numpy.poly1d", [], as: :ref)

      other = spawned(fn -> Envmgr.method(frame, "sum", [1]) end)
      assert {:error, %{code: :stale_ref, hint: "Envmgr.Testing.stub" <> _}} = other
    end

    test "chains, step by step" do
      frame = Testing.ref("pandas.DataFrame")
      Testing.stub("pandas.read_csv", frame)
      Testing.stub("pandas.DataFrame.dropna", frame)
      Testing.stub("pandas.DataFrame.__getitem__", fn [^frame, "price"] -> [1, 2] end)
      start = {:call, "pandas.read_csv", ["x"]}

      assert Envmgr.execute([start, {:method, "dropna"}, {:item, "price"}, {:item, 1}]) ==
               {:ok, 2}

      assert Envmgr.execute([frame, {:method, "dropna"}]) == {:ok, frame}

      assert {:ok, ^frame, %{}} = Envmgr.execute([start, {:method, "dropna"}], [], metadata: true)

      Testing.stub("pandas.DataFrame.dropna", {:error, :worker_lost})

      assert {:error, %{step: "step 2 (dropna)", code: :worker_lost}} =
               Envmgr.execute([start, {:method, "dropna"}])

      Testing.stub("pandas.read_csv", {:error, :timeout})
      assert {:error, %{step: "step 1 (pandas.read_csv)"}} = Envmgr.execute([start, {:attr, "x"}])
      Testing.stub("pandas.read_csv", 5)

      assert_raise UnexpectedCallError, ~r/step 2 \(mean\) of a chain works on 5/, fn ->
        Envmgr.execute([start, {:method, "mean"}])
      end
    end
  end

  describe "what is expected" do
    test "comes in order, then the stub" do
      Testing.stub("a.b", 0)
      Testing.expect("a.b", 1)
      Testing.expect("a.b", [times: 2], 2)
      Testing.expect("a.b", 1)
      assert for(_ <- 1..6, do: Envmgr.execute!("a.b")) == [1, 2, 2, 1, 0, 0]
      assert Testing.verify!() == :ok
    end

    test "and did not come, is told" do
      {_, said} =
        outcome(fn ->
          Testing.expect("requests.get", [times: 3], 1)
          Testing.expect("numpy.mean", 1)
          Testing.expect("numpy.never", [times: 0], 1)
          Envmgr.execute!("requests.get")
        end)

      assert said ==
               "requests.get was expected to be called 3 times and called once\n" <>
                 "numpy.mean was expected to be called once and called 0 times"
    end

    test "what is not, raises, and is told again at the end" do
      {said, again} =
        outcome(fn ->
          Testing.expect("numpy.mean", 1)
          Testing.stub("numpy.sum", 1)
          Envmgr.execute!("numpy.mean")

          for call <- [{"numpy.maen", [[1]]}, {"numpy.mean", {[], %{axis: 0}}}] do
            assert_raise UnexpectedCallError, fn ->
              Envmgr.execute(elem(call, 0), elem(call, 1))
            end
          end
          |> Enum.map(& &1.message)
        end)

      assert again == Enum.join(said, "\n")
      [unknown, spent] = said

      assert unknown =~
               ~r/^numpy.maen\(\[1\]\) was called by #PID<[\d.]+>, and nobody scripted it; /

      assert unknown =~
               "did you mean numpy.mean?\n  this test has numpy.mean, expected to be called"

      assert unknown =~ "\n                numpy.sum, stubbed for any number of calls"
      assert spent =~ "numpy.mean(axis: 0) was called"
      assert spent =~ "and it was expected to be called once and called once"
      {_, said} = outcome(fn -> catch_error(Envmgr.execute("a.b")) end)
      assert said =~ "this test has no scripts"

      {_, said} =
        outcome(fn ->
          Testing.expect("a.b", [times: 0], 1)
          catch_error(Envmgr.execute("a.b"))
        end)

      assert said =~ "it was expected not to be called and called 0 times"
    end

    test "options and paths are looked at" do
      assert_raise ArgumentError, ~r/times: N/, fn -> Testing.expect("a.b", [time: 1], 1) end
      assert_raise ArgumentError, ~r/times: N/, fn -> Testing.expect("a.b", [times: -1], 1) end
      assert_raise ArgumentError, ~r/a path is/, fn -> Testing.stub("numpy", 1) end
      assert_raise ArgumentError, ~r/are mode, shared/, fn -> Testing.begin(mood: 1) end
      assert_raise ArgumentError, ~r/no options/, fn -> Testing.begin(mode: :loose) end
    end
  end

  describe "whose scripts hold" do
    test "those of the test, for what it starts" do
      Testing.stub("a.b", 1)
      assert Task.await(Task.async(fn -> Envmgr.execute("a.b") end)) == {:ok, 1}
      agent = start_supervised!({Agent, fn -> nil end})
      assert Agent.get(agent, fn _ -> Envmgr.execute("a.b") end) == {:ok, 1}
      Task.await(Task.async(fn -> Testing.stub("a.c", 2) end))
      assert Envmgr.execute("a.c") == {:ok, 2}
    end

    test "those of another test do not, nor for others" do
      Testing.stub("a.b", 1)
      assert {{:ok, 2}, :ok} = outcome(fn -> Testing.stub("a.b", 2) && Envmgr.execute("a.b") end)
      assert Envmgr.execute("a.b") == {:ok, 1}

      assert {:error, %{code: :unknown_library, hint: "Envmgr.Testing.allow(pid)" <> _}} =
               spawned(fn -> Envmgr.execute("a.b") end)
    end

    test "those that were allowed" do
      Testing.stub("a.b", 1)
      test = self()

      # Nobody's child: started by a process that is none of the test's.
      {:ok, outside} =
        spawned(fn -> Agent.start(fn -> Process.register(self(), :outside_of_tests) end) end)

      call = fn -> Agent.get(outside, fn _ -> Envmgr.execute("a.b") end) end
      assert {:error, %{code: :unknown_library}} = call.()
      assert Testing.allow(:outside_of_tests) == :ok
      assert call.() == {:ok, 1}
      assert Testing.allow(test, outside) == :ok

      {message, _} = outcome(fn -> catch_error(Testing.allow(outside)) |> Exception.message() end)

      assert message =~ "belongs to the test #{inspect(test)}"

      assert_raise ArgumentError, ~r/there is no process :nobody/, fn ->
        Testing.allow(:nobody)
      end

      Agent.stop(outside)
    end

    test "shared ones, for all" do
      outcome([shared: true], fn ->
        Testing.stub("a.b", 3)
        assert spawned(fn -> Envmgr.execute("a.b") end) == {:ok, 3}

        {message, _} =
          outcome(fn -> catch_error(Testing.begin(shared: true)) |> Exception.message() end)

        assert message =~ "shares its scripts with all processes already"
      end)

      assert {:error, _} = spawned(fn -> Envmgr.execute("a.b") end)
    end

    test "scripts of a process that no test is go with it" do
      {pid, monitor} =
        spawn_monitor(fn ->
          Testing.stub("a.b", 1)
          assert Envmgr.execute("a.b") == {:ok, 1}
        end)

      assert_receive {:DOWN, ^monitor, _, _, :normal}
      Project.eventually(fn -> :ets.lookup(Scripts, pid) == [] end)
    end
  end

  describe "where libraries are installed" do
    setup do
      {name, _project} = Project.start(workers: 1)
      %{name: name}
    end

    test "the signature counts, and what the catalog lacks", %{name: name} do
      Testing.stub("math.sqrt", fn [x] -> -x end)
      assert Envmgr.execute("math.sqrt", [16.0], name: name) == {:ok, -16.0}

      assert {:error, %{code: :arguments, message: "takes 1 positional" <> _}} =
               Envmgr.execute("math.sqrt", [1, 2], name: name)

      assert {:error, %{code: :arguments, step: "step 1 (math.sqrt)"}} =
               Envmgr.execute([{:call, "math.sqrt", []}, {:attr, "real"}], [], name: name)

      assert {:error, %{code: :unknown_function, hint: "did you mean math.sqrt?"}} =
               Envmgr.execute("math.sqrrt", [1], name: name)
    end

    test "tests may let calls pass", %{name: name} do
      outcome([mode: :passthrough], fn ->
        Testing.stub("math.cos", 7)
        assert Envmgr.execute("math.cos", [0.0], name: name) == {:ok, 7}
        assert Envmgr.execute("math.sqrt", [16.0], name: name) == {:ok, 4.0}
        chain = [{:call, "math.hypot", [3, 4]}, {:method, "is_integer"}]
        assert Envmgr.execute(chain, [], name: name) == {:ok, true}
        Testing.expect("math.sin", 1)
        assert Envmgr.execute("math.sin", [0.0], name: name) == {:ok, 1}

        assert_raise UnexpectedCallError, fn -> Envmgr.execute("math.sin", [0.0], name: name) end
      end)
    end

    test "a process of no test calls Python, before, while and after", %{name: name} do
      call = fn -> spawned(fn -> Envmgr.execute("math.sqrt", [16.0], name: name) end) end
      GenServer.stop(Scripts)
      assert call.() == {:ok, 4.0}
      assert elem(Catalog.lookup(name, "math.sqrt"), 12) == nil
      Testing.stub("math.sqrt", 1)
      assert Envmgr.execute("math.sqrt", [16.0], name: name) == {:ok, 1}
      assert call.() == {:ok, 4.0}
      assert %{scripted?: true} = elem(Catalog.lookup(name, "math.sqrt"), 12)
      GenServer.stop(Scripts)
      assert Catalog.lookup(name, "math.sqrt") == nil
      assert Envmgr.execute("math.sqrt", [16.0], name: name) == {:ok, 4.0}
      assert elem(Catalog.lookup(name, "math.sqrt"), 12) == nil
      assert Scripted.row("a.b") == nil
      assert {:error, %{code: :unknown_library}} = Envmgr.execute("a.b", [], name: name)
    end
  end

  test "an instance that does not run is scripted, too" do
    Testing.stub("a.b", 1)
    assert Envmgr.execute("a.b", [], name: :not_there) == {:ok, 1}
  end

  # Runs it in a process that has nothing to do with this one.
  defp spawned(run) do
    test = self()
    ref = make_ref()

    spawn(fn ->
      Process.delete(:"$ancestors")
      send(test, {ref, run.()})
    end)

    assert_receive {^ref, result}
    result
  end
end
