defmodule Envmgr.Libraries.SearchTest do
  use ExUnit.Case, async: true

  alias Envmgr.JSON
  alias Envmgr.Libraries.{CatalogFile, Filters, Likeness, Search}

  @wire Path.expand("../../../../tests/wire", __DIR__)

  test "the command line finds the same in the same order" do
    {:ok, file} = CatalogFile.open(Path.join(@wire, "search.catalog"))
    {:ok, cases} = @wire |> Path.join("search.json") |> File.read!() |> JSON.decode()
    assert length(cases) > 50

    for %{"query" => query, "filters" => filters, "found" => found} <- cases do
      filters =
        struct!(Filters, for({key, value} <- filters, do: {String.to_existing_atom(key), value}))

      answers = Search.run([{"lib", file}, {"another", file}], query, filters, 12)
      assert {query, Enum.map(answers, & &1.path)} == {query, found}
    end
  end

  test "the distance counts neighbours that changed places as one slip" do
    for {one, other, apart} <- [
          {"ab", "ba", 1},
          {"abc", "ca", 3},
          {"kitten", "sitting", 3},
          {"", "ab", 2},
          {"same", "same", 0},
          {"abcd", "acbd", 1},
          {"größe", "größe", 0},
          {"größe", "grösse", 2}
        ],
        {one, other} <- [{one, other}, {other, one}] do
      assert Likeness.distance(to_charlist(one), to_charlist(other), 5) == apart
      assert Likeness.distance(to_charlist(one), to_charlist(other), 1) == min(apart, 2)
    end
  end

  test "the quick look at letters loses no word" do
    :rand.seed(:exsss, {3, 2, 1})
    word = fn -> for(_ <- 1..(:rand.uniform(8) + 3), into: "", do: Enum.random(~w(a b c d))) end

    for _ <- 1..300 do
      vocabulary = Enum.uniq(for _ <- 1..20, do: word.())
      asked = word.()
      most = if String.length(asked) < 8, do: 1, else: 2

      slow =
        for {other, i} <- Enum.with_index(vocabulary),
            not String.contains?(other, asked),
            apart = Likeness.distance(to_charlist(asked), to_charlist(other), most),
            apart <= most and asked not in vocabulary,
            do: {i, other, 2 + apart}

      found =
        asked |> Likeness.alike(Likeness.prepare(vocabulary)) |> Enum.filter(&(elem(&1, 2) > 2))

      assert Enum.sort(found) == Enum.sort(slow)
    end
  end
end
