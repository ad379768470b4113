defmodule Envmgr.Calls.ObjectsTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Error, Ref}
  alias Envmgr.Calls.Operators
  alias Envmgr.Test.Project

  setup do
    {name, _project} = Project.start(workers: 1)
    %{name: name, new: &Envmgr.execute!("probe." <> &1, &2, [name: name] ++ &3)}
  end

  test "an object of another environment, or instance, is refused before anything is sent" do
    project = Project.new()

    for {environment, library} <- [{"one", "probe"}, {"two", "shared"}] do
      libraries = %{library => Project.library(library)}
      Project.activate(project, environment, libraries: libraries, workers: 1)
    end

    name = :"apart#{System.unique_integer([:positive])}"
    start_supervised!({Envmgr, name: name, project: project, watch: false}, id: name)
    thing = Envmgr.execute!("probe.Thing", [1], name: name)
    model = Envmgr.execute!("shared.make", [1], name: name, as: :ref)
    session = Envmgr.Session.open!(name: name)

    for opts <- [[name: name], [session: session]] do
      assert {:error, %Error{code: :arguments, class: :usage} = error} =
               Envmgr.execute("shared.plus", [model, %{"other" => [thing]}], opts)

      assert error.message ==
               ~s(args[1]["other"][0]: the probe.Thing is an object of environment one, and shared.plus runs in environment two)

      assert error.hint =~ "have probe and shared share an environment"
      assert error.details == %{path: ~s(args[1]["other"][0]), of: "one"}
    end

    assert {:error, %Error{code: :arguments}} = Envmgr.execute("shared.grow", [thing], name: name)
    assert {:error, %Error{code: :arguments}} = Envmgr.method(model, "plus", [thing])

    assert {:error, %Error{code: :arguments}} =
             Envmgr.execute([model, {:method, "plus", [thing]}], [], name: name)

    assert [{:error, %Error{code: :arguments}}, {:error, _}] =
             Envmgr.map("shared.grow", [[thing], [thing]], name: name)

    {other, _project} = Project.start(workers: 1)

    assert {:error, %Error{code: :arguments} = error} =
             Envmgr.execute("probe.echo", [thing], name: other)

    assert error.message =~
             "of the instance #{inspect(name)}, and probe.echo runs in the instance"

    # What is gone is stale, wherever it was.
    Project.deactivate(project, "one")
    Project.eventually(fn -> Envmgr.library("probe", name) == nil end)

    assert {:error, %Error{code: :stale_ref}} =
             Envmgr.execute("shared.plus", [thing, thing], name: name)
  end

  test "operators, with a ref on either side", %{new: new} do
    thing = new.("Thing", [40], [])
    assert {:ok, 38} = Envmgr.op(thing, :-, 2)
    assert {:ok, 2} = Envmgr.op(42, :-, thing)
    assert {:ok, 0} = Envmgr.op(thing, :-, thing)
    assert {:ok, -40} = Envmgr.op(thing, :-)
    assert {:ok, true} = Envmgr.op(thing, :<, 41)
    assert {:ok, true} = Envmgr.op(41, :>, thing)
    assert {:ok, %Ref{}} = Envmgr.op(thing, :-, 2, as: :ref)

    assert {:error, %Error{code: :exception, type: "TypeError"}} = Envmgr.op(thing, :*, 2)
    assert {:error, %Error{code: :arguments}} = Envmgr.op(thing, :plus, 2)
    assert {:error, %Error{code: :arguments}} = Envmgr.op(2, :plus, thing)
    assert {:error, %Error{code: :arguments}} = Envmgr.op(thing, :not)
    assert {:error, %Error{code: :arguments, message: message}} = Envmgr.op(1, :+, 2)
    assert message == "neither operand is a ref"
  end

  test "every operator does what Python's does", %{new: new} do
    seven = new.("echo", [7], as: :ref)

    for {operator, left, right} <- [
          {:+, 10, 10},
          {:-, 4, -4},
          {:*, 21, 21},
          {:/, 7 / 3, 3 / 7},
          {:"//", 2, 0},
          {:%, 1, 3},
          {:**, 343, 2187},
          {:&, 3, 3},
          {:|, 7, 7},
          {:^, 4, 4},
          {:"<<", 56, 384},
          {:">>", 0, 0},
          {:==, false, false},
          {:!=, true, true},
          {:<, false, true},
          {:<=, false, true},
          {:>, true, false},
          {:>=, true, false}
        ] do
      assert Envmgr.op(seven, operator, 3) == {:ok, left}
      assert Envmgr.op(3, operator, seven) == {:ok, right}
    end

    assert {:ok, -8} = Envmgr.op(seven, :"~")
    assert {:ok, 7} = Envmgr.op(seven, :+)
    assert {:ok, "__matmul__"} = Operators.binary(:@)
    assert {:ok, "__rmatmul__"} = Operators.reflected(:@)
  end

  test "items and attributes are read, written and deleted", %{new: new} do
    box = new.("Box", %{a: 1}, [])
    assert {:ok, 1} = Envmgr.item(box, "a")
    assert :ok = Envmgr.put_item(box, {1, 2}, [3])
    assert {:ok, [3]} = Envmgr.item(box, {1, 2})
    assert :ok = Envmgr.delete_item(box, "a")
    assert {:error, %Error{type: "KeyError"}} = Envmgr.item(box, "a")
    assert {:error, %Error{type: "KeyError"}} = Envmgr.delete_item(box, "a")
    assert :ok = Envmgr.put_attr(box, "items", %{"b" => 2})
    assert {:ok, %{"b" => 2}} = Envmgr.attr(box, "items")
    assert {:error, %Error{}} = Envmgr.put_attr(box, "_items", 1)
    assert :ok = Envmgr.put_item(box, "c", 1, metadata: true)
    assert {:error, %Error{code: :arguments}} = Envmgr.put_item(box, "c", 1, no: 1)
  end

  test "an object is called", %{new: new} do
    thing = new.("Thing", [40], [])
    assert {:ok, [40, [], %{}]} = Envmgr.call(thing)
    assert {:ok, [40, [1], %{"x" => 2}]} = Envmgr.call(thing, {[1], x: 2})
    box = new.("Box", [], [])
    assert {:error, %Error{type: "TypeError"}} = Envmgr.call(box)
  end

  describe "with" do
    test "leaves the object after the function", %{new: new} do
      held = new.("Held", [], [])
      assert {:ok, :done} = Envmgr.with_ref(held, fn %Ref{type: "probe.Held"} -> :done end)
      assert {:ok, [[nil, nil]]} = Envmgr.attr(held, "left")

      assert {:ok, 1} =
               Envmgr.with_ref(held, fn _ -> 1 end, trace: true, as: :ref, timeout: 9_000)

      assert {:error, %Error{code: :arguments}} = Envmgr.with_ref(held, & &1, no: 1)
    end

    test "tells Python what the function raised, threw or exited with", %{new: new} do
      held = new.("Held", [true], [])

      assert_raise ArgumentError, "no", fn ->
        Envmgr.with_ref(held, fn _ -> raise ArgumentError, "no" end)
      end

      assert catch_throw(Envmgr.with_ref(held, fn _ -> throw(:ball) end)) == :ball
      assert catch_exit(Envmgr.with_ref(held, fn _ -> exit(:out) end)) == :out
      assert {:ok, left} = Envmgr.attr(held, "left")

      assert [["ElixirError", first], ["ElixirError", second], ["ElixirError", third]] = left
      assert first =~ "ArgumentError: no"
      assert second =~ ":ball"
      assert third =~ ":out"
    end

    test "an object that cannot be entered is an error", %{new: new} do
      thing = new.("Thing", [1], [])
      assert {:error, %Error{type: "TypeError"}} = Envmgr.with_ref(thing, &flunk/1)
    end
  end
end
