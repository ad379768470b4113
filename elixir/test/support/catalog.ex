defmodule Envmgr.Test.Catalog do
  # Catalog files (docs/protocol.md, section 1) for tests that need odd ones.
  @moduledoc false

  alias Envmgr.Values.Encoder

  @doc """
  The bytes of a catalog. Objects are maps of `paths` (the canonical one first) and whatever is not as usual of `kind`, `parameters`,
  `returns`, `summary`, `flags`, `overloads`, `detail` (a map of what it is to have) and `words`. Option `head`: what is not as usual.
  """
  def build(objects, head \\ %{}) do
    objects = Enum.map(objects, &Map.merge(defaults(), &1))
    paths = for {object, i} <- Enum.with_index(objects), path <- object.paths, do: {path, i}
    paths = Enum.sort(paths)
    words = words(objects)

    details = for object <- objects, do: object |> detail() |> encode() |> :zlib.compress()

    postings = for {_word, numbers} <- words, do: for(n <- numbers, into: <<>>, do: u32(n))

    sections = [
      {"names", Enum.map_join(paths, &elem(&1, 0))},
      {"paths", path_table(paths)},
      {"offsets", offsets(Enum.map(objects, &row/1))},
      {"rows", Enum.map_join(objects, &row/1)},
      {"detail-offsets", offsets(details)},
      {"details", Enum.join(details)},
      {"vocabulary", Enum.map_join(words, fn {word, _numbers} -> word <> "\n" end)},
      {"posting-offsets", offsets(postings)},
      {"postings", Enum.join(postings)}
    ]

    {places, _end} =
      Enum.map_reduce(sections, 0, fn {name, data}, at ->
        {{name, [at, byte_size(data)]}, at + byte_size(data)}
      end)

    head =
      encode(
        Map.merge(
          %{
            "schema" => 2,
            "module" => "m",
            "version" => "1.0",
            "distribution" => "m",
            "python" => "3.12.1",
            "errors" => [],
            "paths" => length(paths),
            "objects" => length(objects),
            "words" => length(words),
            "sections" => Map.new(places)
          },
          head
        )
      )

    Enum.join(["envcat02", u32(byte_size(head)), head | Enum.map(sections, &elem(&1, 1))])
  end

  @doc "A catalog in the table of an instance, as its pool publishes it: `{manifest, epoch}`."
  def publish(table, library, data, facts \\ %{}) do
    {:ok, file} = Envmgr.Libraries.CatalogFile.parse(data)
    epoch = System.unique_integer([:monotonic])

    library_facts =
      Map.merge(
        %{
          module: "m",
          distribution: "m",
          version: "1.0",
          timeout: 1_000,
          aliases: %{},
          pipelines: %{},
          cache: %{},
          limits: %{},
          recovery: %{},
          trace: false
        },
        facts
      )

    manifest = %Envmgr.Libraries.Manifest{
      digest: "",
      environment: Map.get(facts, :environment, library),
      generation: 1,
      command: ["python"],
      workers: 1,
      libraries: %{library => library_facts}
    }

    Envmgr.Libraries.Catalog.publish(table, manifest, epoch, %{library => file})
    {manifest, epoch}
  end

  @doc "A table like that of an instance."
  def table do
    name = :"catalog#{System.unique_integer([:positive])}"
    :ets.new(name, [:named_table, :public, read_concurrency: true])
  end

  defp defaults do
    %{
      kind: "function",
      parameters: [],
      returns: nil,
      summary: "",
      flags: 0,
      overloads: nil,
      detail: %{},
      words: []
    }
  end

  defp row(object) do
    encode([
      hd(object.paths),
      object.kind,
      object.parameters,
      object.returns,
      object.summary,
      object.flags,
      object.overloads
    ])
  end

  defp detail(object) do
    Map.merge(
      %{
        "path" => hd(object.paths),
        "aliases" => tl(object.paths),
        "kind" => object.kind,
        "doc" => nil,
        "parsed" => nil,
        "module" => "m",
        "file" => nil,
        "line" => nil,
        "deprecated" => nil,
        "origins" => %{}
      },
      object.detail
    )
  end

  # Words of paths and those that are given.
  defp words(objects) do
    objects
    |> Enum.with_index()
    |> Enum.flat_map(fn {object, i} ->
      named =
        object.paths |> Enum.flat_map(&String.split(&1, ~r/[._]/)) |> Enum.map(&String.downcase/1)

      for word <- named ++ object.words, word != "", do: {word, i}
    end)
    |> Enum.uniq()
    |> Enum.group_by(&elem(&1, 0), &elem(&1, 1))
    |> Enum.map(fn {word, numbers} -> {word, Enum.sort(numbers)} end)
    |> Enum.sort()
  end

  defp path_table(paths) do
    {rows, size} =
      Enum.map_reduce(paths, 0, fn {path, object}, at ->
        {[u32(at), u32(object)], at + byte_size(path)}
      end)

    IO.iodata_to_binary([rows, u32(size), u32(0)])
  end

  defp offsets(parts) do
    IO.iodata_to_binary([
      for(at <- Enum.scan([0 | Enum.map(parts, &byte_size/1)], &+/2), do: u32(at))
    ])
  end

  defp u32(n), do: <<n::little-32>>

  defp encode(term) do
    {:ok, data} = Encoder.encode(term)
    IO.iodata_to_binary(data)
  end
end
