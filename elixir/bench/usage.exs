# MIX_ENV=test mix run --no-start bench/usage.exs: what counting a call costs, in nanoseconds (of 64 callers together), as lines of JSON. `add` is all that
# a call does for it, `clock` the one reading of the clock in that, `row` what a counter in a row adds to the lookup of it.
alias Envmgr.Libraries.Usage
alias Envmgr.Libraries.Usage.Tally

defmodule Bench.Loop do
  def run(0, _work), do: :ok

  def run(n, work) do
    work.()
    run(n - 1, work)
  end
end

calls = 1_000_000
table = :ets.new(:bench, [:public, read_concurrency: true])
tally = Tally.new()

row =
  {"math.sqrt", "math", "std", 30_000, 1, 1, 0, :binary.copy("x", 200), nil, nil, nil, false, nil}

:ets.insert(table, put_elem(row, 0, "without") |> Tuple.append(nil))
:ets.insert(table, put_elem(row, 0, "with") |> Tuple.append(tally))

works = [
  loop: fn -> :ok end,
  add: fn -> Usage.ended({:ok, 4.0}, tally, 0) end,
  clock: &Usage.now/0,
  without: fn -> :ets.lookup(table, "without") end,
  with: fn -> :ets.lookup(table, "with") end
]

measure = fn callers, work ->
  each = div(calls, callers)

  {us, _} =
    :timer.tc(fn ->
      1..callers
      |> Enum.map(fn _ -> Task.async(fn -> Bench.Loop.run(each, work) end) end)
      |> Task.await_many(:infinity)
    end)

  us * 1000 / calls
end

for {name, work} <- works, callers <- [1, 64] do
  measure.(callers, work)
  # The least of many: what else the machine does is not its cost.
  ns = for(_ <- 1..15, do: measure.(callers, work)) |> Enum.min()
  IO.puts(~s({"name": "usage.#{name}", "callers": #{callers}, "ns": #{Float.round(ns, 1)}}))
end
