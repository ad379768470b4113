defmodule Envmgr.Libraries.Literal do
  # Plausible arguments for examples: what a parameter's type, else its name, lets one expect. The command line's examples are
  # made by the same tables (envmgr/catalog/literals.py).
  @moduledoc false

  @typedoc "Numbers, text, booleans, nil and lists are themselves; a name is what the reader has."
  @type t ::
          number()
          | String.t()
          | boolean()
          | nil
          | [t()]
          | {:name, String.t()}
          | {:function, arity()}
          | {:bytes, String.t()}
          | {:tuple | :set, [t()]}
          | {:dict, [{String.t(), t()}]}

  @floats [1.0, 2.0, 3.0]
  @rows [@floats, @floats]
  @by_kind %{
    "str" => "text",
    "int" => 3,
    "float" => 0.5,
    "list" => [1, 2, 3],
    "dict" => {:dict, [{"a", 1}]},
    "bool" => true,
    "complex" => 0.5,
    "bytes" => {:bytes, "text"},
    "set" => {:set, [1, 2, 3]},
    "tuple" => {:tuple, [1, 2, 3]}
  }
  # The first of these that a parameter accepts.
  @preferred ~w(str float int dict bool complex bytes set tuple list callable)

  @by_type [
    {~r/^(?:typing\.)?Callable\b/u, :function},
    {~r/\b(?:FilePath|StrPath|PathLike|StrOrBytesPath|Path|FileDescriptorOrPath)\b/u, "data.csv"},
    {~r/ArrayLike|_SeriesLike|\bNDArray\b|\bndarray\b|\barray[_-]like\b/u, @floats},
    {~r/^(?:[\w.]*\.)?(?:Sequence|Iterable|Collection|list|List|Sized|Container)\b/u, [1, 2, 3]},
    {~r/^(?:[\w.]*\.)?(?:tuple|Tuple)\b/u, {:tuple, [1, 2, 3]}},
    {~r/^(?:[\w.]*\.)?(?:set|Set|AbstractSet|frozenset)\b/u, {:set, [1, 2, 3]}},
    {~r/^(?:[\w.]*\.)?(?:Mapping|dict|Dict|MutableMapping)\b/u, {:dict, [{"a", 1}]}},
    {~r/_ShapeLike|\bShape\b/u, [2, 3]},
    {~r/Supports(?:Float|Complex|Abs|Rich)|\bFloat|\bReal\b|Number|_NumberT/u, 0.5},
    {~r/Supports(?:Index|Int|Trunc)|_IntLike|\bIntegral\b/u, 3},
    {~r/\bstr\b|LiteralString|AnyStr/u, "text"},
    {~r/\bfloat\b/u, 0.5},
    {~r/\bint\b/u, 3},
    {~r/\bbool\b/u, true},
    {~r/\bbytes\b|Buffer\b/u, {:bytes, "text"}},
    {~r/^(?:Any|object)$/u, [1, 2, 3]}
  ]

  @by_name [
    {~r/^(?:func|function|fn|callback|callable|predicate)$/, {:function, 1}},
    {~r/path|file|fname|filename/, "data.csv"},
    {~r/^url$|_url$/, "https://example.com"},
    {~r/^(?:[axyv]|[axyv]\d|arr|arrays?|array_like|data|values?|m|seq|sequence|iterable|weights)$/,
     @floats},
    {~r/^X$|^(?:rows|matrix)$/, @rows},
    {~r/^(?:n|k|i|num|count|size|length|axis|nums?|n_\w+|\w+_count|index|seed|start|stop)$/u, 3},
    {~r/^(?:shape|newshape)$/, [2, 3]},
    {~r/^(?:s|string|text|name|key|label|title|pattern|prefix|suffix|\w+_name)$/u, "text"},
    {~r/^(?:obj|object|o|value)$/, [1, 2, 3]}
  ]

  @two_axes ~r/\bshape\b[^(]*\(\s*\w+\s*,\s*\w+/
  @literal ~r/\bLiteral\[\s*(?:'([^'"\\]*)'|"([^'"\\]*)")/
  @callable ~r/Callable\[\[([^\[\]]*)\]/

  # Words that are no variables, of Python and of Elixir.
  @reserved ~w(after and as assert async await break catch class continue def del do elif else end except false finally fn for
               from global if import in is lambda nil nonlocal not or pass raise rescue return true try when while with yield)

  @doc "For a parameter of the catalog. `said` is its type in the docstring."
  @spec argument(list(), String.t() | nil) :: t()
  def argument([name, _kind, _default | more], said) do
    {text, kinds} = {Enum.at(more, 1), Enum.at(more, 2)}
    chosen = chosen(text)

    cond do
      chosen && (kinds == nil or "str" in kinds) -> chosen
      kinds not in [nil, []] -> of_kinds(kinds, name, text)
      text in [nil, ""] and (name == "X" or (said || "") =~ @two_axes) -> @rows
      found = of_type(text) || of_type(said) -> found
      text not in [nil, ""] -> {:name, variable(name)}
      true -> named(name) || {:name, variable(name)}
    end
  end

  defp chosen(nil), do: nil

  defp chosen(text) do
    case Regex.run(@literal, text) do
      nil -> nil
      found -> List.last(found)
    end
  end

  defp of_kinds(kinds, name, text) do
    kind = Enum.find(@preferred, &(&1 in kinds))
    named = kind == "str" && named(name)

    cond do
      is_binary(named) -> named
      kind == "callable" -> {:function, arity(text || "")}
      true -> @by_kind[kind]
    end
  end

  defp of_type(known) when known in [nil, ""], do: nil

  defp of_type(known) do
    case Enum.find(@by_type, fn {pattern, _value} -> known =~ pattern end) do
      {_pattern, :function} -> {:function, arity(known)}
      {_pattern, value} -> value
      nil -> nil
    end
  end

  defp named(name) do
    with {_pattern, value} <- Enum.find(@by_name, fn {pattern, _value} -> name =~ pattern end),
         do: value
  end

  defp arity(text) do
    case Regex.run(@callable, text) do
      [_, given] -> given |> String.split(",") |> Enum.count(&(String.trim(&1) != ""))
      nil -> 1
    end
  end

  @doc "A name that both languages take for a variable."
  @spec variable(String.t()) :: String.t()
  def variable(name) do
    word = Regex.replace(~r/\W/u, String.downcase(name), "_")
    word = Regex.replace(~r/^[_0-9]+|[_0-9]+$/, word, "")
    if word =~ ~r/^[a-z]\w*$/ and word not in @reserved, do: word, else: "value"
  end
end
