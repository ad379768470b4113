defmodule Envmgr.Libraries.Signature do
  # Parameters of the catalog: how many and which arguments they take, and how Python writes them.
  # Each is `[name, kind, default]`, `[name, kind, default, into]` or `[name, kind, default, into, type, accepts]`; kind 0
  # positional-only, 1 positional-or-keyword, 2 *args, 3 keyword-only, 4 **kwargs.
  @moduledoc false

  alias Envmgr.Near

  # Characters of a signature in a message.
  @brief 240

  @unlimited 0x7FFFFFFF
  @kinds {:positional_only, :positional_or_keyword, :var_positional, :keyword_only, :var_keyword}

  @type parameters :: [list()] | nil

  @typedoc "What an argument becomes: by position, in *args, by name, in **kwargs."
  @type hints ::
          {tuple(), String.t() | nil, %{String.t() => String.t() | nil}, String.t() | nil}

  @doc "With how many positional arguments, and nothing else, a call fits: `{least, most}`. Empty when none does."
  @spec positional(parameters()) :: {integer(), integer()}
  def positional(nil), do: {0, @unlimited}

  def positional(parameters) do
    if Enum.any?(parameters, &match?([_, 3, nil | _], &1)) do
      {1, 0}
    else
      least = Enum.count(parameters, fn [_, kind, default | _] -> kind < 2 and default == nil end)
      most = Enum.count(parameters, fn [_, kind | _] -> kind < 2 end)
      {least, if(variadic?(parameters, 2), do: @unlimited, else: most)}
    end
  end

  @doc "The types that parameters ask for, for the encoder; nil where none asks."
  @spec hints(parameters()) :: hints() | nil
  def hints(parameters) do
    if parameters && Enum.any?(parameters, &match?([_, _, _, into | _] when into != nil, &1)) do
      positions = for [_, kind | _] = parameter <- parameters, kind < 2, do: into(parameter)

      names =
        for [name, kind | _] = parameter <- parameters,
            kind in [1, 3],
            do: {name, into(parameter)}

      {List.to_tuple(positions), variadic(parameters, 2), Map.new(names), variadic(parameters, 4)}
    end
  end

  defp into(parameter), do: Enum.at(parameter, 3)

  defp variadic(parameters, kind),
    do: Enum.find_value(parameters, fn [_, k | _] = parameter -> k == kind && into(parameter) end)

  @doc "The parameter of each argument, those by position first; nil where there is none."
  @spec bound([list()], non_neg_integer(), [String.t()]) :: [list() | nil]
  def bound(parameters, count, names) do
    slots = Enum.filter(parameters, fn [_, kind | _] -> kind < 2 end)
    rest = Enum.find(parameters, &match?([_, 2 | _], &1))
    others = Enum.find(parameters, &match?([_, 4 | _], &1))
    placed = Enum.take(slots, count)

    named =
      for name <- names,
          do: Enum.find(parameters, others, &match?([^name, k | _] when k in [1, 3], &1))

    placed ++ List.duplicate(rest, count - length(placed)) ++ named
  end

  @doc "What is wrong with this many arguments by position and these names; empty when they fit."
  @spec problems(parameters(), non_neg_integer(), [String.t()]) :: [String.t()]
  def problems(nil, _count, _names), do: []

  def problems(parameters, count, names) do
    slots = for [name, kind, default | _] <- parameters, kind < 2, do: {name, kind, default}
    {taken, open} = Enum.split(slots, count)
    open_names = for {name, 1, _} <- open, do: name
    keyword_only = for [name, 3, default | _] <- parameters, do: {name, default}
    accepted = open_names ++ Enum.map(keyword_only, &elem(&1, 0))

    too_many(parameters, length(slots), count) ++
      Enum.flat_map(names, &keyword(&1, accepted, taken, slots, variadic?(parameters, 4))) ++
      missing(open ++ Enum.map(keyword_only, fn {name, default} -> {name, 3, default} end), names)
  end

  @doc "The signature as Python writes it, with the types that are known."
  @spec text(String.t(), parameters(), String.t() | nil) :: String.t()
  def text(path, parameters, returns \\ nil)
  def text(path, nil, returns), do: "#{path}(…)#{arrow(returns)}"

  def text(path, parameters, returns) do
    slash = Enum.count(parameters, &match?([_, 0 | _], &1))

    star =
      unless variadic?(parameters, 2), do: Enum.find_index(parameters, &match?([_, 3 | _], &1))

    words =
      parameters
      |> Enum.with_index()
      |> Enum.flat_map(fn {parameter, i} ->
        if(i == star, do: ["*"], else: []) ++
          [word(parameter)] ++ if(i + 1 == slash, do: ["/"], else: [])
      end)

    "#{path}(#{Enum.join(words, ", ")})#{arrow(returns)}"
  end

  @doc """
  For messages: the whole signature where it is short, else without types, else what is required or named by `names`, the
  rest left out.
  """
  @spec brief(String.t(), parameters(), String.t() | nil, [String.t()]) :: String.t()
  def brief(path, parameters, returns, names) do
    whole = text(path, parameters, returns)

    if String.length(whole) <= @brief or parameters == nil do
      whole
    else
      plain = text(path, Enum.map(parameters, &Enum.take(&1, 3)))
      if String.length(plain) <= @brief, do: plain, else: cut(path, parameters, names)
    end
  end

  defp cut(path, parameters, names) do
    words =
      parameters
      |> Enum.map(fn [name, kind, default | _] = parameter ->
        if (default == nil and kind not in [2, 4]) or name in names,
          do: if(kind == 3, do: "*, " <> word(parameter), else: word(parameter)),
          else: "…"
      end)
      |> Enum.dedup()

    "#{path}(#{once(words, "*, ")}); Envmgr.describe(#{inspect(path)}) has all of it"
  end

  # The star stands before the first that is by name alone.
  defp once(words, star) do
    {before, later} = Enum.split_while(words, &(not String.starts_with?(&1, star)))
    rest = later |> Enum.drop(1) |> Enum.map(&String.replace_prefix(&1, star, ""))
    Enum.join(before ++ Enum.take(later, 1) ++ rest, ", ")
  end

  @doc "A parameter as `functions/1` answers it."
  @spec parameter(list()) :: map()
  def parameter([name, kind, default | more]) do
    %{
      name: name,
      kind: elem(@kinds, kind),
      default: default,
      type: Enum.at(more, 1),
      into: Enum.at(more, 0)
    }
  end

  @doc "The type of a parameter as Python writes it; nil when it is not known."
  @spec type(list()) :: String.t() | nil
  def type(parameter), do: Enum.at(parameter, 4)

  defp arrow(nil), do: ""
  defp arrow(returns), do: " -> #{returns}"

  defp word([name, 2 | _] = parameter), do: "*#{name}#{colon(parameter)}"
  defp word([name, 4 | _] = parameter), do: "**#{name}#{colon(parameter)}"
  defp word([name, _kind, nil | _] = parameter), do: "#{name}#{colon(parameter)}"

  defp word([name, _kind, default | _] = parameter) do
    if type(parameter),
      do: "#{name}#{colon(parameter)} = #{default}",
      else: "#{name}=#{default}"
  end

  defp colon(parameter), do: if(type = type(parameter), do: ": #{type}", else: "")

  defp variadic?(parameters, kind), do: Enum.any?(parameters, &match?([_, ^kind | _], &1))

  defp too_many(parameters, most, count) do
    if count > most and not variadic?(parameters, 2),
      do: ["takes #{most} positional #{plural(most)}, #{count} given"],
      else: []
  end

  defp keyword(name, accepted, taken, slots, any?) do
    cond do
      name in accepted ->
        []

      Enum.any?(taken, &match?({^name, 1, _}, &1)) ->
        ["#{name} is given twice, by position and by name"]

      any? ->
        []

      Enum.any?(slots, &match?({^name, 0, _}, &1)) ->
        ["#{name} is accepted by position only"]

      true ->
        near = Near.hint(name, accepted)
        ["has no argument #{name}#{if near, do: ", " <> near}"]
    end
  end

  defp missing(open, names) do
    case for {name, kind, nil} <- open, kind == 0 or name not in names, do: name do
      [] -> []
      absent -> ["missing #{plural(length(absent))} #{Enum.join(absent, ", ")}"]
    end
  end

  defp plural(1), do: "argument"
  defp plural(_), do: "arguments"
end
