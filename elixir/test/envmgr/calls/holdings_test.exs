defmodule Envmgr.Calls.HoldingsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Calls.Holdings

  @now ~U[2026-01-01 00:00:00Z]

  setup do
    [a, b, one, two] = for _ <- 1..4, do: spawn(fn -> :ok end)
    %{a: a, b: b, one: one, two: two}
  end

  test "what a process holds is let go together when it ends", %{a: a, b: b, one: one, two: two} do
    s = Enum.reduce([{one, 1}, {one, 2}, {two, 1}], %Holdings{}, &Holdings.hold(&2, a, &1))
    s = Holdings.hold(s, b, {one, 3})
    assert {%{^one => ids, ^two => [1]}, s} = Holdings.down(s, a)
    assert Enum.sort(ids) == [1, 2]
    assert Holdings.fate(s, one, 1) == {:released, {:process, a}}
    assert Holdings.held?(s, {one, 3})
    refute Holdings.holds?(s, a)
    assert {none, ^s} = Holdings.down(s, a)
    assert none == %{}
  end

  test "a released ref is held by nobody", %{a: a, b: b, one: one} do
    s = %Holdings{} |> Holdings.hold(a, {one, 1}) |> Holdings.release({one, 1}, {:release, b})
    refute Holdings.holds?(s, a)
    assert Holdings.fate(s, one, 1) == {:released, {:release, b}}
    assert {none, _} = Holdings.down(s, a)
    assert none == %{}
  end

  test "a ref that changes hands is let go with the new holder", %{a: a, b: b, one: one} do
    s = %Holdings{} |> Holdings.hold(a, {one, 1}) |> Holdings.hold(b, {one, 1})
    refute Holdings.holds?(s, a)
    assert {%{^one => [1]}, _} = Holdings.down(s, b)
  end

  test "with a worker go its refs; the first reason stays", %{a: a, b: b, one: one, two: two} do
    s =
      %Holdings{}
      |> Holdings.hold(a, {one, 1})
      |> Holdings.hold(a, {two, 1})
      |> Holdings.hold(b, {one, 2})
      |> Holdings.ended(one, "first", @now)
      |> Holdings.ended(one, "second", @now)
      |> Holdings.hold(b, {one, 3})

    assert Holdings.fate(s, one, 1) == {:ended, "first", @now}
    refute Holdings.holds?(s, b)
    assert {%{^two => [1]} = releases, _} = Holdings.down(s, a)
    assert map_size(releases) == 1
  end

  test "what is remembered is bounded", %{a: a, one: one} do
    workers = for _ <- 1..300, do: spawn(fn -> :ok end)
    s = Enum.reduce(workers, %Holdings{}, &Holdings.ended(&2, &1, "why", @now))
    assert map_size(s.ended) == 256
    assert Holdings.fate(s, hd(workers), nil) == :unknown
    assert {:ended, _, _} = Holdings.fate(s, List.last(workers), nil)

    s = Enum.reduce(1..5_000, %Holdings{}, &Holdings.hold(&2, a, {one, &1}))
    assert {%{^one => ids}, s} = Holdings.down(s, a)
    assert length(ids) == 5_000
    assert map_size(s.released) == 4_096
    assert :queue.len(s.releases) == 4_096
  end
end
