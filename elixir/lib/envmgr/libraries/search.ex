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
    |> Stream.filter(fn {library, raw} ->
      Filters.keep?(Filters.within(filters, library), raw)
    end)
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
    vocabulary = file |> CatalogFile.vocabulary() |> Likeness.prepare()
    {costs, paths} = Enum.reduce(words, {%{}, %{}}, &cost(file, vocabulary, &1, &2))
    exact = exact(file, library, query)

    for object <- Enum.uniq(Map.keys(costs) ++ exact) do
      {path, _, _, _} = paths[object] || read(file, object)
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
      for {position, other, likeness} <- Likeness.alike(word, vocabulary), reduce: {%{}, paths} do
        {best, paths} ->
          word = {byte_size(other), :binary.compile_pattern(other)}

          file
          |> CatalogFile.postings(position)
          |> cheapest(file, word, likeness, best, paths)
      end

    costs =
      Enum.reduce(best, costs, fn {object, cost}, costs ->
        case costs do
          %{^object => {have, spent}} -> %{costs | object => {have + 1, spent + cost}}
          _first -> Map.put(costs, object, {1, cost})
        end
      end)

    {costs, paths}
  end

  defp cheapest([], _file, _word, _likeness, best, paths), do: {best, paths}

  defp cheapest([object | rest], file, word, likeness, best, paths) do
    case best do
      # No place makes it cheaper.
      %{^object => cost} when cost <= likeness ->
        cheapest(rest, file, word, likeness, best, paths)

      %{^object => cost} ->
        place = place(Map.fetch!(paths, object), word)

        best =
          if likeness + 2 * place < cost, do: %{best | object => likeness + 2 * place}, else: best

        cheapest(rest, file, word, likeness, best, paths)

      _first ->
        {path, paths} = path(file, object, paths)
        best = Map.put(best, object, likeness + 2 * place(path, word))
        cheapest(rest, file, word, likeness, best, paths)
    end
  end

  defp path(file, object, paths) do
    case paths do
      %{^object => path} ->
        {path, paths}

      _first ->
        path = read(file, object)
        {path, Map.put(paths, object, path)}
    end
  end

  # The path, the same in lower case, where its last segment begins and how long that is.
  defp read(file, object) do
    path = CatalogFile.canonical(file, object)
    lower = lower(path)
    name = name(lower, byte_size(lower))
    {path, lower, name, byte_size(lower) - name}
  end

  defp lower(path) do
    if ascii?(path), do: String.downcase(path, :ascii), else: String.downcase(path)
  end

  defp ascii?(<<byte, rest::binary>>) when byte < 128, do: ascii?(rest)
  defp ascii?(rest), do: rest == <<>>

  defp name(_path, 0), do: 0
  defp name(path, at), do: if(:binary.at(path, at - 1) == ?., do: at, else: name(path, at - 1))

  defp place({_path, lower, name, length}, {size, pattern}) do
    case :binary.match(lower, pattern) do
      :nomatch ->
        3

      {at, _} when at < name ->
        inside(:binary.match(lower, pattern, scope: {name, length}), size, length)

      _in_name when size == length ->
        0

      _in_name ->
        1
    end
  end

  defp inside(:nomatch, _size, _length), do: 2
  defp inside(_in_name, size, size), do: 0
  defp inside(_in_name, _size, _length), do: 1
end
