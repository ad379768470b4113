defmodule Envmgr.Command.Compiled.Values do
  # What an expression can be, as far as code says so: literals, what is made of them, what a branch, a map, a function or an argument
  # gives. What only a run can tell is unknown.
  @moduledoc false

  alias Envmgr.Command.Compiled.{Code, Sites}
  alias Envmgr.Command.Compiled.Sites.Frame

  @typedoc """
  A binary is a text. `{:begins, text}`: a text of which that much is known. `{:parameter, text}`: it begins so and depends on who calls the function. Parts of
  lists, tuples and maps are expressions with their frames.
  """
  @type value ::
          String.t()
          | {:begins, String.t()}
          | {:literal, term()}
          | {:list, [held()], whole? :: boolean()}
          | {:tuple, [held()]}
          | {:map, [{held(), held()}]}
          | {:parameter, String.t()}
  @type held :: {Code.form(), Frame.t()}

  @deepest 24
  @most 200
  @entered 3
  @lookups [
    {:maps, :get, 1, 0},
    {Map, :fetch!, 0, 1},
    {Map, :get, 0, 1},
    {Keyword, :fetch!, 0, 1},
    {Keyword, :get, 0, 1},
    {Access, :get, 0, 1},
    {:erlang, :map_get, 1, 0}
  ]
  @raise [:error, :raise, :throw, :exit]

  @doc "Every value that it can have; `{:begins, text}` among them where some are unknown."
  @spec of(Code.form(), Frame.t()) :: [value(), ...]
  def of(form, frame), do: form |> value(frame, @deepest) |> Enum.uniq() |> Enum.take(@most)

  @unknown [{:begins, ""}]

  defp value(_form, _frame, 0), do: @unknown

  defp value({:bin, _, elements}, frame, depth),
    do: Enum.reduce(elements, [""], &joined(&2, element(&1, frame, depth)))

  defp value({:var, _, name}, frame, depth), do: variable(name, frame, depth)
  defp value({:atom, _, atom}, _frame, _depth), do: [{:literal, atom}]
  defp value({:integer, _, number}, _frame, _depth), do: [{:literal, number}]
  defp value({nil, _}, _frame, _depth), do: [{:list, [], true}]

  defp value({:cons, _, head, tail}, frame, depth) do
    for tail <- value(tail, frame, depth - 1) do
      case tail do
        {:list, rest, whole?} -> {:list, [{head, frame} | rest], whole?}
        _unknown -> {:list, [{head, frame}], false}
      end
    end
  end

  defp value({:op, _, :++, left, right}, frame, depth), do: added(left, right, frame, depth)

  defp value(
         {:call, _, {:remote, _, {:atom, _, :erlang}, {:atom, _, :++}}, [left, right]},
         frame,
         depth
       ),
       do: added(left, right, frame, depth)

  defp value({:tuple, _, parts}, frame, _depth),
    do: [{:tuple, for(part <- parts, do: {part, frame})}]

  defp value({:map, _, fields}, frame, _depth),
    do: [{:map, for({_assoc, _, key, value} <- fields, do: {{key, frame}, {value, frame}})}]

  defp value({:match, _, _pattern, form}, frame, depth), do: value(form, frame, depth)
  defp value({:block, _, forms}, frame, depth), do: last(forms, frame, depth)

  defp value({:case, _, subject, clauses}, frame, depth) do
    if interpolation?(clauses),
      do: subject |> value(frame, depth - 1) |> Enum.map(&text/1),
      else: branches(clauses, frame, depth)
  end

  defp value({:if, _, clauses}, frame, depth), do: branches(clauses, frame, depth)

  defp value({:element, list}, frame, depth) do
    for list <- value(list, frame, depth - 1), value <- items(list, depth), do: value
  end

  defp value({:part, whole, at}, frame, depth) do
    for whole <- value(whole, frame, depth - 1),
        value <- part(whole, at, depth),
        do: value
  end

  defp value({:call, _, {:remote, _, {:atom, _, :erlang}, {:atom, _, name}}, _}, _frame, _depth)
       when name in @raise,
       do: []

  defp value(
         {:call, _, {:remote, _, {:atom, _, module}, {:atom, _, name}}, arguments},
         frame,
         depth
       )
       when {module, name} in [
              {String.Chars, :to_string},
              {Atom, :to_string},
              {:erlang, :atom_to_binary}
            ],
       do: arguments |> hd() |> value(frame, depth - 1) |> Enum.map(&text/1)

  defp value(
         {:call, _, {:remote, _, {:atom, _, module}, {:atom, _, name}}, arguments},
         frame,
         depth
       ) do
    case Enum.find(@lookups, &match?({^module, ^name, _, _}, &1)) do
      {_, _, map, key} when length(arguments) >= 2 ->
        found(Enum.at(arguments, map), Enum.at(arguments, key), frame, depth)

      _none ->
        returned({module, name, length(arguments)}, arguments, frame, depth)
    end
  end

  defp value({:call, _, {:atom, _, name}, arguments}, frame, depth) do
    returned(
      put_elem({elem(frame.function, 0), name, 0}, 2, length(arguments)),
      arguments,
      frame,
      depth
    )
  end

  defp value(_form, _frame, _depth), do: @unknown

  defp added(left, right, frame, depth) do
    for left <- value(left, frame, depth - 1), right <- value(right, frame, depth - 1) do
      case {left, right} do
        {{:list, a, true}, {:list, b, whole?}} -> {:list, a ++ b, whole?}
        {{:list, a, _}, _} -> {:list, a, false}
        {{:parameter, _} = given, _} -> given
        _unknown -> {:begins, ""}
      end
    end
  end

  defp variable(name, frame, depth) do
    case frame do
      %{bound: %{^name => forms}} ->
        Enum.flat_map(forms, &value(&1, frame, depth - 1))

      %{parameters: %{^name => at}, caller: {arguments, caller}} ->
        arguments |> Enum.at(at) |> value(caller, depth - 1)

      %{parameters: %{^name => _at}} ->
        [{:parameter, ""}]

      _other ->
        @unknown
    end
  end

  # What a function of this code gives back.
  defp returned(mfa, arguments, frame, depth) do
    clauses = Map.get(frame.index.clauses, mfa, [])

    # One that calls itself has soon given all that it can, and costs as much again each time.
    case if(entered(frame, mfa) < @entered, do: clauses, else: []) do
      [] ->
        @unknown

      clauses ->
        for {:clause, _, patterns, _, body} = clause <- clauses,
            fits?(patterns, arguments, frame, depth),
            called = %{Sites.frame(mfa, clause, frame.index) | caller: {arguments, frame}},
            value <- last(body, called, depth - 1),
            do: value
    end
  end

  defp entered(frame, mfa) do
    above = if frame.caller, do: frame.caller |> elem(1) |> entered(mfa), else: 0
    if frame.function == mfa, do: above + 1, else: above
  end

  defp fits?(patterns, arguments, frame, depth) do
    Enum.zip(patterns, arguments)
    |> Enum.all?(fn
      {{:atom, _, atom}, argument} ->
        possible?({:literal, atom}, argument, frame, depth)

      {{:bin, _, _} = text, argument} ->
        text |> value(frame, depth) |> hd() |> possible?(argument, frame, depth)

      _other ->
        true
    end)
  end

  defp possible?(wanted, argument, frame, depth) do
    argument
    |> value(frame, depth - 1)
    |> Enum.any?(&(&1 == wanted or not (is_binary(&1) or match?({:literal, _}, &1))))
  end

  defp found(map, key, frame, depth) do
    keys = value(key, frame, depth - 1)

    for map <- value(map, frame, depth - 1), value <- chosen(map, keys, depth), do: value
  end

  defp chosen({:map, fields}, keys, depth) do
    named =
      for {{key, frame}, value} <- fields, hd(value(key, frame, depth - 1)) in keys, do: value

    # Any of them, where nothing tells which.
    chosen = if named == [], do: Enum.map(fields, &elem(&1, 1)), else: named
    Enum.flat_map(chosen, fn {form, frame} -> value(form, frame, depth - 1) end)
  end

  defp chosen({:list, pairs, true}, keys, depth) do
    fields =
      for {form, frame} <- pairs,
          {:tuple, [key, value]} <- value(form, frame, depth - 1),
          do: {key, value}

    chosen({:map, fields}, keys, depth)
  end

  defp chosen({:parameter, _} = given, _keys, _depth), do: [given]
  defp chosen(_unknown, _keys, _depth), do: @unknown

  defp items({:list, items, whole?}, depth) do
    known = Enum.flat_map(items, fn {form, frame} -> value(form, frame, depth - 1) end)
    if whole?, do: known, else: known ++ @unknown
  end

  defp items({:parameter, _} = given, _depth), do: [given]
  defp items({:map, fields}, _depth), do: for({key, value} <- fields, do: {:tuple, [key, value]})
  defp items(_other, _depth), do: @unknown

  defp part({:tuple, parts}, at, depth) do
    case Enum.at(parts, at) do
      nil -> []
      {form, frame} -> value(form, frame, depth - 1)
    end
  end

  defp part({:parameter, _} = given, _at, _depth), do: [given]
  defp part(_unknown, _at, _depth), do: @unknown

  defp branches(clauses, frame, depth),
    do: for({:clause, _, _, _, body} <- clauses, value <- last(body, frame, depth - 1), do: value)

  defp last(forms, frame, depth), do: forms |> List.last() |> value(frame, depth)

  # `"#{x}"` is a branch: a text as it is, or else what the protocol makes of it.
  defp interpolation?(clauses) do
    Enum.any?(clauses, fn {:clause, _, _, _, body} ->
      match?(
        [{:call, _, {:remote, _, {:atom, _, String.Chars}, {:atom, _, :to_string}}, _}],
        body
      )
    end)
  end

  defp element({:bin_element, _, {:string, _, chars}, :default, kind}, _frame, _depth) do
    if kind in [:default, [:utf8]], do: [List.to_string(bytes(chars, kind))], else: @unknown
  end

  defp element({:bin_element, _, form, _, [:binary]}, frame, depth),
    do: form |> value(frame, depth - 1) |> Enum.map(&text/1)

  defp element(_other, _frame, _depth), do: @unknown

  defp bytes(chars, :default), do: [:erlang.list_to_binary(chars)]
  defp bytes(chars, _utf8), do: chars

  defp text(text) when is_binary(text), do: text
  defp text({:literal, term}), do: to_string(term)
  defp text({:parameter, text}), do: {:parameter, text}
  defp text({:begins, text}), do: {:begins, text}
  defp text(_other), do: {:begins, ""}

  defp joined(lefts, rights) do
    Enum.take(for(left <- lefts, right <- rights, do: join(left, right)), @most)
  end

  defp join(left, right) when is_tuple(left) and not is_tuple(right), do: left
  # What the callers know decides first.
  defp join({_, text}, {:parameter, _}), do: {:parameter, text}
  defp join(left, _right) when is_tuple(left), do: left
  defp join(left, {kind, text}), do: {kind, left <> text}
  defp join(left, right), do: left <> right
end
