defmodule Envmgr.Command.Compiled.Uses do
  # What is called through Envmgr's functions. An argument that a function was given is looked for where that is called, so
  # that wrappers of a user's own count where they are used.
  @moduledoc false

  alias Envmgr.Command.Compiled.{Code, Sites, Values}
  alias Envmgr.Command.Compiled.Sites.Frame

  @called for(name <- [:execute, :execute!, :async, :stream], arity <- 1..3, do: {name, arity}) ++
            [map: 2, map: 3]
  @named for({name, arities} <- [method: 2..4, attr: 2..3], arity <- arities, do: {name, arity})
  @most_wrapped 8

  @type use ::
          {:function, path :: String.t(), place :: String.t()}
          | {:method, name :: String.t(), on :: String.t() | nil, place :: String.t()}
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
      for {value, place} <- settled(target, site.frame, site.place),
          use <- target(value, place, site.call),
          do: use

    targets ++ fallbacks(Enum.at(more, 1), site)
  end

  defp target(path, place, _call) when is_binary(path), do: [{:function, path, place}]

  defp target({:list, [{first, frame} | steps], _whole?}, place, call) do
    for value <- Values.of(first, frame), use <- chain(value, steps, place, call), do: use
  end

  defp target({:begins, text}, place, call), do: [{:unknown, place, call, text}]
  defp target(_wrong, _place, _call), do: []

  defp chain({:tuple, [{kind, frame}, {path, path_frame} | _args]}, steps, place, call) do
    case Values.of(kind, frame) do
      [{:literal, :call}] ->
        for {value, at} <- settled(path, path_frame, place),
            use <- target(value, at, call) ++ steps(steps, known(value), at),
            do: use

      _ref ->
        steps(steps, nil, place)
    end
  end

  # An object.
  defp chain(_ref, steps, place, _call), do: steps(steps, nil, place)

  defp known(path) when is_binary(path), do: path
  defp known(_unknown), do: nil

  # Of the first step after it is known what it is of.
  defp steps(steps, on, place) do
    for {{step, frame}, at} <- Enum.with_index(steps),
        {:tuple, [{kind, kind_frame}, {name, name_frame} | _args]} <- Values.of(step, frame),
        {:literal, kind} when kind in [:method, :attr] <- Values.of(kind, kind_frame),
        name when is_binary(name) <- Values.of(name, name_frame),
        do: {:method, name, if(at == 0, do: on), place}
  end

  defp fallbacks(nil, _site), do: []

  defp fallbacks(options, site) do
    for {:list, options, _whole?} <- Values.of(options, site.frame),
        {option, frame} <- options,
        {:tuple, [{key, key_frame}, {value, value_frame}]} <- Values.of(option, frame),
        Values.of(key, key_frame) == [{:literal, :fallback}],
        path <- paths(value, value_frame),
        do: {:function, path, site.place}
  end

  defp paths(form, frame) do
    Enum.flat_map(Values.of(form, frame), fn
      path when is_binary(path) -> [path]
      {:list, items, _whole?} -> Enum.flat_map(items, fn {form, frame} -> paths(form, frame) end)
      _other -> []
    end)
  end

  defp named(%{arguments: [_ref, name | _args]} = site) do
    for {value, place} <- settled(name, site.frame, site.place) do
      case value do
        name when is_binary(name) -> {:method, name, nil, place}
        {:begins, text} -> {:unknown, place, site.call, text}
        _wrong -> {:unknown, place, site.call, ""}
      end
    end
  end

  defp named(site), do: [{:unknown, site.place, site.call, ""}]

  # Values with the place that decides them.
  @spec settled(Code.form(), Frame.t(), String.t(), non_neg_integer()) :: [
          {Values.value(), String.t()}
        ]
  defp settled(form, frame, place, wrapped \\ @most_wrapped) do
    {given, known} = form |> Values.of(frame) |> Enum.split_with(&match?({:parameter, _}, &1))

    callers = if given == [] or wrapped == 0, do: [], else: Sites.of(frame.index, root(frame))

    Enum.map(known, &{&1, place}) ++
      case callers do
        [] ->
          for {:parameter, text} <- given, do: {{:begins, text}, place}

        sites ->
          for site <- sites,
              {value, at} <- from(site, form, frame, wrapped),
              value not in known,
              do: {value, at}
      end
  end

  # A function that was taken as a value may be called with anything.
  defp from(%{arguments: []} = site, _form, _frame, _wrapped), do: [{{:begins, ""}, site.place}]

  defp from(site, form, frame, wrapped) do
    settled(form, called_by(frame, {site.arguments, site.frame}), site.place, wrapped - 1)
  end

  defp root(%{caller: nil, function: function}), do: function
  defp root(%{caller: {_arguments, frame}}), do: root(frame)

  defp called_by(%{caller: nil} = frame, caller), do: %{frame | caller: caller}

  defp called_by(%{caller: {arguments, frame}} = called, caller),
    do: %{called | caller: {arguments, called_by(frame, caller)}}
end
