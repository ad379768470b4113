defmodule Envmgr.Pool.AdmissionTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.Sizing
  alias Envmgr.Pool.{Admission, Pace, Route, Slot}

  @ms 1_000_000

  # A route with workers of so many calls each, of a pool whose queue holds ten.
  defp route(loads, options \\ []) do
    table = :ets.new(:route, [:public])

    workers =
      for load <- loads do
        slot = Slot.new()
        for _ <- 1..load//1, do: Slot.take(slot)
        Slot.each(slot, Keyword.get(options, :each, 0))
        {spawn(fn -> :ok end), slot}
      end

    sizing =
      struct!(%Sizing{min: 1, max: 9, queue: 10}, Keyword.take(options, [:profile, :threads]))

    Route.publish(table, {"e", "default"}, 1, workers, self(), sizing)
    {1, route, _} = Route.lookup(table, "e")
    {route, workers}
  end

  defp wish(timeout, priority \\ :normal) do
    deadline = if timeout == :infinity, do: :infinity, else: now() + timeout
    {timeout, deadline, priority}
  end

  defp now, do: System.monotonic_time(:millisecond)
  defp admit(route, wish), do: Route.admit(route, nil, wish)

  defp admitted?(route, wish), do: match?({pid, _slot} when is_pid(pid), admit(route, wish))

  # The worker that was picked: a refusal is a pair, too.
  defp taken(route) do
    {pid, slot} = admit(route, wish(1_000))
    true = is_pid(pid)
    {pid, slot}
  end

  test "as many calls wait as the queue holds, one more is refused and not counted" do
    {route, [{_, one}, {_, two}]} = route([1, 1])
    for _ <- 1..10, do: taken(route)

    assert {:overloaded, %{why: :queue, waiting: 10, queue: 10, workers: 2}} =
             admit(route, wish(1_000))

    assert {:overloaded, _} = admit(route, wish(:infinity, :high))
    assert Slot.counts(one).in_flight + Slot.counts(two).in_flight == 12
    Slot.answered(one, 1)
    assert admitted?(route, wish(1_000))
  end

  test "a call that need not wait is never refused" do
    {route, _} = route([50, 0])
    assert admitted?(route, wish(1_000))
    {route, _} = route([0], each: 1_000 * @ms)
    assert admitted?(route, wish(1))
  end

  test "what goes on beside others does not wait; several run at a time where a worker has threads" do
    {route, [{_, slot}]} = route([20])
    assert {:overloaded, _} = admit(route, wish(1_000))
    Slot.aside(slot, 15)
    assert admitted?(route, wish(1_000))
    {route, _} = route([13], profile: "thread", threads: 4)
    assert admitted?(route, wish(1_000))
    assert {:overloaded, _} = admit(route, wish(1_000))
  end

  test "the marks of slow and closed workers are no calls" do
    {route, [{_, slow}, {_, closed}]} = route([3, 9])
    Slot.slow(slow)
    Slot.close(closed)
    assert {_, ^slow} = admit(route, wish(1_000))
    Slot.close(slow)
    assert admit(route, wish(1_000)) == nil
  end

  test "a deadline that cannot be met is refused, with a margin, with evidence alone" do
    # Four before it of 100 ms each.
    {route, _} = route([4], each: 100 * @ms)

    assert {:overloaded, %{why: :deadline, ahead: 4, each: 100.0, expected: 400.0} = facts} =
             admit(route, wish(200))

    assert facts.left in 100..200
    assert admitted?(route, wish(300))
    {route, _} = route([4], each: 100 * @ms)
    assert admitted?(route, wish(:infinity))
    {route, _} = route([4], each: 0)
    assert admitted?(route, wish(1))
  end

  test "priority counts" do
    {route, [{_, slot}]} = route([8], each: 100 * @ms)
    Slot.waiting(slot, 1, 5)
    assert admitted?(route, wish(400, :high))
    Slot.give_back(slot, 1)
    assert admitted?(route, wish(400, :normal))
    Slot.give_back(slot, 1)
    assert {:overloaded, %{ahead: 8}} = admit(route, wish(400, :low))
  end

  test "limits of a pool without workers" do
    assert Admission.limits(10, 1, 0) == {11, 10, 1}
  end

  describe "pace" do
    defp departed(pace, gaps, count \\ 1) do
      Enum.reduce(gaps, pace, fn gap, pace ->
        Pace.departed(pace, count, 1, (pace.since || 0) + gap)
      end)
    end

    test "the first calls are a warming up, and sixteen are evidence" do
      pace = departed(Pace.begin(%Pace{}, 0), [5_000_000] ++ List.duplicate(100, 15))
      assert Pace.known(pace) == 0
      assert Pace.known(departed(pace, [100])) == 100
    end

    test "it follows what calls take, and one that takes long is no measure" do
      pace = departed(Pace.begin(%Pace{}, 0), List.duplicate(100, 20))
      assert Pace.known(departed(pace, [1_000_000_000])) < 250
      slow = departed(pace, List.duplicate(1_000_000, 100))
      assert_in_delta Pace.known(slow), 1_000_000, 100_000
      assert_in_delta Pace.known(departed(slow, List.duplicate(100, 200))), 100, 20
    end

    test "answers that come together share the time; what waits for nothing takes none" do
      pace = departed(Pace.begin(%Pace{}, 0), [1, 6_400], 64)
      assert Pace.known(pace) == 100
      idle = Pace.departed(pace, 1, 0, pace.since + 100)
      assert idle.since == nil
      # Nobody had called for an hour.
      assert Pace.departed(idle, 1, 1, 3_600_000_000_000_000).each == idle.each
      begun = Pace.begin(idle, 5_000)
      assert_in_delta Pace.departed(begun, 1, 0, 5_100).each, 100, 1
    end
  end
end
