defmodule Envmgr.Pool.ConversionsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Test.Project

  setup do
    {name, _project} = Project.start(workers: 2)
    %{name: name, stats: fn -> Envmgr.stats(name)["std"].conversions end}
  end

  test "count, bytes and time of each type, of all workers together", %{name: name, stats: stats} do
    for n <- 1..10 do
      value = {n, MapSet.new([n])}
      assert Envmgr.execute("probe.echo", [value], name: name) == {:ok, value}
    end

    {:ok, array} = Envmgr.execute("probe.floats", [100_000], name: name)
    {:ok, _} = Envmgr.execute("probe.total", [array], name: name)

    assert %{sent: sent, received: received} = stats.()
    assert %{count: 10, bytes: bytes, seconds: seconds} = sent["builtins.tuple"]
    assert bytes > 10 and seconds > 0
    assert received["builtins.tuple"].count == 10
    assert sent["builtins.set"].count == 10
    assert %{count: 1, bytes: bytes} = sent["numpy.ndarray"]
    assert bytes in 800_000..800_100

    assert %{count: 1, bytes: ^bytes} =
             Map.update!(received["numpy.ndarray"], :bytes, fn _ -> bytes end)

    assert received["numpy.ndarray"].bytes in 800_000..800_100
    assert sent["payload"].count == 12
    assert received["payload"].count == 12
  end

  test "a busy worker says what it said last, and nobody waits for it", %{
    name: name,
    stats: stats
  } do
    {:ok, {1}} = Envmgr.execute("probe.echo", [{1}], name: name)
    assert stats.().sent["builtins.tuple"].count == 1
    {gate, open} = Project.gate()

    naps =
      for _ <- 1..2, do: Task.async(fn -> Envmgr.execute("probe.nap", [gate], name: name) end)

    Project.eventually(fn ->
      Envmgr.stats(name)["std"].workers |> Enum.map(& &1.in_flight) |> Enum.sum() == 2
    end)

    assert stats.().sent["builtins.tuple"].count == 1
    assert for(nap <- naps, do: Task.yield(nap, 0)) == [nil, nil]
    open.()
    Task.await_many(naps, 60_000)
  end
end
