defmodule Envmgr.Command.Compiled.Shapes do
  # How many arguments a call passes by position, and which by name, as far as code says so; by the rules of `Envmgr.Calls.Arguments`.
  @moduledoc false

  alias Envmgr.Command.Compiled.{Code, Sites, Values}
  alias Envmgr.Command.Compiled.Sites.Frame

  @typedoc "`more`: of what there may be more than that, since it is made when the call runs."
  @type t :: %{
          positional: non_neg_integer(),
          keywords: [String.t()],
          more: [:keywords | :positional]
        }

  @most_wrapped 8
  @most 20
  @unknown %{positional: 0, keywords: [], more: [:keywords, :positional]}
  @puts [{Keyword, :put}, {Keyword, :put_new}, {Map, :put}, {Map, :put_new}]
  @merges [{Keyword, :merge}, {Map, :merge}, {:maps, :merge}]

  @doc "Nothing is known of it."
  @spec unknown() :: t()
  def unknown, do: @unknown

  @doc """
  Of a call's arguments (nil: it has none), each with the place that decides it: where they are what a wrapper was given, the wrapper's
  callers.
  """
  @spec of(Code.form() | nil, Frame.t(), String.t()) :: [{t(), place :: String.t()}]
  def of(form, frame, place), do: form |> decided(frame, place, @most_wrapped) |> Enum.uniq()

  defp decided(form, frame, place, wrapped) do
    shapes = form |> shapes(frame) |> Enum.uniq() |> Enum.take(@most)
    {given, known} = Enum.split_with(shapes, &elem(&1, 1))
    callers = if given == [] or wrapped == 0, do: [], else: Sites.callers(frame)

    for({shape, _} <- known, do: {shape, place}) ++
      case callers do
        [] ->
          for {shape, _} <- given, do: {shape, place}

        callers ->
          Enum.flat_map(callers, fn
            {nil, at} -> [{@unknown, at}]
            {called, at} -> decided(form, called, at, wrapped - 1)
          end)
      end
  end

  # With each, whether callers decide a part of it.
  defp shapes(nil, _frame), do: [{shape(0, []), false}]

  defp shapes(form, frame) do
    case part(form, frame) do
      {:ok, parts} -> parts
      :error -> for value <- Values.of(form, frame), shape <- whole(value), do: shape
    end
  end

  defp whole({:tuple, [{args, args_frame}, {named, named_frame}]}) do
    for {left, given} <- shapes(args, args_frame), {right, too} <- named(named, named_frame) do
      {%{
         positional: left.positional,
         keywords: right.keywords,
         more: Enum.sort((left.more -- [:keywords]) ++ (right.more -- [:positional]))
       }, given or too}
    end
  end

  defp whole({:map, fields}) do
    names = for {{key, frame}, _value} <- fields, do: name(key, frame)
    [{shape(0, names), false}]
  end

  defp whole({:list, [], true}), do: [{shape(0, []), false}]

  defp whole({:list, items, whole?}) do
    rest = if whole?, do: shape(0, []), else: @unknown

    all =
      List.foldr(items, rest, fn {form, frame}, rest ->
        concatenated(single(form, frame), rest)
      end)

    [{all, false}]
  end

  defp whole({:parameter, _text}), do: [{@unknown, true}]
  defp whole({:begins, _text}), do: [{@unknown, false}]
  defp whole(_wrong), do: []

  # The second of `{args, named}`: no list of it is positional.
  defp named(form, frame) do
    for {shape, given?} <- shapes(form, frame), do: {%{shape | positional: 0}, given?}
  end

  # What is made of arguments that are known in part.
  defp part({:match, _, _pattern, form}, frame), do: {:ok, shapes(form, frame)}

  defp part({:case, _, _subject, clauses}, frame), do: branches(clauses, frame)

  defp part({:if, _, clauses}, frame), do: branches(clauses, frame)

  # `%{map | name: value}`, and what `Map.put/3` becomes.
  defp part({:map, _, form, fields}, frame) do
    names = for {_assoc, _, key, _value} <- fields, do: name(key, frame)
    {:ok, joined(form, frame, [{shape(0, names), false}])}
  end

  defp part(
         {:call, _, {:remote, _, {:atom, _, module}, {:atom, _, name}}, [form, more | _]},
         frame
       ) do
    cond do
      {module, name} in @puts ->
        {:ok, joined(form, frame, [{shape(0, [name(more, frame)]), false}])}

      {module, name} in @merges ->
        {:ok, joined(form, frame, named(more, frame))}

      {module, name} == {:erlang, :++} ->
        added(form, more, frame)

      true ->
        :error
    end
  end

  defp part({:op, _, :++, form, more}, frame), do: added(form, more, frame)

  defp part({:cons, _, head, tail}, frame) do
    first = single(head, frame)
    {:ok, for({rest, given?} <- shapes(tail, frame), do: {concatenated(first, rest), given?})}
  end

  defp part({:var, _, name}, frame) do
    meant = for {form, frame} <- meant(name, frame), do: {form, frame, part(form, frame)}

    if Enum.any?(meant, &match?({_, _, {:ok, _}}, &1)),
      do: {:ok, Enum.flat_map(meant, &either/1)},
      else: :error
  end

  defp part(_form, _frame), do: :error

  # Without itself: a variable that is made of itself has no end.
  defp meant(name, frame) do
    case frame do
      %{bound: %{^name => forms}} ->
        for form <- forms, do: {form, %{frame | bound: Map.delete(frame.bound, name)}}

      %{parameters: %{^name => at}, caller: {arguments, caller}} ->
        [{Enum.at(arguments, at), caller}]

      _other ->
        []
    end
  end

  defp either({_form, _frame, {:ok, shapes}}), do: shapes
  defp either({form, frame, :error}), do: shapes(form, frame)

  defp branches(clauses, frame) do
    {:ok,
     for({:clause, _, _, _, body} <- clauses, shape <- shapes(List.last(body), frame), do: shape)}
  end

  defp added(left, right, frame) do
    {:ok,
     for {left, given} <- shapes(left, frame), {right, too} <- shapes(right, frame) do
       {concatenated(left, right), given or too}
     end}
  end

  # One element that is no name makes all of them positional.
  defp concatenated(left, right) do
    keywords = left.keywords ++ right.keywords
    more = Enum.uniq(left.more ++ right.more)

    cond do
      left.positional + right.positional > 0 ->
        positional = left.positional + right.positional + length(keywords)
        %{positional: positional, keywords: [], more: if(more == [], do: [], else: [:positional])}

      keywords != [] ->
        %{shape(0, Enum.uniq(keywords)) | more: if(more == [], do: [], else: [:keywords])}

      true ->
        %{shape(0, []) | more: Enum.sort(more)}
    end
  end

  defp joined(form, frame, others) do
    for {left, given} <- named(form, frame), {right, too} <- others do
      {%{
         positional: 0,
         keywords: Enum.uniq(left.keywords ++ right.keywords) |> Enum.sort(),
         more: Enum.uniq(left.more ++ right.more) -- [:positional]
       }, given or too}
    end
  end

  defp single(form, frame) do
    case key(form, frame) do
      :error -> shape(1, [])
      name -> shape(0, [name])
    end
  end

  defp key(form, frame) do
    case Values.of(form, frame) do
      [{:tuple, [{key, key_frame}, _value]}] ->
        if match?([{:literal, atom}] when is_atom(atom), Values.of(key, key_frame)),
          do: name(key, key_frame),
          else: :error

      _other ->
        :error
    end
  end

  defp name(form, frame) do
    case Values.of(form, frame) do
      [{:literal, name}] when is_atom(name) -> Atom.to_string(name)
      [name] when is_binary(name) -> name
      _unknown -> nil
    end
  end

  # A name that is not known is one more.
  defp shape(positional, names) do
    known = Enum.reject(names, &is_nil/1)
    shape = %{positional: positional, keywords: Enum.sort(known), more: []}
    if nil in names, do: more(shape, [:keywords]), else: shape
  end

  defp more(shape, kinds), do: %{shape | more: Enum.uniq(shape.more ++ kinds) |> Enum.sort()}
end
