defmodule Envmgr.Release.Contents do
  # Which files a store entry or a runtime layer has, as our manifest beside it says, and which of them are not there. Looked
  # for by directory, and by size where a file is code of the machine's: a few ms for thousands of files.
  @moduledoc false

  alias Envmgr.JSON

  @native ~w(.so .dylib .pyd)

  @typedoc "By directory, the names of its files, each with its size where that is compared."
  @type t :: %{
          (directory :: String.t()) => [{name :: String.t(), size :: non_neg_integer() | nil}]
        }

  @doc "Of a place whose manifest is beside it; nil where it has none."
  @spec of(String.t()) :: t() | nil
  def of(place) do
    case File.read(place <> ".contents") do
      {:ok, term} -> :erlang.binary_to_term(term, [:safe])
      {:error, _none} -> noted(place)
    end
  end

  @doc "Writes what `of/1` reads quickly."
  @spec write!(t(), String.t()) :: :ok
  def write!(contents, place),
    do: File.write!(place <> ".contents", :erlang.term_to_binary(contents, compressed: 1))

  defp noted(place) do
    with {:ok, content} <- File.read(place <> ".manifest"),
         {:ok, %{"files" => %{} = files}} <- JSON.decode(content) do
      Enum.group_by(
        files,
        fn {path, _facts} -> Path.dirname(path) end,
        fn {path, [size | _]} -> {Path.basename(path), if(native?(path), do: size)} end
      )
    else
      _none -> nil
    end
  end

  defp native?(path), do: Path.extname(path) in @native

  @doc "The files that are missing or of another size."
  @spec missing(t(), String.t()) :: [String.t()]
  def missing(contents, place) do
    for {directory, files} <- contents,
        there = there(Path.join(place, directory)),
        {name, size} <- files,
        not is_map_key(there, name) or not fits?(size, [place, directory, name]),
        do: Path.relative_to(Path.join([directory, name]), ".")
  end

  defp there(directory) do
    case :file.list_dir(directory) do
      {:ok, names} -> Map.new(names, &{List.to_string(&1), true})
      {:error, _gone} -> %{}
    end
  end

  defp fits?(nil, _path), do: true

  defp fits?(size, path) do
    case :file.read_file_info(Path.join(path), [:raw]) do
      {:ok, info} -> elem(info, 1) == size
      {:error, _gone} -> false
    end
  end
end
