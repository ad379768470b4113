defmodule Envmgr.Calls.Help do
  # What `Envmgr.h/2` prints of a description: the same in the same order as `envmgr describe`, for a terminal.
  @moduledoc false

  alias Envmgr.Libraries.Signature
  alias Envmgr.Ref

  @few 8
  @members 20
  @wide 72
  @line 98
  @kinds %{
    positional_only: 0,
    positional_or_keyword: 1,
    var_positional: 2,
    keyword_only: 3,
    var_keyword: 4
  }
  @origins [
    {"runtime", "from run time"},
    {"stub", "from stubs"},
    {"docstring", "from the docstring"}
  ]

  @doc "The lines of an object or a library. `functions`: of a library, what it offers, in short."
  @spec lines(map(), [map()]) :: IO.ANSI.ansidata()
  def lines(%{kind: "library"} = found, functions) do
    join([
      [title(named(found))],
      pairs([
        {"module", found.module},
        {"distribution", found.distribution || "Python's own"},
        {"environment", "#{found.environment}, generation #{found.generation}"},
        {"paths", found.paths},
        {"also", few(found.aliases)}
        | Enum.sort(found.counts)
      ]),
      called(found.calls),
      section("submodules", some(found.submodules)),
      section(
        "could not be imported",
        for(error <- found.errors, do: "#{error.module}: #{error.message}")
      ),
      section("functions", members(functions)),
      section("in Elixir", [found.examples.elixir])
    ])
  end

  def lines(found, _functions) do
    join([
      Enum.map(signature(found), &title/1) ++ [home(found)],
      deprecated(found.deprecated),
      text(found.summary),
      text(found.description),
      section("in Elixir", text(found.examples.elixir)),
      section("in Python", text(found.examples.python)),
      section("parameters", parameters(found)),
      section("returns", said(found.returned)),
      section("yields", said(found.yields)),
      section("raises", said(for raised <- found.raises, do: Map.put(raised, :name, nil))),
      section("overloads", some(found.overloads)),
      section("members", members(found.members)),
      section("value", text(found.value)),
      called(found.calls),
      facts(found)
    ])
  end

  @doc "What is said of a ref before its class."
  @spec ref(Ref.t(), known? :: boolean()) :: IO.ANSI.ansidata()
  def ref(ref, known?) do
    lines = [title(inspect(ref)), "an object of type #{ref.type}, which stays in its worker"]
    none = "its class is in no catalog; Envmgr.method/4, attr/3 and item/3 reach what it has"
    join([lines, if(known?, do: [], else: [none])])
  end

  defp named(%{version: nil, library: library}), do: library
  defp named(%{version: version, library: library}), do: "#{library} #{version}"

  # The types of a long one are with its parameters alone.
  defp signature(%{signature: signature} = found) do
    inferred = if found.inferred, do: " (by its docstring)", else: ""

    if String.length(signature <> inferred) <= @line or found.parameters == nil or
         found.kind == "property" do
      [signature <> inferred]
    else
      rows = for p <- found.parameters, do: [p.name, @kinds[p.kind], p.default]
      wrapped(Signature.text(found.path, rows, found.returns) <> inferred)
    end
  end

  defp wrapped(text) do
    text
    |> String.split(~r/(?<=, )/)
    |> Enum.reduce([], fn
      word, [line | lines] ->
        if String.length(line <> word) <= @line,
          do: [line <> word | lines],
          else: ["    " <> word, line | lines]

      word, [] ->
        [word]
    end)
    |> Enum.map(&String.trim_trailing/1)
    |> Enum.reverse()
  end

  defp home(found),
    do:
      "#{found.kind} of #{named(found)}, environment #{found.environment}, generation #{found.generation}"

  defp deprecated(nil), do: []
  defp deprecated(why), do: [[:yellow, "deprecated: ", :reset, why]]

  defp parameters(%{parameters: nil}), do: []

  # A method has its object first.
  defp parameters(%{kind: kind, parameters: [_object | parameters]})
       when kind in ["method", "property"],
       do: parameters(%{kind: nil, parameters: parameters})

  defp parameters(%{parameters: parameters}) do
    Enum.flat_map(parameters, fn parameter ->
      type = if parameter.type, do: ": #{parameter.type}"
      default = if parameter.default, do: " = #{parameter.default}"
      name = "#{stars(parameter.kind)}#{parameter.name}"
      [[:cyan, name, :reset, "#{type}#{default}"] | indented(text(parameter.text))]
    end)
  end

  defp stars(:var_positional), do: "*"
  defp stars(:var_keyword), do: "**"
  defp stars(_kind), do: nil

  defp said(told) do
    Enum.flat_map(told, fn one ->
      head = [one.name, one.type] |> Enum.reject(&is_nil/1) |> Enum.join(": ")
      if(head == "", do: [], else: [head]) ++ indented(text(one.text))
    end)
  end

  defp members(found) do
    lines =
      for member <- found, do: ["#{cut(member.signature)}  ", :faint, member.summary, :reset]

    some(lines, @members)
  end

  defp called(nil), do: []

  defp called(calls) do
    errors = if calls.errors > 0, do: ", #{calls.errors} failed"
    cached = if calls.cached > 0, do: ", #{calls.cached} from the cache"
    within = "half within #{calls.p50} ms, 99 % within #{calls.p99} ms"

    section("called", [
      "#{times(calls.count)}#{errors}#{cached}; #{within}; last #{DateTime.truncate(calls.last, :second)}"
    ])
  end

  defp times(1), do: "once"
  defp times(n), do: "#{n} times"

  defp facts(found) do
    place = if found.file && found.line, do: "#{found.file}, line #{found.line}", else: found.file
    defined = [found.module, place] |> Enum.reject(&is_nil/1) |> Enum.join(", ")

    origins =
      for {origin, words} <- @origins,
          facts = for({fact, ^origin} <- Enum.sort(found.origins), do: fact),
          do: {words, Enum.join(facts, ", ")}

    pairs([{"also", few(found.aliases)}, {"defined in", defined} | origins])
  end

  defp pairs(pairs) do
    pairs =
      for {name, value} <- pairs, value not in [nil, ""], do: {to_string(name), to_string(value)}

    width =
      pairs |> Enum.map(fn {name, _value} -> String.length(name) end) |> Enum.max(fn -> 0 end)

    for {name, value} <- pairs,
        do: [:faint, String.pad_trailing(name, width), :reset, "  " <> value]
  end

  defp title(text), do: [:bright, text, :reset]

  defp section(_title, []), do: []
  defp section(title, lines), do: [[:green, title, :reset] | indented(lines)]

  defp indented(lines), do: Enum.map(lines, &["  ", &1])

  defp text(none) when none in [nil, ""], do: []
  defp text(text), do: text |> String.trim_trailing() |> String.split("\n")

  defp some(lines, most \\ @few) do
    case Enum.split(lines, most) do
      {lines, []} -> lines
      {lines, rest} -> lines ++ ["… #{length(rest)} more"]
    end
  end

  defp few(names) do
    case Enum.split(names, @few) do
      {names, []} -> Enum.join(names, ", ")
      {names, _rest} -> Enum.join(names, ", ") <> ", …"
    end
  end

  defp cut(text) do
    if String.length(text) > @wide, do: String.slice(text, 0, @wide - 1) <> "…", else: text
  end

  # Blocks of lines, an empty line between them.
  defp join(blocks) do
    blocks
    |> Enum.reject(&(&1 == []))
    |> Enum.map(&Enum.intersperse(&1, "\n"))
    |> Enum.intersperse("\n\n")
  end
end
