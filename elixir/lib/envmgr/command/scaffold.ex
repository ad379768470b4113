defmodule Envmgr.Command.Scaffold do
  # Lines in files of the user's own, written where it is certain that they fit, once.
  @moduledoc false

  @ignored "/.envmgr/"
  @import ~r/^import Config[ \t]*(?:#.*)?\n/m

  @doc "Writes them; what was done, or is left to do, in lines for the user."
  @spec write(project :: String.t(), config :: String.t()) :: [String.t()]
  def write(project, config) do
    List.wrap(config(File.read(config), config, project)) ++ List.wrap(ignore(project))
  end

  # Without the file nothing needs to be said: the nearest envmgr.toml is found.
  defp config({:error, _none}, _path, _project), do: nil

  defp config({:ok, text}, path, project) do
    line = "config :envmgr, project: #{place(Path.dirname(path), project)}"
    changed = Regex.replace(@import, text, "\\0\n#{line}\n", global: false)

    cond do
      text =~ ":envmgr" ->
        nil

      changed != text and match?({:ok, _}, Code.string_to_quoted(changed)) ->
        File.write!(path, changed)
        "added to #{Path.relative_to_cwd(path)}: #{line}"

      true ->
        "left #{Path.relative_to_cwd(path)} alone, which has no line `import Config`; put into it: #{line}"
    end
  end

  defp place(directory, project) do
    case Path.split(Path.relative_to(directory, project)) do
      ["/" | _elsewhere] -> inspect(project)
      parts -> ~s[Path.expand("#{Enum.map_join(parts, "/", fn _ -> ".." end)}", __DIR__)]
    end
  end

  defp ignore(project) do
    path = Path.join(project, ".gitignore")

    with {:ok, text} <- File.read(path), false <- text =~ ~r{^/?\.envmgr/?\s*$}m do
      gap = if text == "" or String.ends_with?(text, "\n"), do: "", else: "\n"
      File.write!(path, [text, gap, @ignored, "\n"])
      "added to #{Path.relative_to_cwd(path)}: #{@ignored}"
    else
      _none_or_there -> nil
    end
  end
end
