defmodule Envmgr.Command.Compiled.Words do
  # What `mix envmgr.calls` says to people.
  @moduledoc false

  alias Envmgr.Command.Compiled

  @shown 3

  @doc "A summary, a row for each function and method, and what is not known."
  @spec lines(Compiled.t()) :: [String.t()]
  def lines(found) do
    functions = for {path, places, shapes} <- found.functions, do: {path, how(shapes), places}

    methods =
      for {name, on, places, shapes} <- found.methods, do: {method(name, on), how(shapes), places}

    rows = for {name, how, places} <- functions ++ methods, do: [name, how, shown(places)]

    unknown =
      for {place, call, begins} <- found.unknown,
          do: "not known: #{place}: #{call}#{if begins != "", do: " of #{begins}…"}"

    unread =
      if found.unread == [],
        do: [],
        else: ["without debug information, not read: #{Enum.join(found.unread, ", ")}"]

    [summary(found) | columns(rows)] ++ unknown ++ unread
  end

  # `(_, _, axis:)`: two by position, one by name; dots stand for what is made when it runs.
  defp how(shapes) do
    {few, more} =
      Enum.split(for({shape, _places} <- shapes, uniq: true, do: passed(shape)), @shown)

    Enum.join(few, " ") <> if(more == [], do: "", else: " …")
  end

  defp passed(shape) do
    by_position =
      List.duplicate("_", shape.positional) ++ if(:positional in shape.more, do: ["…"], else: [])

    by_name =
      Enum.map(shape.keywords, &"#{&1}:") ++ if(:keywords in shape.more, do: ["…:"], else: [])

    "(#{Enum.join(by_position ++ by_name, ", ")})"
  end

  defp method(name, nil), do: ".#{name} of an object"
  defp method(name, on), do: ".#{name} of what #{on} gives"

  defp shown(places) do
    {few, more} = Enum.split(places, @shown)
    Enum.join(few, ", ") <> if(more == [], do: "", else: " and #{length(more)} more")
  end

  defp summary(found) do
    methods = found.methods |> Enum.uniq_by(&elem(&1, 0)) |> length()

    "#{counted(length(found.functions), "function")} and #{counted(methods, "method or attribute", "methods or attributes")} " <>
      "are called; of #{counted(length(found.unknown), "call")} it is not known what"
  end

  defp counted(number, one, many \\ nil)
  defp counted(1, one, _many), do: "1 #{one}"
  defp counted(number, one, many), do: "#{number} #{many || one <> "s"}"

  defp columns(rows) do
    widths =
      for at <- 0..1,
          do: rows |> Enum.map(&String.length(Enum.at(&1, at))) |> Enum.max(fn -> 0 end)

    for [name, how, places] <- rows do
      [name, how]
      |> Enum.zip(widths)
      |> Enum.map_join("  ", fn {word, width} -> String.pad_trailing(word, width) end)
      |> Kernel.<>("  " <> places)
    end
  end
end
