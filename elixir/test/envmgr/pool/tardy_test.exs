defmodule Envmgr.Pool.TardyTest do
  use ExUnit.Case, async: true

  alias Envmgr.Pool.{Outbox, Tardy}

  defp outbox(labels) do
    Enum.reduce(labels, %Outbox{}, fn label, outbox ->
      Outbox.push(outbox, {:call, make_ref(), :infinity, label, 1, "x"})
    end)
  end

  test "where nothing is slow all may be written" do
    assert Tardy.room(Tardy.new(), outbox(["m.quick", "m.quick"]), 64) == 64
  end

  test "what may be slow is the last that is written, whatever its priority" do
    tardy = Tardy.learn(Tardy.new(), {:normal, "m", "m.slow"})
    assert Tardy.room(tardy, outbox(["m.quick", "m.slow", "m.quick"]), 64) == 2
    assert Tardy.room(tardy, outbox(["m.quick", "m.slow", {:high, "m", "m.slow"}]), 64) == 1
    assert Tardy.room(tardy, outbox(["m.quick", {:low, "m", "m.slow"}, "m.quick"]), 64) == 3
    assert Tardy.room(tardy, outbox(["m.quick", "m.quick"]), 64) == 2
    assert Tardy.room(tardy, outbox(["m.quick", "m.quick", "m.slow"]), 2) == 2
    assert Tardy.room(tardy, outbox(["m.slow"]), 0) == 0
  end

  test "a function is looked at anew after a while" do
    tardy = Tardy.learn(Tardy.new(), "m.slow")
    assert {false, ^tardy} = Tardy.wrote(tardy, "m.quick")

    left =
      Enum.reduce(1..32, tardy, fn _, tardy ->
        assert {true, tardy} = Tardy.wrote(tardy, "m.slow")
        tardy
      end)

    assert left == Tardy.new()
  end

  test "so many are known, and no more" do
    full = Enum.reduce(1..100, Tardy.new(), &Tardy.learn(&2, "m.f#{&1}"))
    assert map_size(full) == 64
    assert Tardy.learn(full, "m.f1") == full
  end
end
