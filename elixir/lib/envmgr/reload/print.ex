defmodule Envmgr.Reload.Print do
  # What envmgr.toml and the locks hold, in so many bytes that two moments can be compared.
  @moduledoc false

  # A file's time has a second's resolution: two changes within one second are told apart by reading.
  @recent 2

  @type t :: %{(path :: String.t()) => {stat :: tuple(), digest :: binary()}}

  @doc "The print of a project now. Reads only what is not as old and as large as in `before`."
  @spec take(String.t(), t()) :: t()
  def take(project, before \\ %{}) do
    locks = Path.join(project, "locks")

    names =
      case File.ls(locks) do
        {:ok, names} ->
          for name <- names, Path.extname(name) == ".toml", do: Path.join(locks, name)

        {:error, _none} ->
          []
      end

    for path <- [Path.join(project, "envmgr.toml") | names],
        print = of(path, before[path]),
        into: %{},
        do: {path, print}
  end

  @doc "Whether two prints are of the same content."
  @spec same?(t(), t()) :: boolean()
  def same?(one, other), do: digests(one) == digests(other)

  defp of(path, before) do
    with {:ok, stat} <- File.stat(path, time: :posix),
         facts = {stat.inode, stat.size, stat.mtime},
         false <- match?({^facts, _digest}, before) and old?(stat),
         {:ok, content} <- File.read(path) do
      {facts, :erlang.md5(content)}
    else
      true -> before
      {:error, _gone_or_unreadable} -> nil
    end
  end

  defp old?(stat), do: System.os_time(:second) - stat.mtime > @recent

  defp digests(print), do: Map.new(print, fn {path, {_stat, digest}} -> {path, digest} end)
end
