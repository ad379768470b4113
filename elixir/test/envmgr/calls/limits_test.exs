defmodule Envmgr.Calls.LimitsTest do
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  alias Envmgr.Calls.{Places, Rate}
  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup_all do
    limits = %{
      "counted" => %{"concurrency" => 1},
      "ticks" => %{"concurrency" => 1},
      "echo" => %{"rate" => [2, 60_000]},
      "pid" => %{"rate" => [1, 50]}
    }

    start(__MODULE__, %{"probe" => %{"limits" => limits}})
    :ok
  end

  describe "a bucket" do
    test "holds as many calls as its interval, and fills evenly" do
      {bucket, rate, ms} = {Rate.new(), {4, 1_000}, 1_000_000}
      for _ <- 1..4, do: assert(Rate.take(bucket, rate, 0, 0) == {:ok, 0})
      assert Rate.tokens(bucket, rate, 0) == 0
      assert Rate.take(bucket, rate, 0, 250) == {:late, 250}
      assert Rate.take(bucket, rate, 0, 251) == {:ok, 250}
      assert Rate.take(bucket, rate, 100 * ms, :infinity) == {:ok, 400}
      assert Rate.take(bucket, rate, 750 * ms, 0) == {:ok, 0}
      assert Rate.take(bucket, rate, 750 * ms, 0) == {:late, 250}
      assert Rate.tokens(bucket, rate, 60_000 * ms) == 4
    end

    test "gives each token once" do
      {bucket, rate} = {Rate.new(), {100, 60_000}}
      take = fn -> for _ <- 1..100, do: Rate.take(bucket, rate, 0, 0) end

      taken =
        1..4 |> Enum.map(fn _ -> Task.async(take) end) |> Enum.flat_map(&Task.await(&1, 60_000))

      assert Enum.count(taken, &(&1 == {:ok, 0})) == 100
    end
  end

  describe "places" do
    setup context do
      table = :ets.new(context.test, [:named_table, :public])
      %{table: table, process: start_supervised!({Places, table})}
    end

    defp holder(limit, fun \\ fn -> Process.sleep(:infinity) end) do
      me = self()

      pid =
        spawn(fn ->
          send(me, {self(), held(limit)})
          fun.()
        end)

      receive do
        {^pid, _place} -> pid
      end
    end

    defp held(limit) do
      case Places.take(limit) do
        {:ok, place} ->
          place

        {:wait, reply} ->
          receive do
            {^reply, :go} -> Places.given(limit, reply)
          end
      end
    end

    test "are given in the order in which callers came", %{table: table} do
      limit = Places.limit(table, "m.f", 1)
      assert {:ok, place} = Places.take(limit)
      {:wait, first} = Places.take(limit)
      {:wait, second} = Places.take(limit)
      assert Places.read(limit) == %{running: 1, waiting: 2}
      Places.give_back(place)
      assert_receive {^first, :go}
      refute_received {^second, :go}
      Places.give_back(Places.given(limit, first))
      assert_receive {^second, :go}
      Places.give_back(Places.given(limit, second))
      Project.eventually(fn -> Places.read(limit) == %{running: 0, waiting: 0} end)
    end

    test "of one who waits no longer go to the next", %{table: table} do
      limit = Places.limit(table, "m.f", 1)
      {:ok, place} = Places.take(limit)
      {:wait, first} = Places.take(limit)
      {:wait, second} = Places.take(limit)
      Places.leave(limit, first)
      Places.give_back(place)
      assert_receive {^second, :go}
      # Given at the moment at which it was given up.
      {:wait, third} = Places.take(limit)
      Places.give_back(Places.given(limit, second))
      Project.eventually(fn -> match?({_, [_ | _]}, Process.info(self(), :messages)) end)
      Places.leave(limit, third)
      Project.eventually(fn -> Places.read(limit) == %{running: 0, waiting: 0} end)
      refute_received _anything
    end

    test "that are handed on before anybody said that he waits are kept for him", context do
      limit = Places.limit(context.table, "m.f", 2)
      {:ok, one} = Places.take(limit)
      {:ok, other} = Places.take(limit)
      # Two who have counted themselves, and have not come yet.
      :atomics.add(limit.counter, 1, 2)
      Places.give_back(one)
      Places.give_back(other)

      replies =
        for _ <- 1..2 do
          reply = :erlang.monitor(:process, context.process, alias: :reply_demonitor)
          send(context.process, {:wait, limit, reply, self()})
          assert_receive {^reply, :go}
          reply
        end

      for reply <- replies, do: Places.give_back(Places.given(limit, reply))
      # Once is enough.
      Places.give_back(Places.given(limit, hd(replies)))
      Project.eventually(fn -> Places.read(limit) == %{running: 0, waiting: 0} end)
    end

    test "are none where the instance has ended" do
      assert Places.limit(:nobody, "m.f", 1) == nil
      table = :ets.new(:ended, [:named_table, :public])
      assert Places.limit(table, "m.f", 1) == nil
    end

    test "of a process that ends come back: one that did not wait, one that did, one that waits",
         context do
      limit = Places.limit(context.table, "m.f", 1)
      at_once = holder(limit)
      me = self()
      waited = spawn(fn -> send(me, {:place, held(limit)}) && Process.sleep(:infinity) end)
      Project.eventually(fn -> Places.read(limit).waiting == 1 end)
      waiting = spawn(fn -> held(limit) end)
      Project.eventually(fn -> Places.read(limit).waiting == 2 end)
      last = Task.async(fn -> held(limit) end)
      Project.eventually(fn -> Places.read(limit).waiting == 3 end)
      Process.exit(at_once, :kill)
      assert_receive {:place, _}
      Process.exit(waiting, :kill)
      Process.exit(waited, :kill)
      assert {:given, _, _} = Task.await(last, 60_000)
    end

    test "nobody is over the limit, nobody is left out", %{table: table} do
      limit = Places.limit(table, "m.f", 3)
      {now, most} = {:atomics.new(1, []), :atomics.new(1, [])}

      once = fn ->
        place = held(limit)
        running = :atomics.add_get(now, 1, 1)
        if running > :atomics.get(most, 1), do: :atomics.put(most, 1, running)
        :erlang.yield()
        :atomics.sub(now, 1, 1)
        Places.give_back(place)
      end

      # Some come and go without a place.
      hasty = fn ->
        with {:wait, reply} <- Places.take(limit),
             do: Places.leave(limit, reply),
             else: ({:ok, place} -> Places.give_back(place))
      end

      tasks =
        for n <- 1..16,
            do:
              Task.async(fn ->
                for _ <- 1..300, do: if(rem(n, 4) == 0, do: hasty.(), else: once.())
              end)

      Task.await_many(tasks, 60_000)
      assert :atomics.get(most, 1) <= 3
      Project.eventually(fn -> Places.read(limit) == %{running: 0, waiting: 0} end)
    end

    test "another number is another limit; so is that of a new process", context do
      %{table: table, process: process} = context
      one = Places.limit(table, "m.f", 1)
      assert Places.limit(table, "m.f", 1) == one
      assert Places.limit(table, "m.f", 2).counter != one.counter
      {:ok, place} = Places.take(one)
      Process.exit(process, :kill)
      Project.eventually(fn -> Places.limit(table, "m.f", 1).process not in [process] end)
      assert :ok = Places.give_back(place)
      assert {:wait, reply} = Places.take(one)
      assert_receive {:DOWN, ^reply, :process, ^process, _}
    end
  end

  describe "calls" do
    setup :notes

    defp opts(more \\ []), do: [name: __MODULE__] ++ more

    test "wait for their turn", %{notes: notes} do
      calls = for _ <- 1..3, do: Envmgr.async("probe.counted", [notes, 0.05], opts())
      assert Envmgr.await_many(calls) |> Enum.sort() == [{:ok, 1}, {:ok, 2}, {:ok, 3}]
    end

    test "end by their deadline, or when they are taken back; the limit is named", %{notes: notes} do
      first = Envmgr.async("probe.counted", [notes, 60], opts())
      Project.eventually(fn -> times(notes) == 1 end)

      assert {:error, %Error{code: :timeout} = error} =
               Envmgr.execute("probe.counted", [notes], opts(timeout: 50))

      assert error.message ==
               "no answer within 50 ms: 1 calls of probe.counted run at a time, and this one waited for its turn"

      assert error.hint =~ "concurrency"
      second = Envmgr.async("probe.counted", [notes], opts())
      third = Envmgr.async("probe.counted", [notes], opts())
      limits = fn -> Envmgr.stats(__MODULE__)["std"].limits["probe.counted"] end
      Project.eventually(fn -> match?(%{running: 1, waiting: n} when n >= 2, limits.()) end)
      Envmgr.cancel(second)
      assert {:error, %Error{code: :cancelled}} = Envmgr.await(second)
      Envmgr.cancel(first)
      assert {:ok, 2} = Envmgr.await(third)
    end

    test "of a caller that was killed give their place back", %{notes: notes} do
      caller = spawn(fn -> Envmgr.execute("probe.counted", [notes, 1], opts()) end)
      Project.eventually(fn -> times(notes) == 1 end)
      call = Envmgr.async("probe.counted", [notes], opts())
      Process.exit(caller, :kill)
      assert {:ok, 2} = Envmgr.await(call)
    end

    test "of a stream have their place until it is closed" do
      ticks = Envmgr.stream("probe.ticks", [1_000_000], opts())

      Enum.each(Enum.take(ticks, 1), fn 0 -> :ok end)

      assert [0, 1, {:error, :timeout}] =
               ticks
               |> Stream.map(fn
                 2 ->
                   {:error, error} = Envmgr.execute("probe.ticks", [1], opts(timeout: 50))
                   {:error, error.code}

                 n ->
                   n
               end)
               |> Enum.take(3)

      assert [0, 1] = Envmgr.stream("probe.ticks", [2], opts()) |> Enum.to_list()
      assert [0, 1] = Envmgr.stream("probe.ticks", [2], opts()) |> Enum.to_list()
    end

    test "too many in an interval are refused at once, or wait where their deadline lets them" do
      assert {:ok, 1} = Envmgr.execute("probe.echo", [1], opts())
      assert {:ok, 2} = Envmgr.execute("probe.echo", [2], opts())

      assert {:error, %Error{code: :rate_limited, class: :resource, retry: true} = error} =
               Envmgr.execute("probe.echo", [3], opts(timeout: 5_000))

      assert error.message == "probe.echo is called 2 times in 60000 ms and no more often"
      assert error.details.retry_after in 1_000..30_000

      assert %{rate: {2, 60_000}, tokens: 0} =
               Envmgr.stats(__MODULE__)["std"].limits["probe.echo"]

      {:ok, pid} = Envmgr.execute("probe.pid", [], opts())
      for _ <- 1..3, do: assert({:ok, _} = Envmgr.execute("probe.pid", [], opts()))
      assert is_integer(pid)
    end
  end
end
