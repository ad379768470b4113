defmodule Envmgr.Libraries.CatalogFile do
  # A catalog as it lies on disk (docs/protocol.md, section 1), searched in place. Numbers of paths, objects and words
  # count from 0. The sections that point into others are checked once, when the file is opened; rows and details are
  # decoded, and so checked, when they are read.
  @moduledoc false

  alias Envmgr.Commands
  alias Envmgr.Libraries.CatalogFile.Layout
  alias Envmgr.Values.Decoder

  @magic "envcat02"

  @derive {Inspect, only: [:module, :version, :paths, :objects]}
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
        {:error, "catalog #{path}: #{:file.format_error(reason)}; #{again()}"}

      {:error, reason} ->
        {:error, "catalog #{path}: #{reason}"}
    end
  end

  @doc "The catalog that `data` holds."
  @spec parse(binary()) :: {:ok, t()} | {:error, String.t()}
  def parse(<<@magic, size::little-32, head::binary-size(size), _::binary>> = data) do
    with {:ok, %{"schema" => 2} = head} <- Decoder.decode(head),
         {:ok, file} <- Layout.build(head, data, byte_size(@magic) + 4 + size),
         true <- Layout.sound?(file) do
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

  defp again, do: Commands.spoken("run `envmgr sync`, which writes it again")

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
         true <- Layout.row?(row) do
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
end
