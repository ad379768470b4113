defmodule Envmgr.Pool.FairTest do
  use ExUnit.Case, async: true

  alias Envmgr.Pool.{Fair, Flight, Outbox}

  defp fair(items),
    do: Enum.reduce(items, Fair.new(), fn {c, n}, f -> Fair.push(f, {c, n}, c) end)

  test "callers take turns, each in its order" do
    [a, b] = for _ <- 1..2, do: make_ref()
    fair = fair(for(n <- 1..4, do: {a, n}) ++ [{b, 1}, {b, 2}, {nil, 1}])
    assert Fair.size(fair) == 7

    assert Fair.to_list(fair) ==
             [{a, 1}, {b, 1}, {nil, 1}, {a, 2}, {b, 2}, {a, 3}, {a, 4}]
  end

  test "a thousand of one do not keep another's single one waiting" do
    [many, one] = for _ <- 1..2, do: make_ref()
    fair = fair(for(n <- 1..1_000, do: {many, n}) ++ [{one, 1}])
    assert fair |> Fair.to_list() |> Enum.find_index(&(elem(&1, 0) == one)) == 1
  end

  test "one is taken out, and a caller with it that has no other" do
    [a, b] = for _ <- 1..2, do: make_ref()
    fair = fair([{a, 1}, {a, 2}, {b, 1}, {nil, 1}])
    assert Fair.take(fair, &(&1 == {a, 9})) == nil
    assert {{a1, 2}, fair} = Fair.take(fair, &(&1 == {a, 2}))
    assert a1 == a
    assert {{^b, 1}, fair} = Fair.take(fair, &(&1 == {b, 1}))
    assert {{nil, 1}, fair} = Fair.take(fair, &(&1 == {nil, 1}))
    assert {{^a, 1}, fair} = Fair.pop(fair)
    assert fair == Fair.new()
    assert Fair.pop(fair) == :empty
  end

  test "any order in and out: nothing is lost, no caller is overtaken twice in a row" do
    :rand.seed(:exsss, {1, 2, 3})
    callers = [nil | for(_ <- 1..4, do: make_ref())]

    for _ <- 1..200 do
      items = for n <- 1..:rand.uniform(40), do: {Enum.random(callers), n}
      out = items |> fair() |> Fair.to_list()
      assert Enum.sort(out) == Enum.sort(items)

      for caller <- tl(callers) do
        theirs = for {^caller, n} <- out, do: n
        assert theirs == Enum.sort(theirs)
      end
    end
  end

  describe "outbox" do
    defp call(n, caller, pinned? \\ false),
      do: {:call, n, :infinity, {:normal, "l", "l.f", {:log, nil}, {caller, pinned?}}, 1, ""}

    defp outbox(calls), do: Enum.reduce(calls, %Outbox{}, &Outbox.push(&2, &1))
    defp replies(calls), do: Enum.map(calls, &elem(&1, 1))

    test "asynchronous calls of one process take one turn, plain ones each their own" do
      outbox = outbox(for(n <- 1..5, do: call(n, self())) ++ [{:call, 6, 0, "l.f", 1, ""}])
      assert replies(Outbox.calls(outbox)) == [1, 6, 2, 3, 4, 5]
      assert {_, _, flight} = Outbox.frame(outbox, Flight.new(), 64)
      assert Flight.replies(flight) == [1, 6, 2, 3, 4, 5]
    end

    test "what any worker may run can be moved, an object's calls stay" do
      outbox = outbox([call(1, nil, true), call(2, self()), call(3, nil), call(4, self(), true)])
      {moved, left} = Outbox.movable(outbox, :infinity)
      assert {replies(moved), replies(Outbox.calls(left))} == {[2, 3], [1, 4]}
      {moved, left} = Outbox.movable(outbox, 1)
      assert {replies(moved), Outbox.size(left)} == {[2], 3}
    end

    test "buffers of a call that is moved are forgotten" do
      lane = put_elem(call(1, nil), 5, {:lane, "", 7, 2})
      {[_], left} = Outbox.movable(outbox([lane]), :infinity)
      assert {data, _, _} = Outbox.frame(left, Flight.new(), 64)
      assert IO.iodata_to_binary(data) == <<0x94, 16, 0, 7, 2>>
    end
  end
end
