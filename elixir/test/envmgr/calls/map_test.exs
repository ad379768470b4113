defmodule Envmgr.Calls.MapTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup_all do
    {name, _} = Project.start(workers: 2)
    Envmgr.execute!("probe.echo", [1], name: name)
    Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) == 2 end)
    %{name: name}
  end

  defp values(answers), do: for({:ok, value} <- answers, do: value)
  defp codes(answers), do: for({:error, error} <- answers, do: error.code)

  test "each item has its answer, in order, whatever goes together", %{name: name} do
    items = for n <- 1..3_000, do: [n]
    assert Envmgr.map("probe.echo", items, name: name) == for(n <- 1..3_000, do: {:ok, n})

    assert Envmgr.map("probe.echo", items, name: name, batch: 7) ==
             for(n <- 1..3_000, do: {:ok, n})

    assert Envmgr.map("probe.echo", [], name: name) == []

    unordered = Envmgr.map("probe.echo", items, name: name, ordered: false)
    assert Enum.sort(unordered) == for(n <- 1..3_000, do: {:ok, n})
  end

  test "arguments are those of execute, by position and by name", %{name: name} do
    items = [%{name: 1}, [name: 2, size: 3], {[], %{"name" => 4}}]
    assert values(Envmgr.map("probe.only_named", items, name: name)) |> length() == 3

    assert codes(Envmgr.map("probe.only_named", [[1], :wrong], name: name)) == [
             :arguments,
             :arguments
           ]
  end

  test "what a parameter makes of an argument it makes in a batch too", %{name: name} do
    items = List.duplicate([[1, 2], [3], "x", %{}], 3)
    alone = Envmgr.execute("probe.hinted", hd(items) |> Enum.take(3), name: name)

    together =
      Envmgr.map("probe.hinted", Enum.map(items, &Enum.take(&1, 3)), name: name, batch: 3)

    assert together == List.duplicate(alone, 3)
  end

  test "an item's error is its own, and says what it was called with", %{name: name} do
    answers = Envmgr.map("math.sqrt", [[4.0], [-1.0], ["x"], [], [9.0]], name: name, batch: 5)
    assert values(answers) == [2.0, 3.0]
    assert codes(answers) == [:exception, :arguments, :arguments]
    {:error, %Error{} = error} = Enum.at(answers, 1)
    assert {error.type, error.path, error.library} == {"ValueError", "math.sqrt", "math"}
    assert [{"x", "-1.0"}] = error.arguments
    assert is_binary(error.correlation)

    assert [{:error, %Error{type: "SystemExit"}}, {:error, %Error{type: "SystemExit"}}] =
             Envmgr.map("probe.raise_exit", [[], []], name: name, batch: 2)
  end

  test "an item that cannot be sent, or is large, or holds what is somebody's, goes by itself", %{
    name: name
  } do
    large = Envmgr.bytes(:binary.copy("x", 400_000))
    thing = Envmgr.execute!("probe.Thing", [1], name: name)
    items = [[1], [self()], [large], [thing], [fn x -> x end], [2]]
    answers = Envmgr.map("probe.echo", items, name: name, batch: 6)

    assert [
             {:ok, 1},
             {:error, %Error{code: :conversion}},
             {:ok, data},
             {:ok, %Envmgr.Ref{}} | rest
           ] = answers

    assert data in [large, large.data]
    assert [{:ok, %Envmgr.Ref{}}, {:ok, 2}] = rest

    assert [{:ok, 2}, {:ok, 3}] =
             Envmgr.map("probe.apply", [[&(&1 + 1), [1]], [&(&1 + 1), [2]]], name: name, batch: 2)
  end

  test "objects can be answers, and belong to the caller", %{name: name} do
    answers = Envmgr.map("probe.Thing", for(n <- 1..4, do: [n]), name: name, batch: 2, as: :ref)
    assert Enum.map(values(answers), &Envmgr.attr(&1, "value")) == for(n <- 1..4, do: {:ok, n})
  end

  test "dicts keep their order where that is asked for, errors are errors", %{name: name} do
    opts = [name: name, dicts: :ordered, batch: 2]

    assert [{:ok, %Envmgr.Dict{}}, {:ok, %Envmgr.Dict{}}] =
             Envmgr.map("probe.echo", [[%{b: 1}], [%{}]], opts)

    assert [{:error, %Error{type: "ValueError"}}, {:ok, 2.0}] =
             Envmgr.map("math.sqrt", [[-1.0], [4.0]], opts)
  end

  test "stale objects spoil nobody else's call", %{name: name} do
    thing = Envmgr.execute!("probe.Thing", [1], name: name)
    Envmgr.release(thing)
    answers = Envmgr.map("probe.echo", [[1], [thing], [2]], name: name, batch: 3)
    assert [{:ok, 1}, {:error, %Error{code: :stale_ref}}, {:ok, 2}] = answers
  end

  test "coroutines of a batch are awaited together", %{name: name} do
    items = for n <- 1..40, do: [0.05, n]

    assert Envmgr.map("probe.asleep", items, name: name, batch: 40) ==
             for(n <- 1..40, do: {:ok, n})
  end

  test "slow calls run beside each other", %{name: name} do
    assert [{:ok, true}, {:ok, true}] =
             Envmgr.map("probe.apply", [[&met/1, [name]], [&met/1, [name]]], name: name)
  end

  # Two processes that wait for each other.
  defp met(name) do
    key = {:met, name}
    :global.register_name({key, :erlang.unique_integer([:positive])}, self())

    Project.eventually(fn ->
      Enum.count(:global.registered_names(), &match?({^key, _}, &1)) >= 2
    end)

    Process.sleep(20)
    true
  end

  test "the input is taken as it is needed, and let go", %{name: name} do
    me = self()

    input =
      Stream.resource(
        fn -> 0 end,
        fn n ->
          send(me, {:taken, n})
          {[[n, "ValueError"]], n + 1}
        end,
        fn _n -> send(me, :closed) end
      )

    answers =
      Envmgr.map("probe.fail", input, name: name, batch: 2, max_concurrency: 2, on_error: :stop)

    assert [{:error, %Error{type: "ValueError", message: "0"}}] = answers
    assert_received :closed
    refute_received {:taken, 8}
  end

  test "an input that fails ends the map, and what runs for it", %{name: name} do
    input = Stream.map(1..3, fn n -> if n == 3, do: raise("no more"), else: [30, n] end)

    assert_raise RuntimeError, "no more", fn ->
      Envmgr.map("probe.nap", input, name: name, max_concurrency: 3, batch: 1)
    end

    refute_received _

    Project.eventually(fn ->
      Envmgr.stats(name)["std"].workers |> Enum.all?(&(&1.in_flight == 0))
    end)
  end

  test "with on_error: :stop it ends with the first error", %{name: name} do
    file = Path.join(Project.new(), "notes")
    items = for n <- 1..2_000, do: [file, if(n == 30, do: "x", else: n)]
    answers = Envmgr.map("probe.note_item", items, name: name, batch: 5, on_error: :stop)
    assert length(answers) == 30
    assert values(answers) == Enum.to_list(1..29)
    assert {:error, %Error{type: "TypeError"}} = List.last(answers)
    assert length(File.stream!(file) |> Enum.to_list()) < 2_000

    unordered =
      Envmgr.map("probe.note_item", items, name: name, batch: 5, on_error: :stop, ordered: false)

    assert Enum.find_index(unordered, &match?({:error, _}, &1)) == length(unordered) - 1
  end

  test "one deadline for all of it", %{name: name} do
    items = [[0, 1], [0, 1] | List.duplicate([60, 1], 6)]
    answers = Envmgr.map("probe.nap", items, name: name, timeout: 2_000, batch: 1)
    assert Enum.take(answers, 2) == [{:ok, 1}, {:ok, 1}]
    assert length(answers) == 8
    assert Enum.uniq(codes(answers)) == [:timeout]
    {:error, last} = List.last(answers)
    assert last.message =~ "it had not begun within the 2000 ms of the whole map"

    endless = Stream.repeatedly(fn -> [0.05, 1] end)
    answers = Envmgr.map("probe.nap", endless, name: name, timeout: 1_500)
    assert {:ok, 1} in answers
    assert Enum.all?(codes(answers), &(&1 == :timeout))
  end

  test "a path that is not known is every item's error", %{name: name} do
    assert codes(Envmgr.map("probe.ecco", [[1], [2]], name: name)) == [
             :unknown_function,
             :unknown_function
           ]
  end

  test "wrong options are told at once", %{name: name} do
    for {option, word} <- [
          {[batch: 0], "batch"},
          {[max_concurrency: :many], "max_concurrency"},
          {[ordered: 1], "ordered"},
          {[on_error: :raise], "on_error"},
          {[metadata: true], "metadata"},
          {[output: :metadata], "output"},
          {[trace: true], "trace"},
          {[batchs: 1], "did you mean batch"},
          {[timeout: -1], "timeout"}
        ] do
      error =
        assert_raise Error, fn -> Envmgr.map("probe.echo", [[1]], [name: name] ++ option) end

      assert error.code == :arguments
      assert error.message =~ word
    end

    assert_raise Error, fn -> Envmgr.map("probe.echo", [[1]], :fast) end
  end

  test "what is configured for a function holds for each item" do
    library = Project.library("probe", %{"cache" => %{"echo" => %{"entries" => 10}}})
    {name, _} = Project.start(workers: 1, libraries: %{"probe" => library})

    assert values(Envmgr.map("probe.echo", List.duplicate([1], 20), name: name, batch: 10)) ==
             List.duplicate(1, 20)

    assert Envmgr.stats(name)["std"].cache |> inspect() =~ "hits: 19"
  end

  test "a worker that is lost is each one's that was with it" do
    {name, _} = Project.start(workers: 1)
    Envmgr.execute!("probe.echo", [1], name: name)
    answers = Envmgr.map("probe.kill_me", [[], []], name: name, batch: 2)
    assert codes(answers) == [:worker_lost, :worker_lost]
    assert values(Envmgr.map("probe.echo", [[1], [2]], name: name)) == [1, 2]
  end

  test "calls and errors are counted one by one" do
    {name, _} = Project.start(workers: 1)
    Envmgr.map("math.sqrt", [[1.0], [2.0], [-1.0]], name: name, batch: 3)
    [found] = for one <- Envmgr.calls(name), one.path == "math.sqrt", do: one
    assert {found.count, found.errors} == {3, 1}
  end

  test "a caller that ends takes its calls with it", %{name: name} do
    {pid, monitor} =
      spawn_monitor(fn -> Envmgr.map("probe.spin", List.duplicate([30], 4), name: name) end)

    Project.eventually(fn ->
      Envmgr.stats(name)["std"].workers |> Enum.any?(&(&1.in_flight > 0))
    end)

    Process.exit(pid, :kill)
    assert_receive {:DOWN, ^monitor, :process, ^pid, :killed}

    Project.eventually(fn ->
      Envmgr.stats(name)["std"].workers |> Enum.all?(&(&1.in_flight == 0))
    end)
  end
end
