defmodule Envmgr.Calls.CacheTest do
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  import Bitwise, only: [<<<: 2]

  alias Envmgr.{Cache, Error}
  alias Envmgr.Calls.Cache.{Flight, Key, Ledger, Store, Weight}
  alias Envmgr.Calls.{Cached, Call, Options}
  alias Envmgr.Test.Project

  setup_all do
    cache = %{
      "counted" => %{"entries" => 2, "tags" => ["notes"]},
      "text" => %{"bytes" => 10_000},
      "unsteady" => %{"ttl" => 60_000}
    }

    said = %{"cache" => cache, "aliases" => %{"notice" => "kept.counted"}}
    small = %{"cache" => %{"counted" => %{"bytes" => 100}}}
    start(__MODULE__, %{"kept" => said, "small" => small, "probe" => %{}}, workers: 1)
    :ok
  end

  setup :notes

  defp execute(path, args, opts \\ []), do: Envmgr.execute(path, args, [name: __MODULE__] ++ opts)
  defp counts(path), do: Envmgr.stats(__MODULE__)["std"].cache[path]

  defp key(args, kwargs \\ []) do
    row = {"m.f", "m", "e", 1_000, 0, 0, 7, "", nil, nil, nil, false, nil, nil}
    row |> Call.new(%Options{}, args, kwargs, 0) |> Key.of()
  end

  describe "a key" do
    test "does not know the order of keywords and of keys" do
      many = for n <- 1..100, do: {"key #{n}", n}
      assert {:ok, key} = key([Map.new(many)], [{"a", 1}, {"b", 2}])
      assert {:ok, ^key} = key([Map.new(Enum.reverse(many))], [{"b", 2}, {"a", 1}])
      assert {:ok, {"m.f", 7, :map, digest}} = key([Map.new(many)])
      assert byte_size(digest) == 32
    end

    test "tells values apart that only look alike" do
      keys = for value <- [1, 1.0, 0.0, -0.0, "1", :"1", ["1"], {"1"}, true], do: key([value])
      assert keys == Enum.uniq(keys)
      assert key([%{a: 1}]) != key([%{"a" => 1}])
      assert key([[1], 2]) != key([1, [2]])
    end

    test "is none for what is read once, or lives somewhere" do
      ref = %Envmgr.Ref{id: 1, type: "t", owner: self()}

      for value <- [self(), make_ref(), &is_nil/1, ref, Stream.map([1], & &1), Envmgr.items([1])] do
        assert key([value]) == :none
        assert key([], [{"a", %{deep: [{value}]}}]) == :none
      end

      assert key([[1 | 2]]) == :none
      assert {:ok, _} = key([~D[2026-01-01], MapSet.new([1]), 1..3, %Envmgr.Bytes{data: "x"}])
    end
  end

  describe "a value" do
    test "weighs what it takes" do
      assert {:ok, [1, 2.0, "x"], bytes} = Weight.of([1, 2.0, "x"])
      assert bytes in 40..120
      assert {:ok, _, bytes} = Weight.of(%{a: {String.duplicate("x", 1_000), 1 <<< 200}})
      assert bytes in 1_050..1_300
    end

    test "that lives somewhere is not kept" do
      for value <- [self(), make_ref(), fn -> 1 end, %Envmgr.Ref{id: 1, type: "t", owner: nil}],
          do: assert(Weight.of(%{a: [{value}]}) == :none)
    end

    test "does not keep what it is a slice of" do
      whole = :binary.copy("0123456789", 10_000)
      slice = binary_part(whole, 5, 100)
      assert :binary.referenced_byte_size(slice) == 100_000
      array = %Envmgr.Array{data: slice, dtype: "u1", shape: {100}}
      assert {:ok, %{a: [{own}]} = kept, _} = Weight.of(%{a: [{array}]})
      assert kept == %{a: [{array}]}
      assert :binary.referenced_byte_size(own.data) == 100
    end
  end

  describe "the ledger" do
    defp item(more \\ %{}),
      do: Map.merge(%{library: "m", epoch: 1, tags: [], bytes: 10, expires: :infinity}, more)

    defp admitted(ledger, keys, limits, used \\ []) do
      Enum.reduce(keys, {ledger, []}, fn n, {ledger, gone} ->
        {:admitted, evicted, ledger} =
          Ledger.admit(ledger, {"m.f", 1, :map, n}, item(), limits, &(elem(&1, 3) in used))

        {ledger, gone ++ for({{_, _, _, n}, reason} <- evicted, do: {n, reason})}
      end)
    end

    test "lets the oldest go that was not used" do
      limits = %{entries: 3, bytes: 1_000}
      assert {ledger, []} = admitted(%Ledger{}, ~w(a b c), limits)
      assert {ledger, [{"b", :entries}]} = admitted(ledger, ~w(d), limits, ["a"])
      assert {ledger, [{"c", :entries}]} = admitted(ledger, ~w(e), limits)
      # What is kept anew is the newest.
      assert {ledger, []} = admitted(ledger, ~w(d), limits)
      assert {ledger, [{"a", :entries}]} = admitted(ledger, ~w(f), limits)
      assert Ledger.of(ledger, "m.f") == %{entries: 3, bytes: 30}
    end

    test "lets as many go as there is to be room for" do
      limits = %{entries: 9, bytes: 45}
      {ledger, []} = admitted(%Ledger{}, ~w(a b c d), limits)
      key = {"m.f", 1, :map, "large"}

      assert {:admitted, evicted, ledger} =
               Ledger.admit(ledger, key, item(%{bytes: 30}), limits, fn _ -> false end)

      assert evicted |> Enum.map(&elem(elem(&1, 0), 3)) |> Enum.sort() == ~w(a b c)
      assert Enum.all?(evicted, &(elem(&1, 1) == :bytes))

      assert {:refused, [], ledger} =
               Ledger.admit(ledger, key, item(%{bytes: 46}), limits, fn _ -> false end)

      assert Ledger.of(ledger, "m.f") == %{entries: 1, bytes: 10}
    end

    test "takes nothing of a generation that is replaced" do
      limits = %{entries: 9, bytes: 100}
      {ledger, []} = admitted(%Ledger{}, ~w(a), limits)
      new = {"m.f", 2, :map, "a"}

      assert {:admitted, [], ledger} =
               Ledger.admit(ledger, new, item(%{epoch: 2}), limits, fn _ -> false end)

      assert {:refused, [], _} =
               Ledger.admit(ledger, {"m.f", 1, :map, "b"}, item(), limits, fn _ -> false end)
    end
  end

  describe "a call" do
    test "is answered by what is kept, in whatever order its keywords are", %{notes: notes} do
      opts = [metadata: true]
      assert {:ok, 1, %{cached: false}} = execute("kept.counted", %{file: notes, pause: 0}, opts)
      assert {:ok, 1, metadata} = execute("kept.counted", [pause: 0, file: notes], opts)
      assert %{cached: true, library: "kept", environment: "std", warnings: []} = metadata
      assert {:ok, 1} = execute("notice", pause: 0, file: notes)
      assert {:ok, 2} = execute("kept.counted", [notes], cache: false)
      assert {:ok, 3} = execute("kept.counted", [notes, 0.0])
      assert %{hits: hits, misses: misses, hit_rate: rate, bytes: bytes} = counts("kept.counted")
      assert hits >= 2 and misses >= 2 and rate > 0 and bytes > 0
    end

    test "is kept on request, where nothing is said of its function", %{notes: notes} do
      assert {:ok, 1} = execute("probe.counted", [notes])
      assert {:ok, 2} = execute("probe.counted", [notes], cache: true)
      assert {:ok, 2} = execute("probe.counted", [notes], cache: [ttl: 60_000])
      assert {:ok, 3} = execute("probe.counted", [notes])
      call = Envmgr.async("probe.counted", [notes], name: __MODULE__, cache: true)
      assert {:ok, 2} = Envmgr.await(call)
    end

    test "that is measured, listened to or answered by a ref is made", %{notes: notes} do
      assert {:ok, 1} = execute("kept.counted", [notes])

      for opts <- [[as: :ref], [trace: true], [output: :metadata], [output: self()]] do
        before = times(notes)
        execute("kept.counted", [notes], opts)
        assert times(notes) == before + 1
      end

      assert {:ok, 1} = execute("kept.counted", [notes])
    end

    test "of a session is made each time", %{notes: notes} do
      {:ok, session} = Envmgr.Session.open(name: __MODULE__)
      assert {:ok, 1} = execute("kept.counted", [notes], session: session)
      assert {:ok, 2} = execute("kept.counted", [notes], session: session, cache: true)
      Envmgr.Session.close(session)
    end

    test "whose result holds a ref is made each time" do
      things = for _ <- 1..2, do: execute("probe.slow_thing", [0], cache: true)
      assert [{:ok, %Envmgr.Ref{id: one}}, {:ok, %Envmgr.Ref{id: other}}] = things
      assert one != other
      assert %{hits: 0, entries: 0} = counts("probe.slow_thing")
    end

    test "that fails is made again", %{notes: notes} do
      assert {:error, %Error{message: "failure 1"}} = execute("kept.unsteady", [notes, 1])
      assert {:ok, 2} = execute("kept.unsteady", [notes, 1])
      assert {:ok, 2} = execute("kept.unsteady", [notes, 1])
    end

    test "with other decoding is another", %{notes: notes} do
      assert {:ok, 1} = execute("kept.counted", [notes])
      assert {:ok, 2} = execute("kept.counted", [notes], dicts: :ordered)
    end

    test "is answered by nothing that is too old", %{notes: notes} do
      assert {:ok, 1} = execute("probe.counted", [notes], cache: [ttl: 1])
      Project.eventually(fn -> execute("probe.counted", [notes], cache: true) == {:ok, 2} end)
      assert {:ok, 2} = execute("probe.counted", [notes], cache: true)
    end
  end

  test "there is room for so many, and for so much", %{notes: notes} do
    before = (counts("kept.counted") || %{evicted: 0}).evicted
    for pause <- [0, 0.001, 0.002], do: execute("kept.counted", [notes, pause])
    assert %{entries: 2, evicted: evicted} = counts("kept.counted")
    assert evicted > before
    assert {:ok, 3} = execute("kept.counted", [notes, 0.002])

    assert {:ok, large} = execute("kept.text", [20_000])
    assert byte_size(large) == 20_000
    assert %{entries: 0} = counts("kept.text")
    for n <- 1..3, do: execute("kept.text", [4_000 + n])
    assert %{entries: 2, bytes: bytes, evicted: 1} = counts("kept.text")
    assert bytes in 8_000..10_000
  end

  # Whether a process waits for another one's result.
  defp follows?(%{pid: pid}) do
    match?(
      {:current_function, {Envmgr.Calls.Waiting, _, _}},
      Process.info(pid, :current_function)
    )
  end

  describe "many callers" do
    test "wait for one computation", %{notes: notes} do
      calls =
        for _ <- 1..20,
            do: Task.async(fn -> execute("probe.counted", [notes, 0.2], cache: true) end)

      assert calls |> Task.await_many(60_000) |> Enum.uniq() == [{:ok, 1}]
      assert times(notes) == 1
    end

    test "get a result that is too large to be kept, too", %{notes: notes} do
      text = String.duplicate("x", 1_000)
      {gate, open} = Project.gate()
      call = fn -> execute("small.counted", [notes, gate, text], metadata: true) end
      calls = for _ <- 1..5, do: Task.async(call)
      Project.eventually(fn -> Enum.count(calls, &follows?/1) == 4 and times(notes) == 1 end)
      open.()
      answers = Task.await_many(calls, 60_000)
      assert Enum.all?(answers, &match?({:ok, ^text, _}, &1))

      assert Enum.frequencies(for {:ok, _, %{cached: cached?}} <- answers, do: cached?) == %{
               true => 4,
               false => 1
             }

      assert times(notes) == 1
      assert {:ok, _, %{cached: false}} = call.()
      assert times(notes) == 2
    end

    test "are told when he is raised out of" do
      {:ok, row} = Envmgr.Calls.find(__MODULE__, "probe.echo")
      options = %Options{name: __MODULE__, cache: %{ttl: nil, tags: []}}
      call = Call.new(row, options, [:raised], [], System.monotonic_time(:nanosecond))
      me = self()

      leader =
        spawn(fn ->
          catch_throw(
            Cached.around(call, fn _call ->
              send(me, :leads)
              receive do: (:go -> throw(:thrown))
            end)
          )
        end)

      assert_receive :leads
      follower = Task.async(fn -> Cached.around(call, fn _call -> {:ok, :mine, %{}} end) end)
      %Store{waiting: waiting} = Store.of(__MODULE__)
      Project.eventually(fn -> :ets.info(waiting, :size) == 1 end)
      send(leader, :go)
      assert Task.await(follower, 60_000) == {:ok, :mine}
    end

    test "get its error when it would come again", %{notes: notes} do
      opts = [cache: true]

      {gate, open} = Project.gate()

      calls =
        for _ <- 1..5, do: Task.async(fn -> execute("probe.failing", [notes, gate], opts) end)

      Project.eventually(fn -> Enum.count(calls, &follows?/1) == 4 and times(notes) == 1 end)
      open.()
      assert [{:error, %Error{type: "ValueError"}} | _] = answers = Task.await_many(calls, 60_000)
      assert Enum.all?(answers, &match?({:error, %Error{type: "ValueError"}}, &1))
      assert times(notes) == 1
    end

    test "find another one to lead when he ends, or fails for what comes and goes", %{
      notes: notes
    } do
      opts = [name: __MODULE__, cache: true]
      {gate, open} = Project.gate()
      leader = spawn(fn -> Envmgr.execute("probe.counted", [notes, gate], opts) end)
      Project.eventually(fn -> times(notes) == 1 end)
      calls = for _ <- 1..4, do: Envmgr.async("probe.counted", [notes, gate], opts)
      Process.exit(leader, :kill)
      open.()
      assert [{:ok, 2}] = calls |> Envmgr.await_many() |> Enum.uniq()

      {gate, open} = Project.gate()
      hasty = Envmgr.async("probe.counted", [notes, gate], [timeout: 4_000] ++ opts)
      Project.eventually(fn -> times(notes) == 3 end)
      patient = Envmgr.async("probe.counted", [notes, gate], opts)
      assert {:error, %Error{code: :timeout}} = Envmgr.await(hasty)
      open.()
      assert {:ok, 4} = Envmgr.await(patient)
    end

    test "wait as long as their own deadline, or until they are taken back", %{notes: notes} do
      opts = [name: __MODULE__, cache: true]
      leader = Envmgr.async("probe.counted", [notes, 60], opts)
      Project.eventually(fn -> times(notes) == 1 end)

      assert {:error, %Error{code: :timeout, message: message}} =
               execute("probe.counted", [notes, 60], cache: true, timeout: 50)

      assert message =~ "it waited for the result of an equal call"
      follower = Envmgr.async("probe.counted", [notes, 60], opts)
      Envmgr.cancel(follower)
      assert {:error, %Error{code: :cancelled}} = Envmgr.await(follower)
      Envmgr.cancel(leader)
      assert {:error, %Error{code: :cancelled}} = Envmgr.await(leader)
      assert times(notes) == 1
    end

    test "who cannot share a result do not wait for each other in turn" do
      opts = [name: __MODULE__, cache: true]
      calls = for _ <- 1..3, do: Envmgr.async("probe.slow_thing", [0.1], opts)
      refs = for {:ok, %Envmgr.Ref{} = ref} <- Envmgr.await_many(calls), do: {ref.owner, ref.id}
      assert length(Enum.uniq(refs)) == 3
    end
  end

  test "a function that the computation calls does not wait for it" do
    opts = [name: __MODULE__, cache: true, timeout: 10_000]
    asked = :atomics.new(1, [])

    again = fn ->
      if :atomics.add_get(asked, 1, 1) == 1,
        do: 1 + Envmgr.execute!("probe.call_kept", [], opts),
        else: 7
    end

    execute("probe.keep_function", [again])
    assert {:ok, 8} = Envmgr.execute("probe.call_kept", [], opts)
    assert {:ok, 8} = Envmgr.execute("probe.call_kept", [], opts)
  end

  describe "results go" do
    test "by function, alias, library, tag, or all", %{notes: notes} do
      call = fn path -> execute(path, [notes], cache: true) end
      assert {:ok, 1} = call.("kept.counted")
      assert Cache.invalidate([function: "notice"], __MODULE__) >= 1
      assert {:ok, 2} = call.("kept.counted")
      assert Cache.invalidate([tag: "notes"], __MODULE__) >= 1
      assert {:ok, 3} = call.("kept.counted")
      assert Cache.invalidate([tag: "others"], __MODULE__) == 0
      assert Cache.invalidate([library: "kept"], __MODULE__) >= 1
      assert {:ok, 4} = call.("kept.counted")
      assert Cache.invalidate(:all, __MODULE__) >= 1
      assert {:ok, 5} = call.("kept.counted")

      assert_raise ArgumentError, ~r/names no results/, fn ->
        Cache.invalidate([a: 1], __MODULE__)
      end

      assert_raise Error, fn -> Cache.invalidate(:all, :nobody) end
    end

    test "also those that are just being computed", %{notes: notes} do
      opts = [name: __MODULE__, cache: true]
      {gate, open} = Project.gate()
      call = Envmgr.async("probe.counted", [notes, gate], opts)
      Project.eventually(fn -> times(notes) == 1 end)
      Cache.invalidate([tag: "nothing of it"], __MODULE__)
      open.()
      assert {:ok, 2} = execute("probe.counted", [notes, gate], cache: true)
      assert {:ok, 1} = Envmgr.await(call)
      assert {:ok, 2} = execute("probe.counted", [notes, gate], cache: true)
    end

    test "of a generation that is replaced", %{test: name, notes: notes} do
      project = start(name, %{"probe" => %{}}, workers: 1)
      call = fn path -> Envmgr.execute(path, [notes], name: name, cache: true) end
      assert {:ok, 1} = call.("probe.counted")
      assert {:ok, 1} = call.("probe.counted")
      activate(project, %{"probe" => %{"timeout" => 29_000}}, workers: 1, generation: 2)
      Project.eventually(fn -> call.("probe.counted") == {:ok, 2} end)
      assert %{entries: 1, invalidated: 1} = Envmgr.stats(name)["std"].cache["probe.counted"]

      # What nobody asks for again goes by and by.
      activate(project, %{"probe" => %{"timeout" => 28_000}}, workers: 1, generation: 3)
      Project.eventually(fn -> match?([%{generation: 3}], Envmgr.libraries(name)) end)
      %Store{keeper: keeper} = Store.of(name)
      send(keeper, :sweep)
      :sys.get_state(keeper)
      assert %{entries: 0, invalidated: 2} = Envmgr.stats(name)["std"].cache["probe.counted"]
    end

    test "by age", %{notes: notes} do
      execute("probe.counted", [notes], cache: true)
      before = counts("probe.counted").evicted
      execute("probe.counted", [notes, 0.0], cache: [ttl: 1])
      %Store{keeper: keeper} = Store.of(__MODULE__)
      Process.sleep(5)
      send(keeper, :sweep)
      :sys.get_state(keeper)
      assert counts("probe.counted").evicted > before
    end
  end

  test "without the process that keeps them, calls are made", %{test: name, notes: notes} do
    start(name, %{"probe" => %{}}, workers: 1)
    opts = [name: name, cache: true]
    assert {:ok, 1} = Envmgr.execute("probe.counted", [notes], opts)
    %Store{keeper: keeper} = store = Store.of(name)
    Process.exit(keeper, :kill)
    Project.eventually(fn -> Store.of(name) != store end)
    assert Flight.join(store, {:key, 0}) == :alone
    assert Flight.follow(store, {{:key, 0}, make_ref(), self()}, nil, 0) == :alone
    assert Store.find(store, :key) == :none
    refute Store.put(store, :key, 1, %{}, :infinity)
    assert {:ok, 2} = Envmgr.execute("probe.counted", [notes], opts)
    assert {:ok, 2} = Envmgr.execute("probe.counted", [notes], opts)
  end
end
