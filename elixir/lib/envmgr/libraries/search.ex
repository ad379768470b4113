defmodule Envmgr.Libraries.Search do
  # Objects by words, the best first. The rule is docs/architecture.md's, "How a search ranks"; the command line has it too.
  @moduledoc false

  alias Envmgr.Libraries.{CatalogFile, Discovery, Filters, Likeness}

  @most_words 16
  @longest_word 64

  @doc "Up to `limit` objects of these catalogs, in short."
  @spec run(
          [{library :: String.t(), CatalogFile.t()}],
          String.t(),
          Filters.t(),
          non_neg_integer()
        ) ::
          [map()]
  def run(catalogs, query, filters, limit) do
    words = words(query)

    catalogs
    |> Enum.flat_map(fn {library, file} -> ranked(library, file, String.trim(query), words) end)
    |> Enum.sort()
    |> Stream.map(fn {_rank, _words, _cost, _size, library, _path, object, file} ->
      {library, Discovery.row!(file, object)}
    end)
    |> Stream.filter(fn {_library, raw} -> Filters.keep?(filters, raw) end)
    |> Stream.map(fn {library, raw} -> Discovery.brief(library, raw) end)
    |> Enum.take(limit)
  end

  defp words(query) do
    query
    |> String.downcase()
    |> String.replace(".", " ")
    |> String.split()
    |> Enum.map(&cut/1)
    |> Enum.uniq()
    |> Enum.take(@most_words)
  end

  defp cut(word) when byte_size(word) <= @longest_word, do: word

  defp cut(word),
    do: for(<<letter::utf8 <- word>>, do: letter) |> Enum.take(@longest_word) |> List.to_string()

  defp ranked(library, file, query, words) do
    vocabulary = CatalogFile.vocabulary(file)
    {costs, paths} = Enum.reduce(words, {%{}, %{}}, &cost(file, vocabulary, &1, &2))
    exact = exact(file, library, query)

    for object <- Enum.uniq(Map.keys(costs) ++ exact) do
      {path, _lower, _name} = paths[object] || read(file, object)
      {have, spent} = Map.get(costs, object, {0, 0})
      rank = if object in exact, do: 0, else: 1
      {rank, -have, spent, byte_size(path), library, path, object, file}
    end
  end

  defp exact(file, library, query) do
    own = String.replace_prefix(query, library <> ".", "")

    Enum.uniq(
      for path <- Enum.uniq([query, own]), {:ok, number} <- [CatalogFile.find(file, path)] do
        CatalogFile.object(file, number)
      end
    )
  end

  # Of each object that has the word: how many words so far, and what they cost.
  defp cost(file, vocabulary, word, {costs, paths}) do
    {best, paths} =
      for {position, other, likeness} <- Likeness.alike(word, vocabulary),
          object <- CatalogFile.postings(file, position),
          reduce: {%{}, paths} do
        {best, paths} ->
          paths =
            if is_map_key(paths, object),
              do: paths,
              else: Map.put(paths, object, read(file, object))

          {cheapest(best, object, likeness + 2 * place(paths[object], other)), paths}
      end

    costs =
      Enum.reduce(best, costs, fn {object, cost}, costs ->
        Map.update(costs, object, {1, cost}, fn {have, spent} -> {have + 1, spent + cost} end)
      end)

    {costs, paths}
  end

  defp cheapest(best, object, cost) do
    case best do
      %{^object => cheaper} when cheaper <= cost -> best
      _dearer -> Map.put(best, object, cost)
    end
  end

  defp read(file, object) do
    path = CatalogFile.canonical(file, object)
    lower = String.downcase(path)
    {path, lower, lower |> :binary.split(".", [:global]) |> List.last()}
  end

  defp place({_path, _lower, word}, word), do: 0

  defp place({_path, lower, name}, word) do
    cond do
      has?(name, word) -> 1
      has?(lower, word) -> 2
      true -> 3
    end
  end

  defp has?(text, word), do: :binary.match(text, word) != :nomatch
end
