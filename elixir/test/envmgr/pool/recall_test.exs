defmodule Envmgr.Pool.RecallTest do
  # What a worker gives back. Real workers do so in slow_test.exs.
  use ExUnit.Case, async: true

  alias Envmgr.Pool.{Flight, Lent, Recall, Slot}

  defp state(flight, overrides \\ %{}) do
    slot = Slot.new()
    for _ <- 1..Flight.size(flight), do: Slot.take(slot)
    Slot.slow(slot)

    Map.merge(
      %{
        flight: flight,
        slot: slot,
        slow?: true,
        threads: 1,
        bar: nil,
        lent: %Lent{},
        watched: %{},
        cancelled: %{},
        nudge: nil,
        interrupt: nil,
        options: %{name: __MODULE__}
      },
      overrides
    )
  end

  defp flight(ids, threads \\ 1) do
    Enum.reduce(ids, Flight.new(threads), fn id, flight ->
      Flight.add(flight, {id, :erlang.alias(), :infinity, "l.f"})
    end)
  end

  test "its caller is told, and the worker is slow as long as it has something to do" do
    s = state(flight([1, 2]))
    {:ok, s} = Recall.returned(s, 2)
    assert_received {_reply, :elsewhere}
    assert {s.slow?, Slot.counts(s.slot).in_flight} == {true, 1}

    # The slow one was answered in the meantime, and this had not begun: no answer will come any more.
    {:ok, s} = Recall.returned(s, 1)
    assert {s.slow?, Slot.load(s.slot), Flight.size(s.flight)} == {false, 0, 0}
    assert Recall.returned(s, 1) == :unknown
  end

  test "a thread that has nothing to do is enough" do
    s = state(flight([1, 2, 3], 2), %{threads: 2})
    {:ok, s} = Recall.returned(s, 3)
    assert s.slow?
    {:ok, s} = Recall.returned(s, 2)
    refute s.slow?
  end

  test "nothing waits any more for a call that was given back" do
    {:ok, s} = Recall.returned(state(flight([1, 2]), %{bar: {2, "l.f"}}), 2)
    assert s.bar == nil
    {:ok, s} = Recall.returned(state(flight([1, 2]), %{bar: {1, "l.f"}}), 2)
    assert s.bar == {1, "l.f"}
  end

  test "of one that was cancelled meanwhile nobody hears" do
    reply = :erlang.alias()
    flight = Flight.add(flight([1]), {2, reply, :infinity, "l.f"})
    {:ok, 2, flight} = Flight.cancel(flight, reply)
    {:ok, s} = Recall.returned(state(flight, %{cancelled: %{2 => true}}), 2)
    refute_received {_reply, :elsewhere}
    assert {s.cancelled, Slot.counts(s.slot).in_flight} == {%{}, 1}
  end
end
