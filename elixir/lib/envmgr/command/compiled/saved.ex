defmodule Envmgr.Command.Compiled.Saved do
  # `.envmgr/calls.json` (docs/protocol.md, section 1): what `envmgr plan` and `envmgr upgrade` know of compiled code.
  @moduledoc false

  alias Envmgr.Command.Compiled
  alias Envmgr.Command.Compiled.Beams
  alias Envmgr.JSON

  @spec path(String.t()) :: String.t()
  def path(project), do: Path.join(project, ".envmgr/calls.json")

  @spec document(Compiled.t(), [String.t()]) :: map()
  def document(found, directories) do
    %{
      schema: 1,
      at: DateTime.utc_now() |> DateTime.truncate(:second) |> DateTime.to_iso8601(),
      beams:
        for(directory <- directories, do: %{path: directory, newest: Beams.newest(directory)}),
      functions:
        for(
          {path, places, shapes} <- found.functions,
          do: %{path: path, places: places, shapes: shapes(shapes)}
        ),
      methods:
        for(
          {name, on, places, shapes} <- found.methods,
          do: %{name: name, on: on, places: places, shapes: shapes(shapes)}
        ),
      unknown:
        for(
          {place, call, begins} <- found.unknown,
          do: %{place: place, call: call, begins: begins}
        ),
      unread: found.unread
    }
  end

  defp shapes(shapes) do
    for {shape, places} <- shapes do
      %{
        positional: shape.positional,
        keywords: shape.keywords,
        more: Enum.map(shape.more, &Atom.to_string/1),
        places: places
      }
    end
  end

  @doc "Writes the whole file, or leaves what was there."
  @spec write(String.t(), map()) :: :ok | {:error, File.posix()}
  def write(path, document) do
    beside = "#{path}.#{System.pid()}.new"

    with :ok <- made(Path.dirname(path)),
         :ok <- File.write(beside, [JSON.encode(document), ?\n]),
         do: File.rename(beside, path)
  end

  # Nothing of this directory is committed, whoever makes it.
  defp made(directory) do
    new? = Path.basename(directory) == ".envmgr" and not File.exists?(directory)

    with :ok <- File.mkdir_p(directory),
         do: if(new?, do: File.write(Path.join(directory, ".gitignore"), "*\n"), else: :ok)
  end
end
