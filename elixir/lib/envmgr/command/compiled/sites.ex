defmodule Envmgr.Command.Compiled.Sites do
  # Every call in a module's functions, in its frame: what is bound there, and which variables are parameters.
  @moduledoc false

  alias Envmgr.Command.Compiled.Code

  # What hands the elements of its list to a function.
  @iterators [Enum, Stream, Task, :lists]

  defmodule Frame do
    # One clause of a function. `caller`: the arguments that it is looked at with, in their own frame.
    @moduledoc false

    @enforce_keys [:function, :bound, :parameters, :index]
    defstruct [:function, :bound, :parameters, :index, caller: nil]

    @type t :: %__MODULE__{
            function: mfa(),
            bound: %{atom() => [Code.form()]},
            parameters: %{atom() => non_neg_integer()},
            index: Envmgr.Command.Compiled.Sites.t(),
            caller: {[Code.form()], t()} | nil
          }
  end

  @type site :: %{
          called: mfa() | {:capture, mfa()},
          arguments: [Code.form()],
          place: String.t(),
          frame: Frame.t()
        }

  @typedoc "`calls` of each function, and the `clauses` of each function that there is."
  @type t :: %{calls: %{mfa() => [tuple()]}, clauses: %{mfa() => [Code.form()]}}

  @spec index([Code.t()]) :: t()
  def index(codes) do
    clauses =
      for code <- codes, {{name, arity}, {_line, clauses}} <- code.functions, into: %{} do
        {{code.module, name, arity}, clauses}
      end

    calls =
      for code <- codes,
          {{name, arity}, {line, clauses}} <- code.functions,
          clause <- clauses,
          {called, arguments, at} <- calls(clause, code.module) do
        place = "#{code.file}:#{if at == 0, do: line, else: at}"
        {called, arguments, place, {code.module, name, arity}, clause}
      end

    %{calls: Enum.group_by(calls, &elem(&1, 0)), clauses: clauses}
  end

  @doc "The calls of a function, and where it is taken as a value."
  @spec of(t(), mfa()) :: [site()]
  def of(index, mfa) do
    for {called, arguments, place, function, clause} <-
          Map.get(index.calls, mfa, []) ++ Map.get(index.calls, {:capture, mfa}, []) do
      frame = frame(function, clause, index)
      %{called: called, arguments: arguments, place: place, frame: frame}
    end
  end

  @spec frame(mfa(), Code.form(), t()) :: Frame.t()
  def frame(function, {:clause, _anno, patterns, _guards, body}, index) do
    parameters =
      for {pattern, at} <- Enum.with_index(patterns),
          name <- names(pattern),
          into: %{},
          do: {name, at}

    %Frame{
      function: function,
      bound: body |> bindings() |> Enum.group_by(&elem(&1, 0), &elem(&1, 1)),
      parameters: parameters,
      index: index
    }
  end

  @doc """
  Whoever calls the function that this frame is of, directly or by the frames between: the frame as called from there, and the place.
  Without a frame where it is taken as a value: it may be called with anything.
  """
  @spec callers(Frame.t()) :: [{Frame.t() | nil, place :: String.t()}]
  def callers(frame) do
    for site <- of(frame.index, root(frame)) do
      called = if match?({:capture, _}, site.called), do: nil, else: called_by(frame, site)
      {called, site.place}
    end
  end

  defp root(%{caller: nil, function: function}), do: function
  defp root(%{caller: {_arguments, frame}}), do: root(frame)

  defp called_by(%{caller: nil} = frame, site),
    do: %{frame | caller: {site.arguments, site.frame}}

  defp called_by(%{caller: {arguments, frame}} = called, site),
    do: %{called | caller: {arguments, called_by(frame, site)}}

  defp names({:var, _anno, name}), do: [name]
  defp names({:match, _anno, left, right}), do: names(left) ++ names(right)
  defp names(_pattern), do: []

  defp calls({:clause, _anno, _patterns, _guards, body}, module),
    do: walk(body, &called(&1, module))

  defp called({:call, anno, {:atom, _, name}, arguments}, module),
    do: [{{module, name, length(arguments)}, arguments, :erl_anno.line(anno)}]

  defp called({:call, anno, {:remote, _, {:atom, _, :erlang}, {:atom, _, :apply}}, arguments}, _) do
    with [{:atom, _, module}, {:atom, _, name}, list] <- arguments,
         {:ok, arguments} <- list(list) do
      [{{module, name, length(arguments)}, arguments, :erl_anno.line(anno)}]
    else
      _unknown -> []
    end
  end

  defp called({:call, anno, {:remote, _, {:atom, _, module}, {:atom, _, name}}, arguments}, _),
    do: [{{module, name, length(arguments)}, arguments, :erl_anno.line(anno)}]

  defp called({:fun, anno, {:function, {:atom, _, m}, {:atom, _, f}, {:integer, _, a}}}, _),
    do: [{{:capture, {m, f, a}}, [], :erl_anno.line(anno)}]

  defp called(_form, _module), do: []

  defp list({nil, _anno}), do: {:ok, []}
  defp list({:cons, _, head, tail}), do: with({:ok, rest} <- list(tail), do: {:ok, [head | rest]})
  defp list(_form), do: :error

  defp bindings(body), do: walk(body, &bound/1)

  defp bound({:match, _anno, pattern, value}), do: taken(pattern, value)

  # `with` becomes this, too.
  defp bound({:case, _anno, value, clauses}) do
    for {:clause, _, [pattern], _, _} <- clauses, each <- taken(pattern, value), do: each
  end

  defp bound({:call, _anno, {:remote, _, {:atom, _, module}, _name}, arguments})
       when module in @iterators and arguments != [] do
    list = if module == :lists, do: List.last(arguments), else: hd(arguments)

    for {:fun, _, {:clauses, clauses}} <- arguments,
        {:clause, _, [pattern | _], _, _} <- clauses,
        each <- elements(pattern, {:element, list}),
        do: each
  end

  # What `then/2` makes.
  defp bound({:call, _anno, {:fun, _, {:clauses, clauses}}, arguments}) do
    for {:clause, _, patterns, _, _} <- clauses,
        {pattern, argument} <- Enum.zip(patterns, arguments),
        name <- names(pattern),
        do: {name, argument}
  end

  defp bound(_form), do: []

  # `{:ok, name} = value` gives it what is in the value.
  defp taken({:var, _anno, name}, value), do: [{name, value}]

  defp taken({:tuple, _anno, [{:atom, _, :ok}, {:var, _, name}]}, value),
    do: [{name, {:ok, value}}]

  defp taken(_pattern, _value), do: []

  # Of a list's element, or of a part of it.
  defp elements({:var, _anno, name}, value), do: [{name, value}]

  defp elements({:tuple, _anno, parts}, value) do
    for {part, at} <- Enum.with_index(parts),
        each <- elements(part, {:part, value, at}),
        do: each
  end

  defp elements(_pattern, _value), do: []

  defp walk(forms, look) when is_list(forms), do: Enum.flat_map(forms, &walk(&1, look))

  defp walk(form, look) when is_tuple(form),
    do: look.(form) ++ (form |> Tuple.to_list() |> walk(look))

  defp walk(_leaf, _look), do: []
end
