defmodule Envmgr.Calls.Batch do
  # Many calls of one function, run by one process: those that are small and hold nothing of anybody's travel as one (flag 16 of
  # docs/protocol.md), the others one by one. Each has its own answer, and meets what it would meet by itself:
  #
  #   hooks before (Item) → what is kept, or computed elsewhere, goes by itself (Cached) → retries, fallbacks (Recovered)
  #   → hedge → circuit → limits → Sending → hooks after
  @moduledoc false

  alias Envmgr.{Calls, Error}

  alias Envmgr.Calls.{
    Around,
    Cached,
    Call,
    Circuit,
    Entry,
    Hedge,
    Hooks,
    Limits,
    Options,
    Outcome
  }

  alias Envmgr.Calls.Span
  alias Envmgr.Calls.Batch.{Item, Recovered, Sending}
  alias Envmgr.Libraries.{Row, Usage}

  # Errors of calls that nobody has run, for their library is not there any more, or elsewhere.
  @gone [:not_ready, :unresolved]

  @doc "The answers of calls of `path` with these arguments, in their order. Options as of a call."
  @spec run(String.t(), [term()], keyword()) :: [Outcome.answer()]
  def run(path, given, opts) do
    with {:ok, options} <- Options.parse(opts),
         {:ok, row} <- Calls.find(options.name, path),
         call = Call.new(row, options, [], [], Usage.now()),
         around? = Around.concerns?(row, options),
         true <- not around? or fits?(call) do
      given
      |> Enum.map(&Item.new(&1, row, options))
      |> answers(%{call | instead: &Calls.instead/2}, around?, opts)
    else
      # A script, or a hedge of what may not be hedged, answers each; an unknown path is told as for any call.
      _other -> given |> Enum.map(&%Item{given: &1}) |> apart(path, opts)
    end
  end

  defp fits?(%{plan: %{scripted?: true}}), do: false
  defp fits?(call), do: not Hedge.refused?(call)

  # Fewer than two have nothing to share.
  defp answers(items, call, around?, opts) do
    with [_, _ | _] <- ready(items),
         items = if(around?, do: Enum.map(items, &claimed(&1, call)), else: items),
         [_ | _] = ready <- ready(items),
         [_ | _] = together <- together(ready, call, around?, opts) do
      merged(items, together, call.path, opts)
    else
      _none -> apart(items, call.path, opts)
    end
  end

  defp ready(items), do: Enum.filter(items, & &1.payload)

  # What somebody else computes is waited for when nobody waits for these.
  defp claimed(%{payload: nil} = item, _call), do: item

  defp claimed(item, call) do
    case Cached.claim(Item.call(item, call)) do
      :none -> item
      :elsewhere -> %{item | payload: nil}
      claim -> %{item | claim: claim}
    end
  end

  # `:none` where each looks for itself: its pool went meanwhile.
  defp together(items, call, around?, opts) do
    started = Usage.now()
    claims? = around? and Enum.any?(items, & &1.claim)
    span = Span.batch()
    call = %{call | options: %{call.options | span: span, metadata: claims?}}
    answers = if around?, do: around(call, items), else: Sending.run(call, items)

    if Enum.all?(answers, &match?({:error, %Error{code: code}} when code in @gone, &1)) do
      for %{claim: claim} when claim != nil <- items, do: Cached.give_up(claim)
      :none
    else
      answers = if around?, do: recovered(items, answers, call, claims?), else: answers
      # Each has taken its part of the time.
      took = div(Usage.now() - started, length(items))
      Usage.ended_together(answers, Row.tally(call.row), took)
      for {:error, _error} = answer <- answers, do: Entry.counted(answer, call.path, opts)
      told(answers, span, call, opts, took)
    end
  end

  defp around(call, items) do
    Hedge.each(call, items, fn call, items ->
      Circuit.each(call, items, fn call, items -> Limits.each(call, items, &Sending.run/2) end)
    end)
  end

  defp recovered(items, answers, call, claims?) do
    answers = Recovered.run(items, answers, call, &around(call, &1))

    for {answer, item} <- Enum.zip(answers, items) do
      # It was asked for by those that are kept.
      answer =
        if claims? and tuple_size(answer) == 3, do: Tuple.delete_at(answer, 2), else: answer

      later(answer, item, call)
    end
  end

  defp later(answer, %{met: {:ok, now}} = item, call),
    do: Hooks.later(now, answer, Item.call(item, call))

  defp later(answer, _no_hooks, _call), do: answer

  defp told(answers, nil, _call, _opts, _took), do: answers

  defp told(answers, span, call, opts, took) do
    took = System.convert_time_unit(took, :nanosecond, :native)
    Span.batched(span, call.path, opts, answers, took)
    answers
  end

  defp merged(items, together, _path, _opts) when length(items) == length(together), do: together
  defp merged(items, together, path, opts), do: zipped(items, together, path, opts)

  defp zipped([%{payload: nil} = item | items], together, path, opts) do
    answer = Entry.execute(path, Item.given(item), hooked(opts, item.met))
    [answer | zipped(items, together, path, opts)]
  end

  defp zipped([_ready | items], [answer | together], path, opts),
    do: [answer | zipped(items, together, path, opts)]

  defp zipped([], [], _path, _opts), do: []

  defp hooked(opts, nil), do: opts
  defp hooked(opts, met), do: [{:hooked, met} | opts]

  # Once it is cancelled, nobody wants the others.
  defp apart(items, path, opts) do
    {answers, _cancelled} =
      Enum.map_reduce(items, nil, fn
        item, nil ->
          answer = Entry.execute(path, Item.given(item), hooked(opts, item.met))
          {answer, if(match?({:error, %Error{code: :cancelled}}, answer), do: answer)}

        _item, cancelled ->
          {cancelled, cancelled}
      end)

    answers
  end
end
