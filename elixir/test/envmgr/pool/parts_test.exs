defmodule Envmgr.Pool.PartsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Pool.{Backoff, Child, Flight, Outbox, Route, Slot}

  defp call(reply, size \\ 1), do: {:call, reply, :infinity, "l", size, <<reply::32>>}

  describe "route" do
    setup do
      table = :ets.new(:route, [:public])
      workers = for _ <- 1..3, do: {spawn(fn -> :ok end), Slot.new()}
      Route.publish(table, "e", 7, workers, self())
      {7, route, pool} = Route.lookup(table, "e")
      assert pool == self()
      %{route: route, workers: workers}
    end

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
    end

    test "a pinned call takes its own worker or none", %{route: route, workers: [{a, one} | _]} do
      assert {^a, ^one} = Route.pinned(route, a)
      Slot.close(one)
      assert Route.pinned(route, a) == nil
      assert Route.pinned(route, self()) == nil
    end

    test "no route, no worker" do
      table = :ets.new(:route, [:public])
      assert Route.lookup(table, "e") == nil
      Route.publish(table, "e", 1, [], self())
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

  describe "flight" do
    setup do
      %{flight: Enum.reduce(1..4, Flight.new(), &Flight.add(&2, {&1, &1 * 10, :infinity, "l"}))}
    end

    test "answers come in order", %{flight: flight} do
      assert Flight.answer(flight, 2) == :unknown
      assert {:ok, 10, 1, flight} = Flight.answer(flight, 1)
      assert {2, _, _, _} = Flight.oldest(flight)
      assert Flight.answer(Flight.new(), 1) == :unknown
    end

    test "cancelled calls are passed over, or settled by a ping", %{flight: flight} do
      assert Flight.abandon(flight, 10) == :oldest
      assert Flight.abandon(flight, 99) == :unknown
      assert {:cancel, 2, flight} = Flight.abandon(flight, 20)
      assert {:cancel, 3, flight} = Flight.abandon(flight, 30)
      assert Flight.replies(flight) == [10, 40]
      assert {:ok, 10, 1, after_one} = Flight.answer(flight, 1)
      assert {:ok, 40, 3, empty} = Flight.answer(after_one, 4)
      assert Flight.size(empty) == 0
      assert {1, settled} = Flight.settle(flight, 2)
      assert Flight.size(settled) == 3
      assert {2, _} = Flight.settle(flight, 9)
      # One that had begun when it was cancelled is answered to nobody.
      assert {:ok, nil, 1, _} = Flight.answer(after_one, 2)
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
