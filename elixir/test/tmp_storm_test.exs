defmodule TmpStormTest do
  use ExUnit.Case
  alias Envmgr.Test.Project
  @tag timeout: 900_000
  test "x" do
    pools = Project.pools(2, %{"profile" => "thread", "threads" => 4})
    {name, _} = Project.start(pools: pools)
    Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) >= 2 end)
    me = self()

    bg =
      for n <- 1..6 do
        spawn_link(fn ->
          Stream.repeatedly(fn ->
            {path, args} =
              case :rand.uniform(20) do
                1 -> {"probe.nap", [0.03 * :rand.uniform(5)]}
                _ -> {"probe.echo", [n]}
              end

            r = Envmgr.execute(path, args, name: name, timeout: 10_000)
            if not match?({:ok, _}, r), do: send(me, {:bg, path, r})
          end)
          |> Stream.run()
        end)
      end

    for round <- 1..60 do
      t = System.monotonic_time(:millisecond)

      tasks =
        for n <- 1..200,
            do:
              Task.async(fn ->
                add = fn x ->
                  Process.sleep(:rand.uniform(3))
                  x + 7
                end

                Envmgr.execute("probe.apply", [add, [n]], name: name, timeout: 10_000)
              end)

      res = Task.await_many(tasks, 60_000)
      bad = Enum.reject(res, &match?({:ok, _}, &1))
      took = System.monotonic_time(:millisecond) - t

      if bad != [] do
        IO.puts("BAD round #{round} #{length(bad)} #{took} ms")

        IO.inspect(
          Envmgr.stats(name)["std"].workers
          |> Enum.map(&Map.take(&1, [:in_flight, :answered]))
        )
      end

      if rem(round, 20) == 0, do: IO.puts("round #{round} #{took} ms")
    end

    for p <- bg,
        do:
          (
            Process.unlink(p)
            Process.exit(p, :kill)
          )

    Process.sleep(100)
    IO.inspect(Process.info(self(), :message_queue_len))
  end
end
