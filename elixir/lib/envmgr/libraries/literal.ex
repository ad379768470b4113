defmodule Envmgr.Libraries.Literal do
  # A plausible argument, as Elixir and as Python write it: by the kinds that the parameter takes, else by the words of its
  # type, else by its name.
  @moduledoc false

  @type t :: {elixir :: String.t(), python :: String.t()}

  @numbers {"[1.0, 2.0, 3.0]", "[1.0, 2.0, 3.0]"}
  @function {"&to_string/1", "str"}

  @of_kind %{
    "bool" => {"true", "True"},
    "int" => {"1", "1"},
    "float" => {"1.0", "1.0"},
    "bytes" => {"Envmgr.bytes(\"data\")", "b\"data\""},
    "list" => {"[1, 2, 3]", "[1, 2, 3]"},
    "tuple" => {"{1, 2}", "(1, 2)"},
    "set" => {"MapSet.new([1, 2])", "{1, 2}"},
    "dict" => {"%{\"a\" => 1}", "{\"a\": 1}"},
    "callable" => @function
  }

  # A flag is an int to Python, and hardly what is asked for where an int will do.
  @preferred ~w(int float str list tuple dict set bytes callable bool)

  # Tried in this order: the first that a type's text has decides.
  @of_words [
    {~r/array|ndarray/i, @numbers},
    {~r/DataFrame|Series|Index\b/, nil},
    {~r/callable|function/i, @function},
    {~r/path|file/i, :path},
    {~r/\bstr\b|string/i, :text},
    {~r/\bbytes\b/, @of_kind["bytes"]},
    {~r/\bint(eger)?s?\b/i, @of_kind["int"]},
    {~r/\b(float|number|real|scalar)\b/i, @of_kind["float"]},
    {~r/\bbool(ean)?\b/i, @of_kind["bool"]},
    {~r/\b(dict|mapping)\b/i, @of_kind["dict"]},
    {~r/\b(list|sequence|iterable|iterator|collection)\b/i, @of_kind["list"]},
    {~r/\btuple\b/i, @of_kind["tuple"]}
  ]

  @of_name [
    {~r/^(path|file|filename|fname|fp|filepath|filepath_or_buffer|path_or_buf|io|directory|url)$/,
     :path},
    {~r/^(s|string|text|name|label|key|pattern|word|msg|message|title|prefix|suffix)$/, :text},
    {~r/^(func|function|f|fn|callback|predicate)$/, @function},
    {~r/^(n|k|num|size|count|length|index|i|axis|ndigits|width)$/, @of_kind["int"]},
    {~r/^(arr|array|data|values|a|seq|sequence|iterable|items|x1|x2|xs)$/, @numbers},
    {~r/^(x|y|z|value|number|alpha)$/, @of_kind["float"]}
  ]

  # Words that no variable may be called in either language, and what this one calls so.
  @reserved ~w(after and catch do else end false fn in nil not or rescue true when def class import from is lambda pass if for
               while try with return raise yield global as assert async await break continue del elif except finally None True False
               object)

  @doc "`type` is what the docstring says of it."
  @spec plausible(list(), String.t() | nil) :: t()
  def plausible([name, _kind, _default | more], type) do
    written = Enum.at(more, 1)

    literal =
      of_kinds(Enum.at(more, 2), name) || of_words(written, name) || of_words(type, name) ||
        (written == nil and type == nil && of_name(name))

    literal || variable(name)
  end

  defp of_kinds(nil, _name), do: nil

  defp of_kinds(kinds, name) do
    case Enum.find(@preferred, &(&1 in kinds)) do
      "str" -> text(name)
      kind -> @of_kind[kind]
    end
  end

  defp of_words(nil, _name), do: nil

  defp of_words(text, name),
    do:
      Enum.find_value(@of_words, fn {words, literal} -> text =~ words && made(literal, name) end)

  defp of_name(name),
    do: Enum.find_value(@of_name, fn {names, literal} -> name =~ names && made(literal, name) end)

  defp made(:path, name),
    do: if(name =~ ~r/url/i, do: quoted("https://example.com"), else: quoted("data.csv"))

  defp made(:text, name), do: text(name)
  defp made(literal, _name), do: literal

  defp text(name) do
    cond do
      name =~ ~r/path|file|fname/i -> quoted("data.csv")
      name =~ ~r/ur[li]/i -> quoted("https://example.com")
      name =~ ~r/json/i -> {"~s({\"a\": 1})", "'{\"a\": 1}'"}
      name =~ ~r/date|time/i -> quoted("2024-01-31")
      name =~ ~r/sep|delim/i -> quoted(",")
      true -> quoted("text")
    end
  end

  defp quoted(text), do: {inspect(text), inspect(text)}

  defp variable(name) do
    word = Regex.replace(~r/[^a-z0-9_]/, String.downcase(name), "_")
    word = if word =~ ~r/^[a-z]/, do: word, else: "value" <> word
    word = if word in @reserved, do: word <> "_", else: word
    {word, word}
  end
end
