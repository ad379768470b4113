defmodule Envmgr.Calls.HedgeTest do
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  alias Envmgr.{Error, Ref}
  alias Envmgr.Calls.{Call, Hedge, Options}
  alias Envmgr.Pool.{Route, Slot}
  alias Envmgr.Test.Project

  setup_all do
    recovery = %{"idempotent" => ["once_slow"], "hedge" => %{"once_slow" => 50, "counted" => 1}}
    start(__MODULE__, %{"probe" => %{"recovery" => recovery}, "plain" => %{}})
    # Both workers are there.
    Project.eventually(fn -> workers() == 2 end)
    :ok
  end

  setup :notes

  defp workers, do: length(Envmgr.stats(__MODULE__)["std"].workers)
  defp opts(more \\ []), do: [name: __MODULE__] ++ more

  defp hedges(library) do
    recovery = Envmgr.stats(__MODULE__)["std"].recovery
    Map.get(recovery, library, %{hedges: 0, hedges_won: 0})
  end

  defp idle?, do: Enum.all?(Envmgr.stats(__MODULE__)["std"].workers, &(&1.in_flight == 0))

  test "a second worker is asked when the first takes long; the other is taken back", %{
    notes: notes
  } do
    assert {:ok, {2, second}, %{hedged: true}} =
             Envmgr.execute("probe.once_slow", [notes, 60], opts(metadata: true))

    # Neither is busy any more, and both are as they were.
    Project.eventually(&idle?/0)
    pids = for %{os_pid: pid} <- Envmgr.stats(__MODULE__)["std"].workers, do: pid
    assert second in pids and length(pids) == 2
    assert %{hedges: hedges, hedges_won: won} = hedges("probe")
    assert hedges >= 1 and won >= 1
    refute_received _anything
  end

  test "the first one's answer counts when it is there first", %{notes: notes} do
    opts = opts(hedge: 20, idempotent: true, metadata: true)
    before = hedges("plain")
    # The first call is done when there is a second one, which would take a minute.
    assert {:ok, {1, _pid}, metadata} =
             Envmgr.execute("plain.each_slower", [notes, [nil, 60]], opts)

    refute is_map_key(metadata, :hedged)
    assert times(notes) == 2
    after_it = hedges("plain")
    assert after_it.hedges == before.hedges + 1
    assert after_it.hedges_won == before.hedges_won
    Project.eventually(&idle?/0)
    refute_received _anything
  end

  test "the second worker is another one, however busy that is" do
    [one, other] = for _ <- 1..2, do: {spawn(fn -> :ok end), Slot.new()}
    for _ <- 1..9, do: Slot.take(elem(other, 1))
    workers = {:atomics.new(1, signed: false), one, other}
    assert Route.pick_other(workers, elem(one, 0)) == other
    assert Slot.load(elem(other, 1)) == 10
    assert Route.others(workers, elem(one, 0)) == 1
    assert Route.others(workers, nil) == 2
    Slot.close(elem(other, 1))
    assert Route.pick_other(workers, elem(one, 0)) == nil
    assert Route.others(workers, elem(one, 0)) == 0
  end

  test "a call that is quick is asked once", %{notes: notes} do
    opts = opts(hedge: 10_000, idempotent: true)
    assert {:ok, 1} = Envmgr.execute("plain.counted", [notes], opts)
    assert times(notes) == 1
  end

  test "an error before is the answer; afterwards the other one's answer is waited for", %{
    notes: notes
  } do
    opts = opts(hedge: 50, idempotent: true)

    assert {:error, %Error{type: "ConnectionError"}} =
             Envmgr.execute(
               "plain.unsteady",
               [notes, 1],
               [hedge: 10_000] ++ opts(idempotent: true)
             )

    File.rm!(notes)

    assert {:ok, {1, _}} =
             Envmgr.execute("plain.each_slower", [notes, [nil, "ConnectionError"]], opts)

    File.rm!(notes)

    assert {:error, %Error{type: "ValueError"}} =
             Envmgr.execute("plain.each_slower", [notes, [60, "ValueError"]], opts)

    File.rm!(notes)

    pauses = [nil, "ConnectionError"]

    assert {:error, %Error{type: "ConnectionError"}} =
             Envmgr.execute("plain.each_slower", [notes, pauses, "ConnectionError"], opts)

    assert times(notes) == 2
  end

  test "refs of the answer are the caller's" do
    opts = opts(hedge: 1, idempotent: true)
    assert {:ok, %Ref{} = ref} = Envmgr.execute("plain.slow_thing", [0.2], opts)
    assert {:ok, 0.2} = Envmgr.attr(ref, "value")

    held = fn ->
      Envmgr.stats(__MODULE__)["std"].workers |> Enum.map(&(&1.refs || 0)) |> Enum.sum()
    end

    Project.eventually(fn -> held.() == 1 end)
    Envmgr.release(ref)
    Project.eventually(fn -> held.() == 0 end)
  end

  test "with a deadline, a cancellation, the end of the caller", %{notes: notes} do
    opts = opts(hedge: 20, idempotent: true)

    assert {:error, %Error{code: :timeout, message: "no answer within 300 ms"}} =
             Envmgr.execute("plain.each_slower", [notes, [60, 60]], [timeout: 300] ++ opts)

    Project.eventually(&idle?/0)
    File.rm(notes)

    call = Envmgr.async("plain.each_slower", [notes, [60, 60]], opts)
    Project.eventually(fn -> times(notes) == 2 end)
    Envmgr.cancel(call)
    assert {:error, %Error{code: :cancelled}} = Envmgr.await(call)
    Project.eventually(&idle?/0)

    File.rm(notes)
    caller = spawn(fn -> Envmgr.execute("plain.each_slower", [notes, [60, 60]], opts) end)
    Project.eventually(fn -> times(notes) == 2 end)
    Process.exit(caller, :kill)
    Project.eventually(&idle?/0)
  end

  test "not what may not be run twice, or is for one worker alone", %{notes: notes} do
    assert {:error, %Error{code: :arguments, message: message, hint: hint}} =
             Envmgr.execute("plain.counted", [notes], opts(hedge: 1))

    assert message =~ "nothing says that the call may be run twice"
    assert hint =~ "idempotent: true"
    assert {:ok, 1} = Envmgr.execute("probe.counted", [notes, 0.1], opts())

    assert {:ok, 2} =
             Envmgr.execute("probe.once_slow", [notes, 0.1], opts(hedge: false)) |> count()

    function = fn _ -> Process.sleep(100) end
    opts = opts(hedge: 1, idempotent: true)
    assert {:ok, :ok} = Envmgr.execute("plain.apply", [function, [1]], opts)
    assert %{hedges: hedges} = hedges("plain")
    assert {:ok, _} = Envmgr.execute("plain.apply", [function, [1]], opts)
    assert %{hedges: ^hedges} = hedges("plain")
  end

  test "what is raised on the way is raised here" do
    {:ok, row} = Envmgr.Calls.find(__MODULE__, "plain.echo")
    options = %Options{name: __MODULE__, hedge: 10_000, idempotent: true, around?: true}
    call = Call.new(row, options, [1], [], System.monotonic_time(:nanosecond))
    assert_raise RuntimeError, "here", fn -> Hedge.around(call, fn _call -> raise "here" end) end
    assert :thrown = catch_throw(Hedge.around(call, fn _call -> throw(:thrown) end))

    assert {:error, %Error{code: :worker_lost, message: message}} =
             Hedge.around(call, fn _call -> Process.exit(self(), :kill) end)

    assert message == "the call's process ended: :killed"
    refute_received _anything
  end

  defp count({:ok, {count, _pid}}), do: {:ok, count}
end
