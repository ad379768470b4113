defmodule Envmgr.Libraries.Nearby do
  # Paths of a catalog that were probably meant, without reading a row: names in another case, names beside the one that is
  # missing, the same name elsewhere.
  @moduledoc false

  alias Envmgr.Near
  alias Envmgr.Libraries.{CatalogFile, Likeness}

  @most 3

  @doc "Up to three paths, the likeliest first; relative to the module, as `path` is."
  @spec paths(CatalogFile.t(), String.t()) :: [String.t()]
  def paths(file, path) do
    if leaf(path) == "", do: [], else: near(file, path)
  end

  defp near(file, path) do
    {known, missing, rest} = split(file, path)
    {surely, perhaps} = missing |> similar(siblings(file, known)) |> Enum.split_with(&sure?/1)
    mended = fn ranked -> for {_, name} <- ranked, do: join([known, name | rest]) end

    named =
      case Enum.filter(mended.(surely), &there?(file, &1)) do
        [] ->
          elsewhere(file, path) ++ misspelled(file, path, known, surely, rest) ++ mended.(perhaps)

        sure ->
          sure
      end

    named
    |> Enum.filter(&there?(file, &1))
    |> Enum.uniq_by(&object(file, &1))
    |> Enum.take(@most)
  end

  defp sure?({likeness, _name}), do: likeness >= 0.88

  @doc "The longest part of a path that leads somewhere, the segment after it, and the segments after that."
  @spec split(CatalogFile.t(), String.t()) :: {String.t(), String.t(), [String.t()]}
  def split(file, path) do
    segments = String.split(path, ".")

    depth =
      Enum.find((length(segments) - 1)..0//-1, 0, fn depth ->
        depth == 0 or
          there?(file, segments |> Enum.take(depth) |> join())
      end)

    {known, [missing | rest]} = Enum.split(segments, depth)
    {join(known), missing, rest}
  end

  @doc "The names right under a path; all first segments for the empty one."
  @spec siblings(CatalogFile.t(), String.t()) :: [String.t()]
  def siblings(file, known) do
    prefix = if known == "", do: "", else: known <> "."
    size = byte_size(prefix)

    first..last = CatalogFile.range(file, prefix)
    siblings(file, prefix, size, first, last, [])
  end

  # What is under a name is stepped over: there may be thousands of paths in a module.
  defp siblings(_file, _prefix, _size, at, last, found) when at > last, do: Enum.reverse(found)

  defp siblings(file, prefix, size, at, last, found) do
    <<_::binary-size(size), name::binary>> = CatalogFile.path(file, at)

    case :binary.split(name, ".") do
      [name] ->
        found = if String.valid?(name), do: [name | found], else: found
        siblings(file, prefix, size, at + 1, last, found)

      [name, _under] ->
        # The byte after a dot.
        {_, next} = CatalogFile.find(file, prefix <> name <> "/")
        siblings(file, prefix, size, max(next, at + 1), last, found)
    end
  end

  defp similar(name, siblings) do
    lower = String.downcase(name)
    {same, others} = Enum.split_with(siblings, &(String.downcase(&1) == lower))
    ranked = Near.ranked(name, others, @most)
    near = for {_, near} <- ranked, do: near

    Enum.map(same, &{1.0, &1}) ++
      ranked ++ for(longer <- beginning(name, others), longer not in near, do: {0.0, longer})
  end

  # `RandomForestClassifier` for `RandomForest`; the shortest first.
  defp beginning(name, _names) when byte_size(name) < 4, do: []

  defp beginning(name, names) do
    names
    |> Enum.filter(&String.starts_with?(&1, name))
    |> Enum.sort_by(&{byte_size(&1), &1})
    |> Enum.take(@most)
  end

  # The same last name in other places, where the paths have most in common first, then the shortest.
  defp elsewhere(file, path) do
    leaf = leaf(path)
    dotted = "." <> leaf

    for(
      number <- CatalogFile.containing(file, dotted),
      found = CatalogFile.path(file, number),
      String.ends_with?(found, dotted) and String.valid?(found),
      do: found
    )
    |> then(&if(there?(file, leaf), do: [leaf | &1], else: &1))
    |> Enum.sort_by(&{-shared(&1, path), byte_size(&1), &1})
    |> Enum.take(16)
  end

  # A last name with a slip, elsewhere; or what the slip in the middle of the path was to be.
  defp misspelled(_file, _path, known, surely, [_ | _]),
    do: for({_, name} <- surely, do: join([known, name]))

  defp misspelled(file, path, _known, _surely, []) do
    leaf = path |> leaf() |> String.downcase()
    vocabulary = file |> CatalogFile.vocabulary() |> Likeness.prepare()

    found =
      for {position, word, likeness} when likeness > 2 <-
            Likeness.alike(leaf, vocabulary),
          object <- CatalogFile.postings(file, position),
          found = CatalogFile.canonical(file, object),
          String.downcase(leaf(found)) == word,
          do: {likeness, byte_size(found), found}

    for {_, _, found} <- found |> Enum.sort() |> Enum.take(@most), do: found
  end

  defp shared(one, other) do
    [String.split(one, "."), String.split(other, ".")]
    |> Enum.zip()
    |> Enum.take_while(fn {a, b} -> a == b end)
    |> length()
  end

  defp there?(file, path), do: match?({:ok, _}, CatalogFile.find(file, path))

  defp object(file, path) do
    {:ok, number} = CatalogFile.find(file, path)
    CatalogFile.object(file, number)
  end

  defp leaf(path), do: path |> String.split(".") |> List.last()
  defp join(segments), do: segments |> Enum.reject(&(&1 == "")) |> Enum.join(".")
end
