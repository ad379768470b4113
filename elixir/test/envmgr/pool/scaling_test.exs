defmodule Envmgr.Pool.ScalingTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.Sizing
  alias Envmgr.Pool.{Recycling, Scaling}

  @sizing %Sizing{min: 1, max: 8}

  defp seen(ready, busy, waiting, starting \\ 0),
    do: %{ready: ready, busy: busy, waiting: waiting, starting: starting}

  defp looks(seen, wanted, times, state \\ %Scaling{}) do
    Enum.reduce(times, {wanted, state}, fn now, {wanted, state} ->
      Scaling.look(state, seen, @sizing, wanted, now)
    end)
  end

  test "grows when calls wait at two looks in a row though all are busy, to twice as many at most" do
    assert {1, s} = looks(seen(1, 1, 5), 1, [0])
    assert {2, s} = Scaling.look(s, seen(1, 1, 5), @sizing, 1, 100)
    # What starts is waited for.
    assert {2, s} = looks(seen(1, 1, 5, 1), 2, [200, 300], s)
    assert {4, s} = looks(seen(2, 2, 5), 2, [400], s)
    assert {8, s} = looks(seen(4, 4, 50), 4, [500, 600], s)
    assert {8, _} = looks(seen(8, 8, 50), 8, [700, 800, 900], s)
  end

  test "by no more than the calls that wait" do
    assert {5, _} = looks(seen(4, 4, 1), 4, [0, 100])
  end

  test "not for a moment, nor while a worker has nothing to do" do
    {1, s} = looks(seen(1, 1, 5), 1, [0])
    {1, s} = Scaling.look(s, seen(1, 1, 0), @sizing, 1, 100)
    assert {1, _} = Scaling.look(s, seen(1, 1, 5), @sizing, 1, 200)
    assert {2, _} = looks(seen(2, 1, 5), 2, [0, 100, 200])
  end

  test "shrinks after half a minute to what was busy at a time, half of the rest at a time" do
    {8, s} = looks(seen(8, 2, 0), 8, [0, 15_000, 29_999])
    assert {5, s} = Scaling.look(s, seen(8, 0, 0), @sizing, 8, 30_000)
    assert {5, s} = looks(seen(5, 0, 0), 5, [30_100, 59_000], s)
    assert {3, s} = Scaling.look(s, seen(5, 0, 0), @sizing, 5, 60_000)
    assert {2, s} = looks(seen(3, 0, 0), 3, [90_000], s)
    assert {1, s} = looks(seen(2, 0, 0), 2, [120_000], s)
    assert {1, _} = looks(seen(1, 0, 0), 1, [150_000, 180_000], s)
  end

  test "what comes twice a minute does not make it flap" do
    {wanted, _} =
      Enum.reduce(0..1_200, {8, %Scaling{}}, fn tick, {wanted, s} ->
        burst? = rem(tick, 250) < 3
        Scaling.look(s, seen(8, if(burst?, do: 8, else: 0), 0), @sizing, wanted, tick * 100)
      end)

    assert wanted == 8
  end

  test "a fixed pool is left alone" do
    assert {3, %Scaling{}} =
             Scaling.look(%Scaling{}, seen(3, 3, 9), %Sizing{min: 3, max: 3}, 3, 0)
  end

  describe "recycling" do
    test "by the first limit that is reached; memory that is not known reaches none" do
      facts = %{age: 5_000, calls: 10, memory: 1_000}
      assert Recycling.due(facts, @sizing) == nil
      refute Recycling.any?(@sizing)
      assert Recycling.due(facts, %{@sizing | age: 5_000}) == :age
      assert Recycling.due(facts, %{@sizing | age: 5_001, calls: 10}) == :calls
      assert Recycling.due(facts, %{@sizing | calls: 11}) == nil
      assert Recycling.due(facts, %{@sizing | calls: 10, memory: 1_000}) == :memory
      assert Recycling.due(%{facts | memory: nil}, %{@sizing | memory: 1}) == nil
      assert Recycling.any?(%{@sizing | memory: 1})
    end

    test "a quarter of the workers at a time, one at least" do
      assert Enum.map([1, 4, 7, 8, 16], &Recycling.at_a_time/1) == [1, 1, 1, 2, 4]
    end

    test "in words" do
      facts = %{age: 61_000, calls: 10, memory: 3 * 1_048_576}
      assert Recycling.words(:age, facts) =~ "after 61 s"
      assert Recycling.words(:calls, facts) =~ "after 10 calls"
      assert Recycling.words(:memory, facts) =~ "took 3 MiB"
    end
  end
end
