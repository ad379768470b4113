defmodule Envmgr.Pool.PartsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Pool.{Backoff, Cancelled, Cancelling, Child, Flight, Nudge, Outbox, Route, Slot}

  defp call(reply, size \\ 1), do: {:call, reply, :infinity, "l", size, <<reply::32>>}

  describe "route" do
    setup do
      table = :ets.new(:route, [:public])
      workers = for _ <- 1..3, do: {spawn(fn -> :ok end), Slot.new()}
      Route.publish(table, {"e", "default"}, 7, workers, self(), sizing())
      {7, route, pool} = Route.lookup(table, "e")
      assert pool == self()
      %{table: table, route: route, workers: workers}
    end

    defp sizing, do: %Envmgr.Libraries.Sizing{min: 1, max: 1, queue: 100}

    test "equal workers take turns, and calls spread evenly", %{route: route, workers: workers} do
      for _ <- 1..30, do: Route.pick(route)
      assert Enum.map(workers, fn {_, slot} -> Slot.counts(slot).in_flight end) == [10, 10, 10]
    end

    test "the least loaded is picked, a closed one never", %{
      route: route,
      workers: [{a, one}, {b, two}, {_, three}]
    } do
      for _ <- 1..5, do: Slot.take(one)
      Slot.close(three)
      assert {^b, ^two} = Route.pick(route)
      Slot.close(two)
      assert {^a, ^one} = Route.pick(route)
      Slot.close(one)
      assert Route.pick(route) == nil
      assert Slot.counts(one) == %{in_flight: 6, answered: 0}
      assert Slot.take(one) == nil
      assert Slot.counts(one) == %{in_flight: 6, answered: 0}
    end

    test "a pinned call takes its own worker or none", %{table: table, workers: workers} do
      [{a, one}, {b, _two} | _] = workers
      assert {7, {^a, ^one}} = Route.pinned(table, "e", a, nil)
      Slot.close(one)
      assert Route.pinned(table, "e", a, nil) == nil
      Route.forget(table, b)
      assert Route.pinned(table, "e", b, nil) == nil
      assert Route.pinned(table, "e", self(), nil) == nil
    end

    test "a pinned call may be refused as any other", %{table: table, workers: workers} do
      [{a, one} | _] = workers

      for _ <- 1..101,
          do: assert({7, {^a, ^one}} = Route.pinned(table, "e", a, {9, :infinity, :low}))

      assert {:overloaded, %{why: :queue, waiting: 100}} =
               Route.pinned(table, "e", a, {:infinity, :infinity, :normal})

      assert {7, {^a, ^one}} = Route.pinned(table, "e", a, nil)
      assert Slot.counts(one).in_flight == 102
    end

    test "each pool has its own route, and goes with its Server", %{
      table: table,
      workers: [a | _]
    } do
      Route.publish(table, {"e", "heavy"}, 7, [a], self(), %{sizing() | libraries: ["numpy"]})
      {7, heavy, _} = Route.lookup(table, "e", "heavy")
      assert tuple_size(heavy) == 2
      assert Route.serves?(heavy, "numpy")
      refute Route.serves?(heavy, "math")
      assert Route.lookup(table, "e", "default") == Route.lookup(table, "e")
      assert Route.lookup(table, "e", "other") == nil
      Route.delete(table, "e", "heavy", self())
      assert Route.lookup(table, "e", "heavy") == nil
      Route.delete(table, self())
      assert :ets.tab2list(table) == []
    end

    test "no route, no worker" do
      table = :ets.new(:route, [:public])
      assert Route.lookup(table, "e") == nil
      Route.publish(table, {"e", "default"}, 1, [], self(), sizing())
      {1, route, _} = Route.lookup(table, "e")
      assert Route.pick(route) == nil
    end
  end

  describe "outbox" do
    test "a frame holds at most 64 calls, as many as there is room for, in order" do
      outbox = Enum.reduce(1..100, %Outbox{}, &Outbox.push(&2, call(&1)))
      assert {_, outbox, flight} = Outbox.frame(outbox, Flight.new(), 1_000)
      assert Flight.size(flight) == 64
      assert {_, outbox, flight} = Outbox.frame(outbox, flight, 10)
      assert Flight.replies(flight) == Enum.to_list(1..74)
      assert :empty = Outbox.frame(outbox, flight, 0)
      assert length(Outbox.calls(outbox)) == 26
    end

    test "large calls leave by themselves" do
      outbox = Enum.reduce(1..3, %Outbox{}, &Outbox.push(&2, call(&1, 2_000_000)))
      assert {_, _, flight} = Outbox.frame(outbox, Flight.new(), 64)
      assert Flight.size(flight) == 1
    end

    test "control messages need no room" do
      outbox = Outbox.control(%Outbox{}, "x")
      assert {data, outbox, flight} = Outbox.frame(outbox, Flight.new(), 0)
      assert IO.iodata_to_binary(data) == "x"
      assert :empty = Outbox.frame(outbox, flight, 64)
    end

    test "ids start again after the last" do
      outbox = Outbox.push(%Outbox{next: 0xFFFFFFFF}, call(1))
      assert {_, %{next: 1}, _} = Outbox.frame(outbox, Flight.new(), 64)
    end

    test "a call can be taken out" do
      outbox = Outbox.push(%Outbox{}, call(1))
      assert Outbox.drop(outbox, 2) == nil
      assert Outbox.calls(Outbox.drop(outbox, 1)) == []
    end
  end

  describe "priorities" do
    defp call(reply, priority, size),
      do: {:call, reply, :infinity, {priority, "l", "p"}, size, ""}

    test "high before normal before low, within one frame's room" do
      calls = for {p, n} <- [low: 1, normal: 2, high: 3, low: 4, high: 5], do: call(n, p, 1)
      outbox = Enum.reduce(calls, %Outbox{}, &Outbox.push(&2, &1))
      assert {_, outbox, flight} = Outbox.frame(outbox, Flight.new(), 3)
      assert Flight.replies(flight) == [3, 5, 2]
      assert {_, outbox, flight} = Outbox.frame(outbox, flight, 3)
      assert Flight.replies(flight) == [3, 5, 2, 1, 4]
      assert :empty = Outbox.frame(outbox, flight, 3)
    end

    test "nothing leaves without room but what is said about calls" do
      outbox = Outbox.push(%Outbox{}, call(1, :high, 1))
      assert :empty = Outbox.frame(outbox, Flight.new(), 0)
      assert {"x", outbox, _} = frame(Outbox.control(outbox, "x"), 0)
      assert [{:call, 1, _, _, _, _}] = Outbox.calls(outbox)
    end

    test "calls of each are dropped, and all are emptied" do
      outbox =
        Enum.reduce([high: 1, normal: 2, low: 3], %Outbox{}, fn {p, n}, outbox ->
          Outbox.push(outbox, call(n, p, 1))
        end)

      assert outbox |> Outbox.drop(3) |> Outbox.drop(1) |> Outbox.calls() |> length() == 1
      assert Outbox.calls(Outbox.empty(outbox)) == []
    end

    defp frame(outbox, room) do
      {data, outbox, flight} = Outbox.frame(outbox, Flight.new(), room)
      {IO.iodata_to_binary(data), outbox, flight}
    end
  end

  describe "flight" do
    setup do
      [a, b, c, d] = replies = for _ <- 1..4, do: make_ref()

      flight =
        replies
        |> Enum.with_index(1)
        |> Enum.reduce(Flight.new(), fn {reply, id}, flight ->
          Flight.add(flight, {id, reply, id * 10, "l.f#{id}"})
        end)

      %{flight: flight, a: a, b: b, c: c, d: d}
    end

    test "answers come in order", %{flight: flight, a: a} do
      assert Flight.answer(flight, 2) == :unknown
      assert {:ok, ^a, flight} = Flight.answer(flight, 1)
      assert {2, _, _, _} = Flight.oldest(flight)
      assert Flight.size(flight) == 3
      assert Flight.answer(Flight.new(), 1) == :unknown
    end

    test "a call aside holds back nobody, and is answered whenever it is", context do
      %{flight: flight, a: a, b: b} = context
      assert Flight.aside(flight, 2) == :unknown
      assert {:ok, ^a, flight} = Flight.aside(flight, 1)
      assert Flight.size(flight) == 3
      refute Flight.empty?(flight)
      assert Flight.find(flight, a) == 1
      assert Flight.find(flight, b) == nil
      assert Flight.reply(flight, 1) == {:ok, a}
      assert Flight.reply(flight, 2) == :unknown
      assert {:ok, ^b, flight} = Flight.answer(flight, 2)
      assert {:ok, ^a, flight} = Flight.answer(flight, 1)
      assert Flight.answer(flight, 1) == :unknown
      assert Flight.find(flight, a) == nil
      assert Flight.size(flight) == 2
    end

    test "a cancelled call is answered to nobody, in its turn or before", context do
      %{flight: flight, a: a, c: c} = context
      assert Flight.cancel(flight, make_ref()) == :unknown
      assert {:ok, 3, flight} = Flight.cancel(flight, c)
      assert {:ok, 1, flight} = Flight.cancel(flight, a)
      assert {:ok, nil, flight} = Flight.answer(flight, 3)
      assert {:ok, nil, flight} = Flight.answer(flight, 1)
      assert Flight.answer(flight, 3) == :unknown
      assert Flight.size(flight) == 2
      # One that was not cancelled does not overtake.
      assert Flight.answer(flight, 4) == :unknown
    end

    test "what is behind the oldest may come back, but for what is cancelled or bound here",
         context do
      %{flight: flight, b: b, c: c} = context
      assert Flight.behind(Flight.new()) == []
      assert Flight.behind(flight) == [2, 3, 4]
      bound = Flight.whose("l.f", "l", "l.f", {nil, true})
      flight = Flight.add(flight, {5, make_ref(), :infinity, bound})
      {:ok, 3, flight} = Flight.cancel(flight, c)
      assert Flight.behind(flight) == [2, 4]
      assert {:ok, ^b, flight} = Flight.return(flight, 2)
      assert {:ok, nil, flight} = Flight.return(flight, 3)
      assert Flight.return(flight, 3) == :unknown
      assert Flight.size(flight) == 3
      assert {:ok, _reply, flight} = Flight.answer(flight, 1)
      assert {:ok, _reply, _flight} = Flight.answer(flight, 4)
    end

    test "where each has a thread any may not have begun" do
      reply = make_ref()
      flight = Enum.reduce([1, 2], Flight.new(4), &Flight.add(&2, {&1, reply, 9, "l.f"}))
      assert Enum.sort(Flight.behind(flight)) == [1, 2]
      {:ok, ^reply, aside} = Flight.aside(flight, 1)
      assert Flight.behind(aside) == [2]
      assert {:ok, ^reply, flight} = Flight.return(flight, 2)
      assert Flight.size(flight) == 1
    end

    test "a call aside is cancelled by its reply", %{flight: flight, a: a} do
      {:ok, _, flight} = Flight.aside(flight, 1)
      assert {:ok, 1, flight} = Flight.cancel(flight, a)
      assert Flight.find(flight, a) == nil
      assert Flight.reply(flight, 1) == {:ok, nil}
      assert Flight.cancel(flight, a) == :unknown
      assert {:ok, nil, _flight} = Flight.answer(flight, 1)
    end

    test "what is overdue aside", %{flight: flight, a: a} do
      assert Flight.overdue(flight, 1_000) == []
      {:ok, _, flight} = Flight.aside(flight, 1)
      assert Flight.overdue(flight, 9) == []
      assert Flight.overdue(flight, 11) == [a]
      {:ok, 1, flight} = Flight.cancel(flight, a)
      assert Flight.overdue(flight, 11) == []
    end

    test "libraries, and what runs", %{flight: flight, a: a, b: b} do
      assert Flight.library(flight, 1) == "l"
      assert Flight.library(flight, 9) == nil
      assert Flight.running(flight) == {a, "l.f1"}
      assert Flight.running(Flight.new()) == nil
      labelled = Flight.add(Flight.new(), {7, a, 1, {:high, "pandas1", "pandas.DataFrame.x"}})
      assert Flight.library(labelled, 7) == "pandas1"
      {:ok, ^a, aside} = Flight.aside(labelled, 7)
      assert Flight.library(aside, 7) == "pandas1"
      assert Flight.running(aside) == {a, "pandas.DataFrame.x"}
      {:ok, ^b, two} = Flight.aside(Flight.add(aside, {8, b, 1, "l.g"}), 8)
      assert Flight.running(two) == nil
      assert Enum.sort(Flight.replies(two)) == Enum.sort([a, b])
    end
  end

  describe "cancelled" do
    setup do
      [a, b] = for _ <- 1..2, do: make_ref()

      flight =
        Enum.reduce([{1, a}, {2, b}], Flight.new(), fn {id, reply}, flight ->
          Flight.add(flight, {id, reply, 0, "l.f"})
        end)

      %{flight: flight, a: a, b: b}
    end

    test "what runs has one grace period", %{flight: flight, a: a} do
      {:ok, 1, flight} = Flight.cancel(flight, a)
      cancelled = Cancelled.add(%{}, flight, 1)
      assert Cancelled.running?(cancelled, flight)
      assert Cancelled.expire(cancelled, flight, 1) == :over
      assert Cancelled.expire(%{}, flight, 1) == :settled
    end

    test "those of callers that have left are known where the call says whose it is", %{
      a: a,
      b: b
    } do
      gone = spawn(fn -> :ok end)
      Envmgr.Test.Project.eventually(fn -> not Process.alive?(gone) end)
      c = make_ref()

      due = [
        {1, a, {:infinity, gone}, "l.f"},
        {2, b, {9, self()}, "l.f"},
        {3, c, {9, gone}, "l.f"}
      ]

      for threads <- [1, 4] do
        flight = Enum.reduce(due, Flight.new(threads), &Flight.add(&2, &1))
        assert Enum.sort(Flight.left(flight)) == Enum.sort([a, c])
        {:ok, ^a, flight} = Flight.aside(flight, 1)
        assert Enum.sort(Flight.left(flight)) == Enum.sort([a, c])
        {:ok, 3, flight} = Flight.cancel(flight, c)
        assert Flight.left(flight) == [a]
        assert Flight.overdue(flight, 10) |> Enum.reject(&(&1 == b)) == []
      end

      refute Flight.passed?({:infinity, self()}, 10)
      assert Flight.passed?({9, self()}, 10) and Flight.passed?(9, 10)
      refute Flight.left?(9)
    end

    test "on a busy machine it has as many signals as on a quiet one, but no more than so long",
         %{flight: flight, a: a} do
      {:ok, 1, flight} = Flight.cancel(flight, a)
      signals = Nudge.count()
      cancelled = Cancelled.add(%{}, flight, 1)
      s = %{flight: flight, cancelled: cancelled, signals: signals, nudge: self()}
      now = System.monotonic_time(:millisecond)
      since = {0, now - 600}

      assert {:ok, ^s} = Cancelling.grace(s, 1, since)
      assert_receive {:grace, 1, ^since}
      assert {:kill, _} = Cancelling.grace(s, 1, {0, now - 20_000})
      # Where none can be sent, there is nothing to count.
      assert {:kill, _} = Cancelling.grace(%{s | nudge: nil}, 1, since)
      :counters.add(signals, 1, 5)
      assert {:kill, why} = Cancelling.grace(s, 1, since)
      assert why =~ "did not end within 500 ms"
      assert {:ok, _} = Cancelling.grace(s, 1, {1, now - 600})
      assert {:ok, _} = Cancelling.grace(%{s | cancelled: %{}}, 1, since)
    end

    test "what waits behind another has its time when it runs", %{flight: flight, b: b} do
      {:ok, 2, flight} = Flight.cancel(flight, b)
      cancelled = Cancelled.add(%{}, flight, 2)
      refute Cancelled.running?(cancelled, flight)
      assert {:again, cancelled} = Cancelled.expire(cancelled, flight, 2)
      {:ok, _, flight} = Flight.answer(flight, 1)
      assert Cancelled.running?(cancelled, flight)
      assert {:again, cancelled} = Cancelled.expire(cancelled, flight, 2)
      assert Cancelled.expire(cancelled, flight, 2) == :over
    end

    test "what is aside waits for another that does not end, not for those that do", context do
      %{flight: flight, a: a, b: b} = context
      {:ok, ^a, flight} = Flight.aside(flight, 1)
      {:ok, 1, flight} = Flight.cancel(flight, a)
      cancelled = Cancelled.add(%{}, flight, 1)
      assert Cancelled.running?(cancelled, flight)
      assert {:again, cancelled} = Cancelled.expire(cancelled, flight, 1)
      assert {:again, cancelled} = Cancelled.expire(cancelled, flight, 1)
      {:ok, ^b, flight} = Flight.answer(flight, 2)
      flight = Flight.add(flight, {3, make_ref(), 0, "l.f"})
      assert {:again, cancelled} = Cancelled.expire(cancelled, flight, 1)
      {:ok, _, flight} = Flight.answer(flight, 3)
      assert :over = Cancelled.expire(cancelled, Flight.add(flight, {4, b, 0, "l.f"}), 1)
    end

    test "the oldest is spared while one aside is at work before it", context do
      %{flight: flight, a: a, b: b} = context
      {:ok, ^a, flight} = Flight.aside(flight, 1)
      {:ok, 2, flight} = Flight.cancel(flight, b)
      flight = Flight.add(flight, {4, make_ref(), 0, "l.f"})

      # Asked for more before the call was written: it has the main thread first.
      busy = Flight.occupy(flight, 1, 1)
      cancelled = Cancelled.add(%{}, busy, 2)
      assert {:again, cancelled} = Cancelled.expire(cancelled, busy, 2)
      assert {:again, cancelled} = Cancelled.expire(cancelled, Flight.occupy(busy, 1, nil), 2)
      assert Cancelled.expire(cancelled, flight, 2) == :over

      # Asked afterwards: it is the call that keeps the stream waiting.
      waiting = Flight.occupy(flight, 1, 3)
      assert Cancelled.expire(Cancelled.add(%{}, waiting, 2), waiting, 2) == :over

      # One that is cancelled too is no excuse.
      {:ok, 1, both} = Flight.cancel(busy, a)
      cancelled = Cancelled.add(Cancelled.add(%{}, both, 1), both, 2)
      assert Cancelled.expire(cancelled, both, 2) == :over
    end

    test "a stream that is to close waits for another's item, and for no call behind it",
         context do
      %{flight: flight, a: a, b: b} = context
      {:ok, ^a, flight} = Flight.aside(flight, 1)
      {:ok, ^b, flight} = Flight.aside(flight, 2)
      {:ok, 1, flight} = Flight.cancel(flight, a)
      busy = Flight.occupy(flight, 2, 5)
      cancelled = Cancelled.add(%{}, busy, 1)
      assert {:again, cancelled} = Cancelled.expire(cancelled, busy, 1)
      assert {:again, cancelled} = Cancelled.expire(cancelled, busy, 1)
      # The other has gone on twice, and this one has not ended.
      assert {:again, cancelled} = Cancelled.expire(cancelled, Flight.occupy(busy, 2, 6), 1)
      assert Cancelled.expire(cancelled, Flight.occupy(busy, 2, 7), 1) == :over

      itself = flight |> Flight.occupy(1, 3) |> Flight.add({4, make_ref(), 0, "l.f"})
      itself = Flight.occupy(itself, 2, 5)
      assert Cancelled.expire(Cancelled.add(%{}, itself, 1), itself, 1) == :over
    end
  end

  test "backoff grows from 100 ms to 5 s" do
    assert Enum.map(1..8, &Backoff.delay/1) == [100, 200, 400, 800, 1600, 3200, 5000, 5000]
    assert Backoff.delay(10_000) == 5_000
  end

  test "endings in words" do
    assert Child.ending(0) == "exited with status 0"
    assert Child.ending(137) == "was ended by SIGKILL"
    assert Child.ending(139) == "was ended by SIGSEGV"
    assert Child.ending(128 + 60) == "was ended by signal 60"
  end
end
