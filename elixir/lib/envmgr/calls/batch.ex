defmodule Envmgr.Calls.Batch do
  # Many calls of one function, run by one process: those that are small and hold nothing of anybody's travel as one (flag 16 of
  # docs/protocol.md), the others one by one. Each has its own answer.
  @moduledoc false

  alias Envmgr.{Calls, Error}

  alias Envmgr.Calls.{
    Arguments,
    Around,
    Call,
    Circuit,
    Correlation,
    Entry,
    Exchange,
    Hooks,
    Options
  }

  alias Envmgr.Calls.{Outcome, Recovered, Sessions, Span, Telling}
  alias Envmgr.Libraries.{Row, Usage}
  alias Envmgr.Values.Encoder

  # Errors of calls that nobody has run, for their library is not there any more, or elsewhere.
  @gone [:not_ready, :unresolved]
  # What takes more is sent by itself, by the second lane where that is faster.
  @small 32_768

  @typedoc "What is known of an item: its arguments, its payload, and what came of the hooks before it, which are not to come twice."
  @type item ::
          {:ready, iodata(), list(), [{String.t(), term()}], Hooks.met() | nil}
          | {:alone, term(), Hooks.met() | nil}

  @doc "The answers of calls of `path` with these arguments, in their order. Options as of a call."
  @spec run(String.t(), [term()], keyword()) :: [Outcome.answer()]
  def run(path, items, opts) do
    with {:ok, options} <- Options.parse(opts),
         {:ok, row} <- Calls.find(options.name, path),
         true <- not Around.concerns?(row, options) or Recovered.fits?(row, options) do
      items |> Enum.map(&prepared(&1, row, options)) |> answers(row, options, opts)
    else
      # What else stands around a call stands around each of them; and an unknown path is told as for any call.
      _other -> alone(items, path, opts)
    end
  end

  defp prepared(item, row, options) do
    with {:ok, args, kwargs} <- Arguments.split(item),
         {:ok, args, kwargs, met} <- met(row, options, args, kwargs) do
      payload = payload(row, options, args, kwargs)

      cond do
        payload != nil -> {:ready, payload, args, kwargs, met}
        met != nil -> {:alone, {args, Map.new(kwargs)}, met}
        true -> {:alone, item, nil}
      end
    else
      {:refused, error} -> {:alone, item, {:error, error}}
      # It is told there what is wrong.
      {:error, _error} -> {:alone, item, nil}
    end
  end

  defp met(row, options, args, kwargs) do
    case elem(row, 12) do
      %{hooks: {_before, _later}} ->
        case Hooks.before(Call.new(row, options, args, kwargs, Usage.now())) do
          {:ok, call, now} -> {:ok, call.args, call.kwargs, {:ok, now}}
          {:error, error} -> {:refused, error}
        end

      _none ->
        {:ok, args, kwargs, nil}
    end
  end

  # Of what may travel with others.
  defp payload(row, options, args, kwargs) do
    with {:ok, into} <- Calls.check(options.name, row, args, kwargs),
         {:ok, payload, []} <- Encoder.arguments(args, kwargs, nil, lane: nil, into: into),
         true <- IO.iodata_length(payload) < @small do
      payload
    else
      _other -> nil
    end
  end

  # Fewer than two have nothing to share.
  defp answers(prepared, row, options, opts) do
    path = elem(row, 0)

    with [_, _ | _] = ready <- Enum.filter(prepared, &match?({:ready, _, _, _, _}, &1)),
         [_ | _] = together <- together(ready, row, options, opts) do
      merged(prepared, together, path, opts)
    else
      _none ->
        prepared
        |> Enum.map(fn
          {:ready, _payload, args, kwargs, met} -> {:alone, {args, Map.new(kwargs)}, met}
          {:alone, _item, _met} = alone -> alone
        end)
        |> apart(path, opts)
    end
  end

  # `:none` where each looks for itself: its pool went meanwhile, or a circuit lets few of them through.
  defp together(prepared, row, options, opts) do
    ready = for {:ready, payload, args, kwargs, _met} <- prepared, do: {payload, args, kwargs}
    started = Usage.now()
    # One deadline for all tries.
    call = %{Call.new(row, options, [], [], started) | instead: &Calls.instead/2}
    concerns? = Around.concerns?(row, options)
    options = if concerns?, do: call.options, else: options

    with true <- Circuit.closed?(call),
         {request, answer} = sent(ready, row, options, started),
         false <- match?({:error, %Error{code: code}} when code in @gone, answer) do
      answers = each(answer, ready, row, opts)
      again = &(&1 |> sent(row, options, Usage.now()) |> elem(1) |> each(&1, row, opts))
      answers = if concerns?, do: Recovered.run(ready, answers, call, again), else: answers
      answers = for {answer, item} <- Enum.zip(answers, prepared), do: later(answer, item, call)
      counted(answers, request, row, opts, div(Usage.now() - started, length(ready)))
    else
      _gone -> :none
    end
  end

  defp later(answer, {:ready, _payload, args, kwargs, {:ok, now}}, call),
    do: Hooks.later(now, answer, %{call | args: args, kwargs: kwargs})

  defp later(answer, _no_hooks, _call), do: answer

  defp sent(ready, row, options, started) do
    path = elem(row, 0)
    request = row |> Calls.request(path, path, nil, options, started) |> Span.batch()
    answer = Exchange.each(request, Enum.map(ready, &elem(&1, 0)))
    if request.session, do: Sessions.left(request.session, answer)
    {request, answer}
  end

  defp each(answer, ready, row, opts) do
    count = length(ready)

    answers =
      case answer do
        {:ok, answers} when length(answers) == count -> answers
        {:ok, _other} -> List.duplicate({:error, malformed(row)}, count)
        {:error, _error} = answer -> List.duplicate(answer, count)
      end

    for {answer, {_payload, args, kwargs}} <- Enum.zip(answers, ready) do
      answer |> Correlation.mark(opts) |> Telling.told(Options.instance(opts), args, kwargs)
    end
  end

  # Each has taken its part of the time.
  defp counted(answers, request, row, opts, took) do
    for answer <- answers do
      answer
      |> Usage.ended(Row.tally(row), Usage.now() - took)
      |> Entry.counted(elem(row, 0), opts)
    end
    |> tap(&Span.batched(request, opts, &1, System.convert_time_unit(took, :nanosecond, :native)))
  end

  defp malformed(row) do
    %Error{
      code: :conversion,
      message: "the worker answered another number of calls than it was asked for",
      path: elem(row, 0),
      library: elem(row, 1),
      environment: elem(row, 2)
    }
  end

  defp merged([{:ready, _, _, _, _} | prepared], [answer | together], path, opts),
    do: [answer | merged(prepared, together, path, opts)]

  defp merged([{:alone, item, met} | prepared], together, path, opts) do
    answer = Entry.execute(path, item, hooked(opts, met))
    [answer | merged(prepared, together, path, opts)]
  end

  defp merged([], [], _path, _opts), do: []

  defp hooked(opts, nil), do: opts
  defp hooked(opts, met), do: [{:hooked, met} | opts]

  defp alone(items, path, opts), do: items |> Enum.map(&{:alone, &1, nil}) |> apart(path, opts)

  # Once it is cancelled, nobody wants the others.
  defp apart(items, path, opts) do
    {answers, _cancelled} =
      Enum.map_reduce(items, nil, fn
        {:alone, item, met}, nil ->
          answer = Entry.execute(path, item, hooked(opts, met))
          {answer, if(match?({:error, %Error{code: :cancelled}}, answer), do: answer)}

        _item, cancelled ->
          {cancelled, cancelled}
      end)

    answers
  end
end
