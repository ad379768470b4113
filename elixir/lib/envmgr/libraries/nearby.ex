defmodule Envmgr.Libraries.Nearby do
  # Paths of a catalog that were probably meant, without reading a row: names in another case, names beside the one that is
  # missing, the same name elsewhere.
  @moduledoc false

  alias Envmgr.Near
  alias Envmgr.Libraries.CatalogFile

  @most 3

  @doc "Up to three paths, the likeliest first; relative to the module, as `path` is."
  @spec paths(CatalogFile.t(), String.t()) :: [String.t()]
  def paths(file, path) do
    {known, missing, rest} = split(file, path)

    mended =
      for sibling <- similar(missing, siblings(file, known)),
          whole = join([join([known, sibling]) | rest]),
          match?({:ok, _}, CatalogFile.find(file, whole)),
          do: whole

    (mended ++ elsewhere(file, path, leaf(path)))
    |> Enum.uniq_by(&object(file, &1))
    |> Enum.take(@most)
  end

  @doc "The longest part of a path that leads somewhere, the segment after it, and the segments after that."
  @spec split(CatalogFile.t(), String.t()) :: {String.t(), String.t(), [String.t()]}
  def split(file, path) do
    segments = String.split(path, ".")

    depth =
      Enum.find((length(segments) - 1)..0//-1, 0, fn depth ->
        depth == 0 or
          match?({:ok, _}, CatalogFile.find(file, segments |> Enum.take(depth) |> join()))
      end)

    {known, [missing | rest]} = Enum.split(segments, depth)
    {join(known), missing, rest}
  end

  @doc "The names right under a path; all first segments for the empty one."
  @spec siblings(CatalogFile.t(), String.t()) :: [String.t()]
  def siblings(file, known) do
    prefix = if known == "", do: "", else: known <> "."
    size = byte_size(prefix)

    for number <- CatalogFile.range(file, prefix),
        <<_::binary-size(size), name::binary>> = CatalogFile.path(file, number),
        :binary.match(name, ".") == :nomatch,
        String.valid?(name),
        do: name
  end

  defp similar(name, siblings) do
    lower = String.downcase(name)
    {same, others} = Enum.split_with(siblings, &(String.downcase(&1) == lower))
    same ++ Near.names(name, others, @most)
  end

  # The same last name in other places, in whatever case, the shortest path first.
  defp elsewhere(file, path, leaf) do
    dotted = "." <> leaf

    for(
      number <- CatalogFile.containing(file, dotted),
      found = CatalogFile.path(file, number),
      String.ends_with?(found, dotted) and String.valid?(found),
      do: found
    )
    |> then(&if(match?({:ok, _}, CatalogFile.find(file, leaf)), do: [leaf | &1], else: &1))
    |> Enum.sort_by(&{-shared(&1, path), byte_size(&1), &1})
    |> Enum.take(16)
  end

  # A method that another class of the same name has is nearer than one far away.
  defp shared(one, other) do
    [String.split(one, "."), String.split(other, ".")]
    |> Enum.zip()
    |> Enum.take_while(fn {a, b} -> a == b end)
    |> length()
  end

  defp object(file, path) do
    {:ok, number} = CatalogFile.find(file, path)
    CatalogFile.object(file, number)
  end

  defp leaf(path), do: path |> String.split(".") |> List.last()
  defp join(segments), do: segments |> Enum.reject(&(&1 == "")) |> Enum.join(".")
end
