defmodule Envmgr.Command.Compiled.Uses do
  # What is called through Envmgr's functions. An argument that a function was given is looked for where that is called, so
  # that wrappers of a user's own count where they are used.
  @moduledoc false

  alias Envmgr.Command.Compiled.{Code, Items, Objects, Shapes, Sites, Values}
  alias Envmgr.Command.Compiled.Sites.Frame

  @called for(name <- [:execute, :execute!, :async, :stream], arity <- 1..3, do: {name, arity}) ++
            [map: 2, map: 3]
  @named for({name, arities} <- [method: 2..4, attr: 2..3], arity <- arities, do: {name, arity})
  @most_wrapped 8

  @type shapes :: [{Shapes.t(), place :: String.t()}]
  @type use ::
          {:function, path :: String.t(), place :: String.t(), shapes()}
          | {:method, name :: String.t(), on :: String.t() | nil, place :: String.t(), shapes()}
          | {:unknown, place :: String.t(), call :: String.t(), begins :: String.t()}

  @spec all(Sites.t()) :: [use()]
  def all(index), do: sites(index, @called, &called/1) ++ sites(index, @named, &named/1)

  defp sites(index, functions, look) do
    for {name, arity} <- functions,
        site <- Sites.of(index, {Envmgr, name, arity}),
        use <- look.(Map.put(site, :call, "#{name}/#{arity}")),
        do: use
  end

  # Taken as a value: `&Envmgr.execute/2`.
  defp called(%{arguments: []} = site), do: [{:unknown, site.place, site.call, ""}]

  defp called(%{arguments: [target | more]} = site) do
    targets =
      for {value, place, frame} <- settled(target, site.frame, site.place),
          shapes = shapes(site.called, Enum.at(more, 0), frame, place),
          use <- target(value, place, shapes, site.call),
          do: use

    targets ++ fallbacks(Enum.at(more, 1), site)
  end

  defp shapes({Envmgr, :map, _arity}, items, frame, place),
    do:
      for(
        {item, frame} <- Items.of(items, frame),
        shape <- Shapes.of(item, frame, place),
        uniq: true,
        do: shape
      )

  defp shapes(_called, arguments, frame, place), do: Shapes.of(arguments, frame, place)

  defp target(path, place, shapes, _call) when is_binary(path),
    do: [{:function, path, place, shapes}]

  defp target({:list, [{first, frame} | steps], _whole?}, place, _shapes, call) do
    for value <- Values.of(first, frame),
        use <- chain(value, {first, frame}, steps, place, call),
        do: use
  end

  defp target({:begins, text}, place, _shapes, call), do: [{:unknown, place, call, text}]
  defp target(_wrong, _place, _shapes, _call), do: []

  defp chain({:tuple, [{kind, frame}, {path, path_frame} | args]}, _first, steps, place, call) do
    case Values.of(kind, frame) do
      [{:literal, :call}] ->
        for {value, at, called} <- settled(path, path_frame, place),
            shapes = Shapes.of(form(args), called, at),
            use <- target(value, at, shapes, call) ++ steps(steps, known(value), at),
            do: use

      _ref ->
        of_object({path, path_frame}, steps, place)
    end
  end

  defp chain(_ref, first, steps, place, _call), do: of_object(first, steps, place)

  defp of_object({form, frame}, steps, place) do
    for on <- Objects.made_by(form, frame), use <- steps(steps, on, place), do: use
  end

  defp form([]), do: nil
  defp form([{form, _frame} | _]), do: form

  defp known(path) when is_binary(path), do: path
  defp known(_unknown), do: nil

  # Of the first step after it is known what it is of.
  defp steps(steps, on, place) do
    for {{step, frame}, at} <- Enum.with_index(steps),
        {:tuple, [{kind, kind_frame}, {name, name_frame} | args]} <- Values.of(step, frame),
        {:literal, kind} when kind in [:method, :attr] <- Values.of(kind, kind_frame),
        name when is_binary(name) <- Values.of(name, name_frame) do
      shapes = if kind == :method, do: Shapes.of(form(args), name_frame, place), else: read(place)
      {:method, name, if(at == 0, do: on), place, shapes}
    end
  end

  # A method that is read as an attribute is called elsewhere.
  defp read(place), do: [{Shapes.unknown(), place}]

  defp fallbacks(nil, _site), do: []

  defp fallbacks(options, site) do
    for {:list, options, _whole?} <- Values.of(options, site.frame),
        {option, frame} <- options,
        {:tuple, [{key, key_frame}, {value, value_frame}]} <- Values.of(option, frame),
        Values.of(key, key_frame) == [{:literal, :fallback}],
        path <- paths(value, value_frame) do
      arguments = Enum.at(site.arguments, 1)
      {:function, path, site.place, Shapes.of(arguments, site.frame, site.place)}
    end
  end

  defp paths(form, frame) do
    Enum.flat_map(Values.of(form, frame), fn
      path when is_binary(path) -> [path]
      {:list, items, _whole?} -> Enum.flat_map(items, fn {form, frame} -> paths(form, frame) end)
      _other -> []
    end)
  end

  defp named(%{arguments: [ref, name | args]} = site) do
    for {value, place, frame} <- settled(name, site.frame, site.place),
        on <- Objects.made_by(ref, frame) do
      case value do
        name when is_binary(name) -> {:method, name, on, place, passed(site, args, frame, place)}
        {:begins, text} -> {:unknown, place, site.call, text}
        _wrong -> {:unknown, place, site.call, ""}
      end
    end
  end

  defp named(site), do: [{:unknown, site.place, site.call, ""}]

  defp passed(%{called: {Envmgr, :method, _arity}}, args, frame, place),
    do: Shapes.of(Enum.at(args, 0), frame, place)

  defp passed(_attribute, _args, _frame, place), do: read(place)

  # Values with the place that decides them, and the frame that they have there.
  @spec settled(Code.form(), Frame.t(), String.t(), non_neg_integer()) :: [
          {Values.value(), String.t(), Frame.t()}
        ]
  defp settled(form, frame, place, wrapped \\ @most_wrapped) do
    {given, known} = form |> Values.of(frame) |> Enum.split_with(&match?({:parameter, _}, &1))
    callers = if given == [] or wrapped == 0, do: [], else: Sites.callers(frame)

    Enum.map(known, &{&1, place, frame}) ++
      case callers do
        [] ->
          for {:parameter, text} <- given, do: {{:begins, text}, place, frame}

        callers ->
          for {called, at} <- callers,
              {value, at, called} <- from(called, at, form, frame, wrapped),
              value not in known,
              do: {value, at, called}
      end
  end

  # A function that was taken as a value may be called with anything.
  defp from(nil, place, _form, frame, _wrapped), do: [{{:begins, ""}, place, frame}]
  defp from(called, place, form, _frame, wrapped), do: settled(form, called, place, wrapped - 1)
end
