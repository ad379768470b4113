defmodule Envmgr.Release.Closed do
  # Directories that keep a user from what lies in them: an interpreter in the home of who built the release is there, and yet
  # no one else can start it.
  @moduledoc false

  import Bitwise

  @search_by_others 0o001
  @links 40

  @doc "The first directory on the way to a path, links followed, that this VM's user may not search; nil where there is none."
  @spec directory(Path.t()) :: String.t() | nil
  def directory(path) do
    first(path, fn directory ->
      File.stat(Path.join(directory, ".")) == {:error, :eacces}
    end)
  end

  @doc "The first directory that only its owner, or its group, may search."
  @spec to_others(Path.t()) :: String.t() | nil
  def to_others(path) do
    first(path, fn directory ->
      case File.stat(directory) do
        {:ok, %{mode: mode}} -> (mode &&& @search_by_others) == 0
        {:error, _reason} -> false
      end
    end)
  end

  @doc "Who runs this VM, in words."
  @spec user() :: String.t()
  def user do
    case System.cmd("id", ["-un"], stderr_to_stdout: true) do
      {name, 0} -> String.trim(name)
      _nameless -> "without a name"
    end
  rescue
    ErlangError -> "unknown"
  end

  defp first(path, closed?, links \\ @links) do
    directories = path |> Path.expand() |> Path.dirname() |> above()

    with nil <- Enum.find(directories, closed?),
         {:ok, target} when links > 0 <- File.read_link(path) do
      first(Path.expand(target, Path.dirname(path)), closed?, links - 1)
    else
      directory when is_binary(directory) -> directory
      _no_link -> nil
    end
  end

  # From the root on.
  defp above(directory) do
    directory |> Path.split() |> Enum.scan(&Path.join(&2, &1))
  end
end
