defmodule Envmgr.Libraries.Moving do
  # A launch manifest that may be moved: its paths inside of the project are written `./…` (docs/protocol.md, section 1).
  @moduledoc false

  @doc "The manifest's map with the paths inside of `root` relative to it. No lease: nobody frees what a release has."
  @spec relative(map(), String.t()) :: map()
  def relative(map, root), do: map |> each_path(&from(&1, root)) |> Map.put("lease", nil)

  defp from(root, root), do: "./"

  defp from(path, root) do
    case String.split(path, root <> "/", parts: 2) do
      ["", inside] -> "./" <> inside
      _elsewhere -> path
    end
  end

  @doc "The manifest's map with all paths absolute."
  @spec absolute(map(), String.t()) :: map()
  def absolute(map, root) do
    each_path(map, fn
      "./" <> inside -> Path.join(root, inside)
      path -> path
    end)
  end

  defp each_path(map, change) do
    change = fn
      text when is_binary(text) -> change.(text)
      other -> other
    end

    map
    |> update("store", change)
    |> update("cwd", change)
    |> update("lease", change)
    |> update("command", &each(&1, change))
    |> update("env", &values(&1, change))
    |> update("libraries", &values(&1, fn library -> update(library, "catalog", change) end))
  end

  defp each(list, change) when is_list(list), do: Enum.map(list, change)
  defp each(other, _change), do: other

  defp values(map, change) when is_map(map),
    do: Map.new(map, fn {key, value} -> {key, change.(value)} end)

  defp values(other, _change), do: other

  defp update(map, key, change) when is_map_key(map, key), do: Map.update!(map, key, change)
  defp update(other, _key, _change), do: other
end
