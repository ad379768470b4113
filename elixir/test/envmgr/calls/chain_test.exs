defmodule Envmgr.Calls.ChainTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Error, Ref}
  alias Envmgr.Calls.Chain
  alias Envmgr.Test.Project

  test "steps become kinds and names, each with its arguments" do
    ref = %Ref{id: 7, type: "T", owner: self()}

    assert {:ok, chain} =
             Chain.parse([
               {:call, "a.b", [1, 2]},
               {:method, "m"},
               {:method, "n", %{x: 1}},
               {:method, "o", {[1], x: 2}},
               {:attr, "T"},
               {:item, [1]},
               {:op, :"//", 3},
               {:op, :-}
             ])

    assert chain.first == "a.b"

    assert chain.steps == [
             {0, "a.b"},
             {1, "m"},
             {1, "n"},
             {1, "o"},
             {2, "T"},
             {1, "__getitem__"},
             {1, "__floordiv__"},
             {1, "__neg__"}
           ]

    assert chain.arguments == [
             {[1, 2], []},
             {[], []},
             {[], [{"x", 1}]},
             {[1], [{"x", 2}]},
             {[], []},
             {[[1]], []},
             {[3], []},
             {[], []}
           ]

    for first <- [ref, {:ref, ref}] do
      assert {:ok, %{first: ^ref, steps: [{3, 7}], arguments: [{[], []}]}} = Chain.parse([first])
    end
  end

  test "what is wrong is told with its step" do
    ref = %Ref{id: 7, type: "T", owner: self()}

    for {steps, words} <- [
          {[], "a chain has at least one step"},
          {[{:call, "a.b"} | :c], "is no list"},
          {[{:method, "m"}], "step 1 (m): a chain begins with {:call, path, args} or with a ref"},
          {["a.b"], ~s(step 1: "a.b" is no step)},
          {[{}], "step 1: {} is no step"},
          {[{:call, :b}], "step 1: {:call, :b} is no step"},
          {[{:call, "a.b"}, {:call, "c.d"}],
           "step 2 (c.d): only the first step is a path or a ref"},
          {[{:call, "a.b"}, ref], "step 2: only the first step is a path or a ref"},
          {[{:call, "a.b"}, {:method, "m", 1}], "step 2 (m): 1 are no arguments"},
          {[{:call, "a.b", %{1 => 2}}], "step 1 (a.b): 1 is no name of an argument"},
          {[{:call, "a.b"}, {:op, :plus, 1}], "step 2: :plus is no operator of two operands"},
          {[{:call, "a.b"}, {:op, :*}], "step 2: :* is no operator of one operand"}
        ] do
      assert {:error, %Error{code: :arguments, message: message, hint: hint}} = Chain.parse(steps)
      assert message =~ words
      assert hint
    end
  end

  describe "in a worker" do
    setup do
      {name, _project} = Project.start(workers: 1)
      %{name: name, run: &Envmgr.execute(&1, [], [name: name] ++ &2)}
    end

    test "each step works on the value of the one before it", %{run: run, name: name} do
      assert {:ok, 45} = run.([{:call, "probe.Thing", [40]}, {:method, "add", [5]}], [])

      assert {:ok, -41} =
               run.(
                 [
                   {:call, "probe.Thing", %{value: 40}},
                   {:attr, "value"},
                   {:op, :+, 1},
                   {:op, :-}
                 ],
                 []
               )

      assert {:ok, "b"} = run.([{:call, "probe.echo", [["a", "b"]]}, {:item, 1}], [])
      assert {:ok, 1} = run.([{:call, "probe.echo", [1]}], [])
      assert {:ok, %Ref{type: "builtins.str"}} = run.([{:call, "probe.echo", ["x"]}], as: :ref)
      assert {:ok, 1, %{library: "probe"}} = run.([{:call, "probe.echo", [1]}], metadata: true)

      assert 3 ==
               Envmgr.execute!([{:call, "math.hypot", [3, 0]}, {:method, "__int__"}], [],
                 name: name
               )
    end

    test "begins with a ref, too; refs are arguments", %{run: run, name: name} do
      thing = Envmgr.execute!("probe.Thing", [40], name: name)
      assert {:ok, 41} = run.([thing, {:method, "add", [1]}], [])
      assert {:ok, 80} = run.([{:ref, thing}, {:method, "add", [thing]}], [])
      assert {:ok, 80} = run.([{:call, "probe.echo", [thing]}, {:method, "add", [thing]}], [])
    end

    test "large arguments of every step take the second lane", %{run: run} do
      bytes = Envmgr.bytes(:binary.copy("x", 300_000))
      steps = [{:call, "probe.echo", [bytes]}, {:op, :+, bytes}, {:method, "__len__"}]
      assert {:ok, 600_000} = run.(steps, [])
    end

    test "the first step is checked before anything reaches Python", %{run: run, name: name} do
      assert {:error, %Error{code: :unknown_function, step: "step 1 (math.sqrtt)"} = error} =
               run.([{:call, "math.sqrtt", [1]}, {:op, :+, 1}], [])

      assert error.hint =~ "did you mean math.sqrt"

      assert {:error, %Error{code: :arguments, step: "step 1 (math.sqrt)"}} =
               run.([{:call, "math.sqrt", [1, 2]}], [])

      assert {:error, %Error{code: :arguments, hint: "Envmgr.execute([{:call" <> _}} =
               Envmgr.execute([{:call, "math.sqrt", [1]}], [1], name: name)

      assert {:error, %Error{code: :arguments}} = run.([{:call, "math.sqrt", [1]}], timeout: -1)
      assert Envmgr.stats(name)["std"].workers |> Enum.map(& &1.answered) |> Enum.sum() == 0
    end

    test "an error says in which step it was", %{run: run} do
      steps = [{:call, "probe.Thing", [1]}, {:method, "add", [nil]}, {:op, :+, 1}]

      assert {:error, %Error{code: :exception, type: "TypeError", step: "step 2 (add)"} = error} =
               run.(steps, [])

      assert error.path == "probe.Thing"

      assert {:error, %Error{code: :unresolved, step: "step 2 (_private)"}} =
               run.([{:call, "probe.Thing", [1]}, {:method, "_private"}], [])

      assert {:error, %Error{code: :conversion, message: "step 2, args[0][1]: " <> _} = error} =
               run.([{:call, "probe.Thing", [1]}, {:method, "add", [[1, self()]]}], [])

      assert error.details.path == "step 2, args[0][1]"
    end
  end
end
