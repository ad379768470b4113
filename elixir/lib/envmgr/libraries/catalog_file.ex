defmodule Envmgr.Libraries.CatalogFile do
  # A catalog as it lies on disk (docs/protocol.md, section 1), searched in place. Numbers of paths, objects and words
  # count from 0. The sections that point into others are checked once, when the file is opened; rows and details are
  # decoded, and so checked, when they are read.
  @moduledoc false

  alias Envmgr.Values.Decoder

  @magic "envcat02"
  @sections ~w(names paths offsets rows detail-offsets details vocabulary posting-offsets postings)

  @enforce_keys [:data, :module, :version, :errors, :paths, :objects, :words, :sections]
  defstruct @enforce_keys

  @typedoc "`sections`: where each begins and how long it is, in `data`."
  @type t :: %__MODULE__{
          data: binary(),
          module: String.t(),
          version: String.t() | nil,
          errors: list(),
          paths: non_neg_integer(),
          objects: non_neg_integer(),
          words: non_neg_integer(),
          sections: %{String.t() => {non_neg_integer(), non_neg_integer()}}
        }

  @doc "Reads a catalog: linear in its bytes, for the disk, and in its paths, for the check."
  @spec open(String.t()) :: {:ok, t()} | {:error, String.t()}
  def open(path) do
    with {:ok, data} <- File.read(path),
         {:ok, file} <- parse(data) do
      {:ok, file}
    else
      {:error, reason} when is_atom(reason) ->
        {:error, "catalog #{path}: #{:file.format_error(reason)}"}

      {:error, reason} ->
        {:error, "catalog #{path}: #{reason}"}
    end
  end

  @doc "The catalog that `data` holds."
  @spec parse(binary()) :: {:ok, t()} | {:error, String.t()}
  def parse(<<@magic, size::little-32, head::binary-size(size), _::binary>> = data) do
    with {:ok, %{"schema" => 2} = head} <- Decoder.decode(head),
         {:ok, file} <- build(head, data, byte_size(@magic) + 4 + size),
         true <- sound?(file) do
      {:ok, file}
    else
      {:ok, %{"schema" => schema}} ->
        {:error, "schema #{inspect(schema)} is not known; #{again()}"}

      _malformed ->
        {:error, "it is damaged; #{again()}"}
    end
  end

  def parse(<<@magic, _::binary>>), do: {:error, "it is cut off; #{again()}"}

  def parse(data) do
    case Decoder.decode(data) do
      {:ok, %{"schema" => 1}} -> {:error, "it was written by an earlier envmgr; #{again()}"}
      _other -> {:error, "it is no catalog; #{again()}"}
    end
  end

  defp again, do: "run `envmgr sync`, which writes it again"

  @doc "The number of a path, or where it would stand: the first path that is not before it."
  @spec find(t(), String.t()) :: {:ok, non_neg_integer()} | {:none, non_neg_integer()}
  def find(file, path) do
    at = bisect(file, path, 0, file.paths)

    if at < file.paths and path(file, at) == path,
      do: {:ok, at},
      else: {:none, at}
  end

  defp bisect(_file, _path, low, high) when low >= high, do: low

  defp bisect(file, path, low, high) do
    middle = div(low + high, 2)

    if path(file, middle) < path,
      do: bisect(file, path, middle + 1, high),
      else: bisect(file, path, low, middle)
  end

  @doc "The numbers of the paths that begin with `prefix`."
  @spec range(t(), String.t()) :: Range.t()
  def range(file, prefix) do
    {_, from} = find(file, prefix)
    # No byte of UTF-8 is 255.
    {_, to} = find(file, prefix <> <<255>>)
    from..(to - 1)//1
  end

  @doc "A path by its number. It refers to the file's bytes: copy what is kept."
  @spec path(t(), non_neg_integer()) :: String.t()
  def path(file, number) do
    {from, _object} = entry(file, number)
    {to, _object} = entry(file, number + 1)
    slice(file, "names", from, to)
  end

  @doc "The object that a path leads to."
  @spec object(t(), non_neg_integer()) :: non_neg_integer()
  def object(file, number), do: file |> entry(number) |> elem(1)

  @doc "The paths in which `text` occurs, by number: one search through all names."
  @spec containing(t(), String.t()) :: [non_neg_integer()]
  def containing(file, text) do
    {begin, size} = file.sections["names"]

    file.data
    |> :binary.matches(text, scope: {begin, size})
    |> Enum.map(fn {at, _length} -> at_offset(file, at - begin, 0, file.paths) end)
    |> Enum.dedup()
  end

  # The last path that begins at or before an offset.
  defp at_offset(_file, _offset, low, high) when high - low <= 1, do: low

  defp at_offset(file, offset, low, high) do
    middle = div(low + high, 2)
    {from, _object} = entry(file, middle)

    if from <= offset,
      do: at_offset(file, offset, middle, high),
      else: at_offset(file, offset, low, middle)
  end

  @doc "The row of an object: a list of seven, of known shape."
  @spec row(t(), non_neg_integer()) :: {:ok, list()} | {:error, String.t()}
  def row(file, object) do
    with {:ok, row} <- file |> part("offsets", "rows", object) |> Decoder.decode(),
         true <- row?(row) do
      {:ok, row}
    else
      _malformed -> {:error, damaged(file)}
    end
  end

  @doc "The canonical path of an object, without the rest of its row; empty where that is damaged."
  @spec canonical(t(), non_neg_integer()) :: String.t()
  def canonical(file, object) do
    case part(file, "offsets", "rows", object) do
      <<_, 0b101::3, n::5, path::binary-size(n), _::binary>> -> path
      <<_, 0xD9, n, path::binary-size(n), _::binary>> -> path
      <<_, 0xDA, n::16, path::binary-size(n), _::binary>> -> path
      _damaged -> ""
    end
  end

  @doc "The detail of an object, inflated."
  @spec detail(t(), non_neg_integer()) :: {:ok, map()} | {:error, String.t()}
  def detail(file, object) do
    with {:ok, %{} = detail} <- file |> part("detail-offsets", "details", object) |> inflate() do
      {:ok, detail}
    else
      _malformed -> {:error, damaged(file)}
    end
  end

  defp inflate(data) do
    data |> :zlib.uncompress() |> Decoder.decode()
  rescue
    ErlangError -> :error
  end

  defp damaged(file), do: "the catalog of #{file.module} is damaged; #{again()}"

  @doc "All words of the vocabulary, in their order. They refer to the file's bytes."
  @spec vocabulary(t()) :: [String.t()]
  def vocabulary(file) do
    {_begin, size} = file.sections["vocabulary"]
    file |> slice("vocabulary", 0, size) |> :binary.split("\n", [:global, :trim])
  end

  @doc "The objects that have a word, ascending."
  @spec postings(t(), non_neg_integer()) :: [non_neg_integer()]
  def postings(file, word) do
    for <<object::little-32 <- part(file, "posting-offsets", "postings", word)>>, do: object
  end

  defp entry(file, number) do
    {begin, _size} = file.sections["paths"]
    at = begin + 8 * number
    <<_::binary-size(at), from::little-32, object::little-32, _::binary>> = file.data
    {from, object}
  end

  defp part(file, offsets, section, number) do
    {begin, _size} = file.sections[offsets]
    at = begin + 4 * number
    <<_::binary-size(at), from::little-32, to::little-32, _::binary>> = file.data
    slice(file, section, from, to)
  end

  defp slice(file, section, from, to) do
    {begin, _size} = file.sections[section]
    binary_part(file.data, begin + from, to - from)
  end

  defp build(head, data, begin) do
    with %{"module" => module, "paths" => paths, "objects" => objects, "words" => words} <- head,
         true <- is_binary(module) and count?(paths) and count?(objects) and count?(words),
         %{} = sections <- head["sections"],
         {:ok, sections} <- sections(sections, begin, byte_size(data)) do
      {:ok,
       %__MODULE__{
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

  # Every number in a section of numbers leads into what it counts: nothing that is read later can leave the file.
  defp sound?(file) do
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

  defp row?([path, kind, parameters, returns, summary, flags, overloads | _later]) do
    is_binary(path) and is_binary(kind) and parameters?(parameters) and
      (returns == nil or is_binary(returns)) and is_binary(summary) and is_integer(flags) and
      (overloads == nil or (is_list(overloads) and Enum.all?(overloads, &overload?/1)))
  end

  defp row?(_other), do: false

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
