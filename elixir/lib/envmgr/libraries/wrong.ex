defmodule Envmgr.Libraries.Wrong do
  # Arguments of a kind that their parameter never takes, in words: what it takes, what was given, how to make one of the other.
  @moduledoc false

  alias Envmgr.Libraries.{Kinds, Signature, Types}
  alias Envmgr.Values.Secrets

  # Where a parameter takes several kinds: the likeliest to be meant first.
  @wanted ~w(int float str bytes list tuple set dict callable bool)

  @doc "What is wrong with the types, what to do about each, and of which parameters."
  @spec types(Signature.parameters(), list(), [{String.t(), term()}]) ::
          {problems :: [String.t()], advice :: [String.t()], names :: [String.t()]}
  def types(nil, _args, _kwargs), do: {[], [], []}

  def types(parameters, args, kwargs) do
    names = for {name, _value} <- kwargs, do: name
    values = args ++ for {_name, value} <- kwargs, do: value

    wrong =
      for {parameter, term} <- Enum.zip(Signature.bound(parameters, length(args), names), values),
          parameter != nil and not Kinds.fits?(term, Types.mask(parameter)),
          do: {problem(parameter, term), advice(Kinds.name(term), parameter, term), hd(parameter)}

    {Enum.map(wrong, &elem(&1, 0)), for({_, advice, _} <- wrong, advice, do: advice),
     Enum.map(wrong, &elem(&1, 2))}
  end

  defp problem([name | _] = parameter, term) do
    "#{name} takes #{type(parameter)}, not #{article(Kinds.name(term))}#{shown(name, term)}"
  end

  defp type([_name, _kind, _default, _into, type, accepts | _]),
    do: type || Enum.map_join(accepts, " | ", &if(&1 == "none", do: "None", else: &1))

  defp article("none"), do: "None"
  defp article("int"), do: "an int"
  defp article(kind), do: "a #{kind}"

  defp shown(_name, nil), do: ""

  defp shown(name, term) do
    if Secrets.name?(name),
      do: "",
      else: ": " <> (term |> inspect(limit: 5, printable_limit: 40) |> cut())
  end

  defp cut(text),
    do: if(String.length(text) > 60, do: String.slice(text, 0, 59) <> "…", else: text)

  defp advice(given, [name, _kind, default, _into, _type, accepts | _], term),
    do: convert(given, accepts, term) || fallback(given, name, default, accepts)

  defp convert(given, accepts, term) do
    # Who takes an int takes a bool, which is hardly meant.
    wanted = if "int" in accepts, do: @wanted -- ["bool"], else: @wanted
    Enum.find_value(wanted, &(&1 in accepts and way(given, &1, term)))
  end

  defp way("str", "int", text) when is_binary(text),
    do: number(Integer.parse(text), "String.to_integer/1", "int")

  defp way("str", "float", text) when is_binary(text),
    do: number(Float.parse(text), "String.to_float/1", "float")

  defp way("str", "bytes", text) when is_binary(text),
    do: "Envmgr.bytes/1 makes bytes of a binary"

  defp way("str", "callable", _), do: "pass a function, such as &String.upcase/1"

  defp way("str", "list", text) when is_binary(text),
    do: "put it into a list: [#{inspect(text, printable_limit: 20)}]"

  defp way("bytes", "str", _), do: "pass the binary itself for a str"
  defp way("int", "str", _), do: "Integer.to_string/1 makes a str of it"
  defp way("float", "str", _), do: "Float.to_string/1 makes a str of it"
  defp way("float", "int", _), do: "round/1 or trunc/1 makes an int of it"
  defp way("int", "bool", _), do: "pass true or false"
  defp way("str", "bool", _), do: "pass true or false"
  defp way("bool", "str", _), do: "to_string/1 makes a str of it"
  defp way("list", "tuple", _), do: "List.to_tuple/1 makes a tuple of it"
  defp way("list", "set", _), do: "MapSet.new/1 makes a set of it"

  defp way("list", "dict", [{key, _} | _]) when is_atom(key) or is_binary(key),
    do: "Map.new/1 makes a dict of it"

  defp way("tuple", "list", _), do: "pass a list instead of a tuple: Tuple.to_list/1"
  defp way("tuple", "set", _), do: "pass a MapSet instead of a tuple"
  defp way("set", "list", _), do: "MapSet.to_list/1 makes a list of it"

  defp way("dict", "list", _),
    do: "Map.to_list/1 makes a list of pairs of it, Map.values/1 one of its values"

  defp way(given, "list", term) when given in ["int", "float", "bool"],
    do: "put it into a list: [#{inspect(term)}]"

  defp way(_given, _wanted, _term), do: nil

  defp number({_value, ""}, function, kind), do: "#{function} makes #{article(kind)} of it"
  defp number(_no_number, _function, _kind), do: nil

  defp fallback("none", name, default, _accepts) when default != nil,
    do: "leave #{name} out for its default, #{default}"

  defp fallback(_given, _name, _default, ["callable"]),
    do: "pass a function, such as &String.upcase/1"

  defp fallback(_given, _name, _default, _accepts), do: nil
end
