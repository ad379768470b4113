defmodule Envmgr.Libraries.CatalogFileTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.{CatalogFile, Filters, Nearby, Search}
  alias Envmgr.Test.Catalog
  alias Envmgr.Values.Encoder

  @golden Path.expand("../../../../tests/wire/golden.catalog", __DIR__)

  defp parse!(data) do
    {:ok, file} = CatalogFile.parse(data)
    file
  end

  defp all(file), do: Enum.map(0..(file.paths - 1)//1, &CatalogFile.path(file, &1))

  test "the golden file" do
    {:ok, file} = CatalogFile.open(@golden)
    paths = all(file)
    assert length(paths) == file.paths and paths == Enum.sort(paths)

    for path <- paths do
      assert {:ok, number} = CatalogFile.find(file, path)
      object = CatalogFile.object(file, number)
      assert {:ok, [canonical, kind, _, _, _, _, _]} = CatalogFile.row(file, object)

      assert {:ok, %{"path" => ^canonical, "kind" => ^kind} = detail} =
               CatalogFile.detail(file, object)

      assert path in [canonical | detail["aliases"]]
      assert CatalogFile.canonical(file, object) == canonical
    end

    words = CatalogFile.vocabulary(file)
    assert length(words) == file.words and words == Enum.sort(words)
    for word <- 0..(file.words - 1), do: assert([_ | _] = CatalogFile.postings(file, word))
  end

  test "any tree of names is found, and nothing that is not in it" do
    for seed <- 1..40 do
      paths = tree(seed)
      {canonical, more} = Enum.split(paths, div(length(paths), 2) + 1)
      # The second half are aliases of the first objects.
      aliases = canonical |> Enum.zip(more) |> Map.new()

      objects =
        for path <- canonical,
            do: %{paths: [path | List.wrap(aliases[path])], summary: "of " <> path}

      file = objects |> Catalog.build() |> parse!()
      kept = Enum.flat_map(objects, & &1.paths)
      assert all(file) == Enum.sort(kept)

      for %{paths: [own | _] = names} <- objects, name <- names do
        {:ok, number} = CatalogFile.find(file, name)
        assert {:ok, [^own | _]} = CatalogFile.row(file, CatalogFile.object(file, number))
      end

      for {path, i} <- Enum.with_index(Enum.sort(kept)) do
        assert {:ok, ^i} = CatalogFile.find(file, path)
        assert {:none, _} = CatalogFile.find(file, path <> "\0")
        under = for p <- Enum.sort(kept), String.starts_with?(p, path <> "."), do: p

        assert Enum.map(CatalogFile.range(file, path <> "."), &CatalogFile.path(file, &1)) ==
                 under
      end

      assert {:none, 0} = CatalogFile.find(file, "")
      beyond = file.paths
      assert {:none, ^beyond} = CatalogFile.find(file, <<255>>)
      text = paths |> hd() |> String.slice(0, 2)
      holding = for p <- Enum.sort(kept), String.contains?(p, text), do: p
      assert Enum.map(CatalogFile.containing(file, text), &CatalogFile.path(file, &1)) == holding
    end
  end

  test "an empty catalog is one" do
    file = [] |> Catalog.build() |> parse!()
    assert all(file) == [] and CatalogFile.vocabulary(file) == []
    assert {:none, 0} = CatalogFile.find(file, "x")
    assert Enum.to_list(CatalogFile.range(file, "x")) == []
    assert Nearby.paths(file, "x.y") == []
    assert Search.run([{"m", file}], "x", %Filters{}, 5) == []
  end

  test "a file that is cut off anywhere is told" do
    data = Catalog.build([%{paths: ["mean", "stats.mean"]}, %{paths: ["sum"], summary: "adds"}])

    for size <- 0..(byte_size(data) - 1) do
      assert {:error, reason} = data |> binary_part(0, size) |> CatalogFile.parse()
      assert reason =~ "envmgr sync"
    end
  end

  test "whatever bytes are changed, nothing crashes" do
    paths = ~w(mean linalg.norm linalg Frame Frame.head)

    data =
      Catalog.build(
        for {path, i} <- Enum.with_index(paths),
            do: %{
              paths: [path, "other.p#{i}"],
              parameters: [["x", 1, nil, nil, "int", ["int"]], ["kw", 4, nil]],
              overloads: [[[["x", 0, "1"]], "int"]],
              summary: "does #{path}"
            }
      )

    :rand.seed(:exsss, {1, 2, 3})

    for _ <- 1..3_000 do
      at = :rand.uniform(byte_size(data)) - 1
      <<before::binary-size(at), _, later::binary>> = data

      with {:ok, file} <-
             CatalogFile.parse(<<before::binary, :rand.uniform(256) - 1, later::binary>>),
           do: read(file)
    end
  end

  defp read(file) do
    for number <- 0..(file.paths - 1)//1 do
      CatalogFile.path(file, number)
      object = CatalogFile.object(file, number)

      for {kind, answer} <- [CatalogFile.row(file, object), CatalogFile.detail(file, object)],
          kind == :error do
        assert answer =~ "damaged"
      end
    end

    for word <- 0..(file.words - 1)//1, do: CatalogFile.postings(file, word)

    for path <- ["maen", "linalg.nrom", "Frame.haed", "x.y.z", "other.p9"],
        do: Nearby.paths(file, path)

    try do
      Search.run([{"m", file}], "maen norm frame", %Filters{}, 5)
    rescue
      error in Envmgr.Error -> assert error.code == :catalog
    end
  end

  test "what is no catalog of this schema says what to do" do
    {:ok, old} = Encoder.encode(%{"schema" => 1, "entries" => []})

    assert {:error, "it was written by an earlier envmgr; run `mix envmgr sync`" <> _} =
             CatalogFile.parse(IO.iodata_to_binary(old))

    assert {:error, "schema 9 is not known" <> _} =
             CatalogFile.parse(Catalog.build([], %{"schema" => 9}))

    assert {:error, "it is no catalog" <> _} = CatalogFile.parse("rubbish")
    assert {:error, "it is damaged" <> _} = CatalogFile.parse(Catalog.build([], %{"paths" => 1}))

    assert {:error, "it is damaged" <> _} =
             CatalogFile.parse(Catalog.build([], %{"sections" => %{}}))

    assert {:error, reason} = CatalogFile.open("/nowhere/m.catalog")
    assert reason =~ "/nowhere/m.catalog" and reason =~ "no such file" and reason =~ "envmgr sync"
  end

  defp tree(seed) do
    :rand.seed(:exsss, {seed, seed, seed})
    segments = ~w(a b ab abc Z z9 _ é x1 long_name)

    1..(:rand.uniform(40) + 2)
    |> Enum.map(fn _ ->
      Enum.map_join(1..:rand.uniform(3), ".", fn _ -> Enum.random(segments) end)
    end)
    |> Enum.uniq()
  end
end
