defmodule Envmgr.Pool.TardyTest do
  use ExUnit.Case, async: true

  alias Envmgr.Pool.{Outbox, Tardy}

  defp outbox(labels) do
    Enum.reduce(labels, %Outbox{}, fn label, outbox ->
      Outbox.push(outbox, {:call, make_ref(), :infinity, label, 1, "x"})
    end)
  end

  test "where nothing is slow all may be written" do
    assert Tardy.room(Tardy.new(1), outbox(["m.quick", "m.quick"]), 64) == 64
  end

  test "what may be slow is the last that is written, whatever its priority" do
    tardy = Tardy.learn(Tardy.new(1), {:normal, "m", "m.slow"})
    assert Tardy.room(tardy, outbox(["m.quick", "m.slow", "m.quick"]), 64) == 2
    assert Tardy.room(tardy, outbox(["m.quick", "m.slow", {:high, "m", "m.slow"}]), 64) == 1
    assert Tardy.room(tardy, outbox(["m.quick", {:low, "m", "m.slow"}, "m.quick"]), 64) == 3
    assert Tardy.room(tardy, outbox(["m.quick", "m.quick"]), 64) == 2
    assert Tardy.room(tardy, outbox(["m.quick", "m.quick", "m.slow"]), 2) == 2
    assert Tardy.room(tardy, outbox(["m.slow"]), 0) == 0
  end

  test "a function is slow no more after so many quick calls" do
    tardy = Tardy.learn(Tardy.new(1), "m.slow")
    assert Tardy.slow?(tardy, {:normal, "m", "m.slow"})
    refute Tardy.slow?(tardy, "m.quick")
    assert Tardy.quick(tardy, "m.quick") == tardy

    almost = Enum.reduce(1..31, tardy, fn _, tardy -> Tardy.quick(tardy, "m.slow") end)
    assert Tardy.slow?(almost, "m.slow")
    assert Tardy.learn(almost, "m.slow") == tardy
    assert Tardy.quick(almost, "m.slow") == Tardy.new(1)
  end

  test "one of which nothing is known may be slow until its first call tells" do
    tardy = Tardy.suspect(Tardy.new(1), "m.new")
    assert Tardy.slow?(tardy, "m.new")
    assert Tardy.quick(tardy, "m.new") == Tardy.new(1)
    learnt = Tardy.learn(tardy, "m.new")
    assert Tardy.suspect(learnt, "m.new") == learnt
    assert Tardy.unsuspected(Tardy.suspect(learnt, "m.other")) == learnt
  end

  test "where calls run beside each other there is nothing to know" do
    tardy = Tardy.new(4)
    assert tardy |> Tardy.suspect("m.new") |> Tardy.learn("m.slow") |> Tardy.unsuspected() == nil
    assert Tardy.room(tardy, outbox(["m.slow", "m.slow"]), 64) == 64
  end

  test "so many are known, and no more" do
    full = Enum.reduce(1..100, Tardy.new(1), &Tardy.learn(&2, "m.f#{&1}"))
    assert map_size(full) == 64
    assert Tardy.learn(full, "m.f1") == full
  end
end
