defmodule Envmgr.Calls.Batch.AroundTest do
  # Many calls as one, of functions whose results are kept, which are limited or hedged.
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  alias Envmgr.Calls.Rate
  alias Envmgr.Error
  alias Envmgr.Test.{Heard, Project}

  setup_all do
    limits = %{"note_item" => %{"rate" => [5, 300]}, "*" => %{"concurrency" => 1}}
    recovery = %{"idempotent" => ["*"], "hedge" => %{"*" => 60}}

    start(__MODULE__, %{
      "counted" => %{"cache" => %{"*" => %{}}},
      "kept" => %{"cache" => %{"*" => %{"tags" => ["kept"]}}},
      "limited" => %{"limits" => limits},
      "scarce" => %{"limits" => %{"note_item" => %{"rate" => [5, 3_600_000]}}},
      "hedged" => %{"recovery" => recovery},
      "steady" => %{
        "cache" => %{"*" => %{}},
        "recovery" => %{"idempotent" => ["*"], "retries" => 1, "backoff" => 1}
      }
    })

    Project.eventually(fn -> length(workers()) == 2 end)
    :ok
  end

  setup :notes

  # What the test before this one took back is answered.
  setup do
    Project.eventually(fn ->
      length(workers()) == 2 and Enum.all?(workers(), &(&1.in_flight == 0))
    end)

    :ok
  end

  defp map(path, items, opts), do: Envmgr.map(path, items, [name: __MODULE__] ++ opts)
  defp workers, do: Envmgr.stats(__MODULE__)["std"].workers
  # How many messages the workers have answered.
  defp answered, do: workers() |> Enum.map(& &1.answered) |> Enum.sum()
  defp cache(path), do: Envmgr.stats(__MODULE__)["std"].cache[path]
  defp lines(file), do: file |> File.stream!() |> Enum.count()

  describe "a cache" do
    test "answers what it has; what it has not travels together, once, and is kept", %{
      notes: notes
    } do
      items = for n <- 1..30, do: [notes, 0, n]
      before = answered()
      Heard.listen(__MODULE__)
      assert map("counted.counted", items, batch: 30) == for(n <- 1..30, do: {:ok, n})
      assert answered() - before == 1
      assert times(notes) == 30

      # Ten are kept, ten are asked for twice.
      items = for n <- 21..40, do: [notes, 0, n]
      answers = map("counted.counted", items ++ Enum.drop(items, 10), batch: 30)
      assert answers == for(n <- Enum.to_list(21..40) ++ Enum.to_list(31..40), do: {:ok, n})
      assert answered() - before == 2
      assert times(notes) == 40
      assert %{misses: 40, hits: 20, entries: 40} = cache("counted.counted")
      [found] = for one <- Envmgr.calls(__MODULE__), one.path == "counted.counted", do: one
      assert {found.count, found.cached, found.errors} == {60, 20, 0}

      heard =
        for _ <- 1..60 do
          assert_receive {:heard, [:call, :stop], _, %{path: "counted.counted"} = facts}
          facts
        end

      assert Enum.count(heard, & &1.cached?) == 20
      assert Enum.all?(heard, &(&1.generation == 1))

      assert {:ok, 1, %{cached: true, generation: 1, library: "counted", warnings: []}} =
               Envmgr.execute("counted.counted", [notes, 0, 1], name: __MODULE__, metadata: true)

      assert map("counted.counted", Enum.take(items, 2), cache: false) == [{:ok, 21}, {:ok, 22}]
      assert times(notes) == 42
    end

    test "lets nobody else compute what a batch computes, nor a batch what somebody else does", %{
      notes: notes
    } do
      slow = fn n -> [notes, 0.3, n] end
      one = Task.async(fn -> Envmgr.execute("kept.counted", slow.(1), name: __MODULE__) end)
      Project.eventually(fn -> times(notes) == 1 end)

      many = Task.async(fn -> map("kept.counted", [slow.(1), slow.(2), slow.(3)], batch: 3) end)

      Project.eventually(fn -> times(notes) == 2 end)
      other = Task.async(fn -> Envmgr.execute("kept.counted", slow.(3), name: __MODULE__) end)
      assert Task.await(one) == {:ok, 1}
      assert Task.await(many) == [{:ok, 1}, {:ok, 2}, {:ok, 3}]
      assert Task.await(other) == {:ok, 3}
      assert times(notes) == 3
    end

    test "does not wait for those of a batch that are made again", %{notes: notes} do
      items = [[notes, ["ConnectionError", 60]], [notes <> "a", [0]]]
      many = Task.async(fn -> map("steady.each_slower", items, batch: 2) end)
      Project.eventually(fn -> times(notes) == 2 end)

      assert {:ok, {1, _pid}} =
               Envmgr.execute("steady.each_slower", [notes <> "a", [0]], name: __MODULE__)

      assert Task.shutdown(many, :brutal_kill) == nil
      assert times(notes <> "a") == 1
      File.rm(notes <> "a")
    end

    test "keeps no error; what a caller leaves is computed by who waits for it", %{notes: notes} do
      answers = map("kept.fail", [["one"], ["two"]], batch: 2)
      assert [{:error, %Error{message: "one"}}, {:error, %Error{message: "two"}}] = answers
      assert cache("kept.fail").entries == 0

      assert map("kept.counted", [[notes <> "k"], [notes <> "l"]],
               batch: 2,
               cache: [tags: ["two"]]
             ) ==
               [{:ok, 1}, {:ok, 1}]

      assert Envmgr.Cache.invalidate([tag: "two"], __MODULE__) == 2
      for end_ <- ~w(k l), do: File.rm(notes <> end_)

      items = [[notes, 60, 1], [notes <> "b", 0, 2]]
      {pid, monitor} = spawn_monitor(fn -> map("kept.counted", items, batch: 2) end)
      Project.eventually(fn -> times(notes) == 1 end)

      other =
        Task.async(fn ->
          Envmgr.execute("kept.counted", [notes <> "b", 0, 2], name: __MODULE__)
        end)

      assert Task.yield(other, 50) == nil
      Process.exit(pid, :kill)
      assert_receive {:DOWN, ^monitor, _, _, :killed}
      assert Task.await(other) == {:ok, 2}
      File.rm(notes <> "b")
    end
  end

  describe "limits" do
    test "count items: no more begin than the rate allows", %{notes: notes} do
      items = for n <- 1..8, do: [notes, n]
      before = answered()
      started = System.monotonic_time(:millisecond)
      assert map("limited.note_item", items, batch: 8) == for(n <- 1..8, do: {:ok, n})
      # Three tokens more than there were, of 60 ms each.
      assert System.monotonic_time(:millisecond) - started >= 180
      assert (answered() - before) in 2..4

      {begun, refused} = Enum.split(map("scarce.note_item", items, batch: 8, timeout: 20_000), 5)
      assert begun == for(n <- 1..5, do: {:ok, n})

      for {:error, error} <- refused do
        assert error.code == :rate_limited
        assert error.details.retry_after in 1..3_600_000
      end

      assert length(refused) == 3
      assert lines(notes) == 8 + 5
    end

    test "so many tokens as are there, one at least" do
      {bucket, rate, ms} = {Rate.new(), {4, 1_000}, 1_000_000}
      assert Rate.take(bucket, rate, 3, 0, 0) == {:ok, 3, 0}
      assert Rate.take(bucket, rate, 3, 0, 0) == {:ok, 1, 0}
      assert Rate.take(bucket, rate, 3, 0, 250) == {:late, 250}
      assert Rate.take(bucket, rate, 3, 0, 251) == {:ok, 1, 250}
      assert Rate.take(bucket, rate, 9, 60_000 * ms, 0) == {:ok, 4, 0}
    end

    test "one place is one call at a time, coroutines too", %{notes: notes} do
      before = answered()

      assert map("limited.counted", List.duplicate([notes], 9), batch: 9) ==
               for(n <- 1..9, do: {:ok, n})

      assert answered() - before == 1
      started = System.monotonic_time(:millisecond)
      items = for n <- 1..4, do: [0.05, n]
      assert map("limited.asleep", items, batch: 4) == for(n <- 1..4, do: {:ok, n})
      assert System.monotonic_time(:millisecond) - started >= 200

      # Two batches that met would know.
      waits = map("limited.counted", List.duplicate([notes, 60], 2), batch: 1, timeout: 300)
      assert [:timeout, :timeout] = for({:error, error} <- waits, do: error.code)
      assert times(notes) == 10
    end
  end

  describe "a hedge" do
    test "asks a second worker for a batch that takes long", %{notes: notes} do
      items = [[notes, 60], [notes <> "c", 0], [notes <> "d", 0]]
      Heard.listen(__MODULE__)

      assert [{:ok, {2, _}}, {:ok, {1, _}}, {:ok, {1, _}}] =
               map("hedged.once_slow", items, batch: 3)

      assert_receive {:heard, [:hedge, :stop], _, %{won: true, path: "hedged.once_slow"}}
      Project.eventually(fn -> Enum.all?(workers(), &(&1.in_flight == 0)) end)
      for end_ <- ~w(c d), do: File.rm(notes <> end_)
    end

    test "answers by the one of which more is good; refs are the caller's", %{notes: notes} do
      # The first worker fails for one item, the second for none.
      items = [[notes, ["ConnectionError", 0]], [notes <> "e", [0.3, 0]]]
      assert [{:ok, {2, _}}, {:ok, {2, _}}] = map("hedged.each_slower", items, batch: 2)
      things = map("hedged.Thing", [[1], [2]], batch: 2, as: :ref)
      assert [{:ok, 1}, {:ok, 2}] = for({:ok, thing} <- things, do: Envmgr.attr(thing, "value"))
      File.rm(notes <> "e")
    end

    test "which may not be is each one's error" do
      answers = map("kept.echo", [[1], [2]], batch: 2, hedge: 10)
      assert [:arguments, :arguments] = for({:error, error} <- answers, do: error.code)
    end
  end
end
