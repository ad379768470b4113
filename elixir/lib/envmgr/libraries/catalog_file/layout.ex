defmodule Envmgr.Libraries.CatalogFile.Layout do
  # What makes a catalog file sound: sections inside the file, numbers that lead somewhere, rows of the right shape.
  @moduledoc false

  alias Envmgr.Libraries.CatalogFile

  @sections ~w(names paths offsets rows detail-offsets details vocabulary posting-offsets postings)

  @doc "The file that a head tells of; `begin` is where the sections begin."
  @spec build(map(), binary(), non_neg_integer()) :: {:ok, CatalogFile.t()} | term()
  def build(head, data, begin) do
    with %{"module" => module, "paths" => paths, "objects" => objects, "words" => words} <- head,
         true <- is_binary(module) and count?(paths) and count?(objects) and count?(words),
         %{} = sections <- head["sections"],
         {:ok, sections} <- sections(sections, begin, byte_size(data)) do
      {:ok,
       %CatalogFile{
         data: data,
         module: module,
         version: head["version"],
         errors: head["errors"] || [],
         paths: paths,
         objects: objects,
         words: words,
         sections: sections
       }}
    end
  end

  defp count?(n), do: is_integer(n) and n >= 0

  defp sections(sections, begin, total) do
    Enum.reduce_while(@sections, {:ok, %{}}, fn name, {:ok, known} ->
      case sections[name] do
        [offset, size]
        when is_integer(offset) and is_integer(size) and offset >= 0 and size >= 0 and
               begin + offset + size <= total ->
          {:cont, {:ok, Map.put(known, name, {begin + offset, size})}}

        _missing ->
          {:halt, :error}
      end
    end)
  end

  @doc "Whether every number in a section of numbers leads into what it counts: nothing that is read later leaves the file."
  @spec sound?(CatalogFile.t()) :: boolean()
  def sound?(file) do
    size = fn section -> file.sections[section] |> elem(1) end

    size.("paths") == 8 * (file.paths + 1) and
      paths?(whole(file, "paths"), 0, size.("names"), file.objects) and
      points?(file, "offsets", file.objects, size.("rows")) and
      points?(file, "detail-offsets", file.objects, size.("details")) and
      points?(file, "posting-offsets", file.words, size.("postings")) and
      numbers?(whole(file, "postings"), file.objects)
  end

  defp whole(file, section) do
    {begin, size} = file.sections[section]
    binary_part(file.data, begin, size)
  end

  defp paths?(<<last::little-32, _object::little-32>>, before, names, _objects),
    do: before <= last and last == names

  defp paths?(<<from::little-32, object::little-32, rest::binary>>, before, names, objects),
    do: before <= from and object < objects and paths?(rest, from, names, objects)

  defp points?(file, section, count, total) do
    offsets = whole(file, section)
    byte_size(offsets) == 4 * (count + 1) and ascending?(offsets, 0, total)
  end

  defp ascending?(<<last::little-32>>, before, total), do: before <= last and last == total

  defp ascending?(<<from::little-32, rest::binary>>, before, total),
    do: before <= from and ascending?(rest, from, total)

  defp numbers?(<<object::little-32, rest::binary>>, objects),
    do: object < objects and numbers?(rest, objects)

  defp numbers?(rest, _objects), do: rest == <<>>

  @doc "Whether a decoded row has the shape of one."
  @spec row?(term()) :: boolean()
  def row?([path, kind, parameters, returns, summary, flags, overloads | _later]) do
    is_binary(path) and is_binary(kind) and parameters?(parameters) and
      (returns == nil or is_binary(returns)) and is_binary(summary) and is_integer(flags) and
      (overloads == nil or (is_list(overloads) and Enum.all?(overloads, &overload?/1)))
  end

  def row?(_other), do: false

  defp overload?([parameters, returns | _later]),
    do: parameters?(parameters) and (returns == nil or is_binary(returns))

  defp overload?(_other), do: false

  defp parameters?(nil), do: true
  defp parameters?(parameters), do: is_list(parameters) and Enum.all?(parameters, &parameter?/1)

  defp parameter?([name, kind, default | more]) do
    is_binary(name) and kind in 0..4 and (default == nil or is_binary(default)) and more?(more)
  end

  defp parameter?(_other), do: false

  defp more?([]), do: true
  defp more?([into]), do: text?(into)

  defp more?([into, type, accepts | _later]),
    do:
      text?(into) and text?(type) and
        (accepts == nil or (is_list(accepts) and Enum.all?(accepts, &is_binary/1)))

  defp more?(_other), do: false

  defp text?(value), do: value == nil or is_binary(value)
end
