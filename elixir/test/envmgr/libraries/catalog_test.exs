defmodule Envmgr.Libraries.CatalogTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.{Catalog, Row, Shape, Usage}
  alias Envmgr.Test

  @objects [
    %{paths: ["mean", "stats.mean"], parameters: [["a", 1, nil], ["axis", 1, "None"]]},
    %{paths: ["stats"], kind: "module", parameters: nil},
    %{paths: ["Frame"], kind: "class"},
    %{paths: ["Frame.head"], kind: "method", parameters: [["self", 1, nil], ["n", 1, "5"]]}
  ]

  setup do
    %{table: Test.Catalog.table(), data: Test.Catalog.build(@objects)}
  end

  defp rows(table), do: for(row <- :ets.tab2list(table), is_binary(elem(row, 0)), do: row)

  test "a row is read when its path is first called, then found at once", %{
    table: table,
    data: data
  } do
    {manifest, epoch} = Test.Catalog.publish(table, "lib", data)
    assert Catalog.lookup(table, "lib.mean") == nil
    assert {:ok, row} = Catalog.fetch(table, "lib.mean")
    assert Catalog.lookup(table, "lib.mean") == row

    assert [manifest.environment, 1_000, 1, 2, epoch] ==
             row |> Tuple.to_list() |> Enum.slice(2, 5)

    assert [nil, nil, nil] == row |> Tuple.to_list() |> Enum.slice(8, 3)
    assert ["mean", "function", [["a" | _], _] | _] = Row.raw(row)

    assert {:ok, same} = Catalog.fetch(table, "lib.stats.mean")
    assert elem(same, 0) == "lib.stats.mean" and Row.raw(same) == Row.raw(row)

    for path <- ["lib.nothing", "lib", "lib.", "nolib.mean", "", ".", "lib.stats", "lib.mean.x"] do
      assert Catalog.fetch(table, path) == :error
    end

    assert length(rows(table)) == 2
  end

  test "rows go with the catalog that they were read from", %{table: table, data: data} do
    {old, old_epoch} = Test.Catalog.publish(table, "lib", data)
    {:ok, _} = Catalog.fetch(table, "lib.mean")

    {manifest, epoch} =
      Test.Catalog.publish(table, "lib", Test.Catalog.build([%{paths: ["mean"]}]))

    assert rows(table) == []
    assert {:ok, row} = Catalog.fetch(table, "lib.mean")
    assert {elem(row, 5), elem(row, 6)} == {0, epoch}
    assert Catalog.fetch(table, "lib.Frame") == :error
    Catalog.remove(table, old.environment, old_epoch)
    assert [_] = rows(table)
    Catalog.remove(table, manifest.environment, epoch)
    # What was counted stays: it is the path's, whatever generation answers.
    assert Row.tally(row) == Usage.tally(table, "lib.mean", "lib")
    assert rest(table) == []
  end

  test "what is known of a call's shape goes too", %{table: table, data: data} do
    {_manifest, _epoch} = Test.Catalog.publish(table, "lib", data)
    {:ok, old} = Catalog.fetch(table, "lib.mean")
    assert Shape.fit(table, old, [1], [{"axis", 0}]) == {:ok, nil}
    assert shapes(table) == [{:shape, "lib.mean", 1, ["axis"]}]
    assert Shape.fit(table, old, [1, 2, 3], []) == :none
    assert length(shapes(table)) == 1

    parameters = [["a", 1, nil], ["axis", 1, nil, nil, "int", ["int"]]]
    changed = Test.Catalog.build([%{paths: ["mean"], parameters: parameters}])
    {manifest, epoch} = Test.Catalog.publish(table, "lib", changed)
    assert shapes(table) == []
    {:ok, new} = Catalog.fetch(table, "lib.mean")

    # A caller that still has the old row leaves what it knows behind; nobody with the new one takes it.
    assert Shape.fit(table, old, [1], [{"axis", "x"}]) == {:ok, nil}
    assert Shape.fit(table, new, [1], [{"axis", "x"}]) == :none
    assert Shape.fit(table, new, [1], [{"axis", 0}]) == {:ok, nil}
    Catalog.remove(table, manifest.environment, epoch)
    assert rest(table) == []
  end

  defp rest(table) do
    for row <- :ets.tab2list(table), elem(row, 0) not in [:called, {:calls, "lib.mean"}], do: row
  end

  defp shapes(table), do: for({{:shape, _, _, _} = key, _, _, _} <- :ets.tab2list(table), do: key)

  test "a library that moves to another environment answers from there", %{
    table: table,
    data: data
  } do
    {old, old_epoch} = Test.Catalog.publish(table, "lib", data, %{environment: "one"})
    {:ok, _} = Catalog.fetch(table, "lib.mean")
    {_, epoch} = Test.Catalog.publish(table, "lib", data, %{environment: "two"})
    assert {:ok, row} = Catalog.fetch(table, "lib.mean")
    assert {elem(row, 2), elem(row, 6)} == {"two", epoch}
    Catalog.remove(table, old.environment, old_epoch)
    assert Catalog.lookup(table, "lib.mean") == row
  end

  test "no row of an old epoch stays, however callers and the pool meet", %{
    table: table,
    data: data
  } do
    stop = :atomics.new(1, [])
    paths = ["lib.mean", "lib.stats.mean", "lib.Frame", "lib.Frame.head", "np.mean"]

    callers =
      for _ <- 1..4 do
        Task.async(fn ->
          Stream.repeatedly(fn -> Catalog.fetch(table, Enum.random(paths)) end)
          |> Enum.take_while(fn _ -> :atomics.get(stop, 1) == 0 end)
          |> length()
        end)
      end

    for _ <- 1..300, reduce: nil do
      _before ->
        {manifest, epoch} = Test.Catalog.publish(table, "lib", data, %{aliases: %{"np" => "lib"}})
        if :rand.uniform(3) == 1, do: Catalog.remove(table, manifest.environment, epoch)
    end

    {_, epoch} = Test.Catalog.publish(table, "lib", data)
    :atomics.put(stop, 1, 1)
    assert callers |> Task.await_many(60_000) |> Enum.sum() > 0
    assert Enum.uniq(for row <- rows(table), do: elem(row, 6)) in [[], [epoch]]
    refute Enum.any?(rows(table), &String.starts_with?(elem(&1, 0), "np"))
  end

  test "damage is told when it is met", %{table: table} do
    data = Test.Catalog.build([%{paths: ["x"], kind: "function", summary: "SUMMARY"}])
    Test.Catalog.publish(table, "lib", :binary.replace(data, "SUMMARY", <<255, "UMMARY">>))
    assert {:error, reason} = Catalog.fetch(table, "lib.x")
    assert reason == "the catalog of m is damaged; run `mix envmgr sync`, which writes it again"
  end

  describe "aliases" do
    setup %{table: table, data: data} do
      aliases = %{
        "np" => "lib",
        "avg" => "lib.mean",
        "np.avg" => "lib.mean",
        "DF" => "lib.Frame",
        "other" => "lib",
        "lib.mean" => "lib.Frame",
        "lib.middle" => "lib.mean",
        "gone" => "lib.nothing"
      }

      Test.Catalog.publish(table, "other", Test.Catalog.build([%{paths: ["x"]}]))
      Test.Catalog.publish(table, "lib", data, %{aliases: aliases})
      :ok
    end

    test "stand for a library, a path, or what is in it", %{table: table} do
      for {path, target} <- [
            {"np.mean", "lib.mean"},
            {"np.stats.mean", "lib.stats.mean"},
            {"avg", "lib.mean"},
            {"np.avg", "lib.mean"},
            {"DF", "lib.Frame"},
            {"DF.head", "lib.Frame.head"},
            {"lib.middle", "lib.mean"}
          ] do
        assert {:ok, row} = Catalog.fetch(table, path)
        assert elem(row, 0) == path and elem(row, 1) == "lib" and elem(row, 10) == target
        assert Catalog.home(table, path) == "lib"
      end
    end

    test "hide no library, and nothing that a catalog has", %{table: table} do
      assert {:ok, row} = Catalog.fetch(table, "lib.mean")
      assert elem(row, 10) == nil and elem(row, 5) == 2
      assert {:ok, row} = Catalog.fetch(table, "other.x")
      assert elem(row, 1) == "other"
      assert Catalog.fetch(table, "other.mean") == :error
      assert Catalog.fetch(table, "gone") == :error
      assert Catalog.fetch(table, "np") == :error
      assert Catalog.fetch(table, "npx.mean") == :error
    end

    test "go with their manifest, and when a library takes their name", %{
      table: table,
      data: data
    } do
      {:ok, _} = Catalog.fetch(table, "np.mean")
      Test.Catalog.publish(table, "np", Test.Catalog.build([%{paths: ["y"]}]))
      assert Catalog.lookup(table, "np.mean") == nil
      assert Catalog.fetch(table, "np.mean") == :error
      assert {:ok, _} = Catalog.fetch(table, "np.y")
      Test.Catalog.publish(table, "lib", data)
      assert Catalog.aliases(table) == []
      assert Catalog.fetch(table, "avg") == :error
    end
  end
end
