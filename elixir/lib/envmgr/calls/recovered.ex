defmodule Envmgr.Calls.Recovered do
  # Recovery of calls that travel as one: each item is made again, and replaced, as it would be by itself, but together with the
  # others that are to be made again at that time.
  @moduledoc false

  alias Envmgr.Calls.{Attempts, Call, Circuit, Fallback, Options, Outcome, Retry, Waiting}
  alias Envmgr.Libraries.{Plan, Row}

  @typedoc "What the calls are made of, and what makes them: answers, in order."
  @type item :: {payload :: iodata(), list(), [{String.t(), term()}]}
  @type send :: ([item()] -> [Outcome.answer()])

  @typedoc "`tries`: those before, latest first. `made`: how many."
  @type entry :: %{
          item: item(),
          answer: Outcome.answer(),
          tries: [Attempts.attempt()],
          made: pos_integer(),
          wait: non_neg_integer() | nil
        }

  @doc "Whether nothing else but hooks stands around the calls, so that they may travel together."
  @spec fits?(Row.t(), Options.t()) :: boolean()
  def fits?(row, options) do
    plan = elem(row, 12) || %Plan{}

    not plan.scripted? and plan.limits == nil and
      (plan.cache == nil or options.cache == false) and options.cache in [nil, false] and
      (plan.hedge == nil or options.hedge == false) and options.hedge in [nil, false]
  end

  @doc """
  What becomes of the answers of items that were sent together, when no circuit was open. `call` is one of them, without arguments;
  `send` makes some of them again.
  """
  @spec run([item()], [Outcome.answer()], Call.t(), send()) :: [Outcome.answer()]
  def run(items, answers, call, send) do
    started = Attempts.clock()

    for {item, answer} <- Enum.zip(items, answers) do
      entry = %{item: item, answer: Circuit.noted(call, answer), tries: [], made: 1, wait: nil}
      tried(entry, call, started)
    end
    |> again(call, send)
    |> Enum.map(&ended(&1, call))
  end

  # An answer, and what comes of it.
  defp tried(%{answer: {:error, error}} = entry, call, started) do
    wait = Retry.next(of(call, entry), error, entry.made)
    %{entry | wait: wait, tries: [Attempts.new(error, started, wait) | entry.tries]}
  end

  defp tried(entry, _call, _started), do: %{entry | wait: nil}

  defp again(entries, call, send) do
    case for(%{wait: wait} <- entries, wait != nil, do: wait) do
      [] ->
        entries

      waits ->
        for %{wait: wait, answer: {:error, error}} = entry when wait != nil <- entries,
            do: Retry.told(call, error, entry.made, wait)

        case Waiting.pause(call, Enum.max(waits)) do
          :ok -> entries |> once_more(call, send) |> again(call, send)
          cancelled -> for entry <- entries, do: cancelled(entry, cancelled)
        end
    end
  end

  defp cancelled(%{wait: nil} = entry, _answer), do: entry
  defp cancelled(entry, answer), do: %{entry | answer: answer, tries: [], made: 1}

  defp once_more(entries, call, send) do
    started = Attempts.clock()

    {due, rest} =
      entries |> Enum.with_index() |> Enum.split_with(fn {entry, _at} -> entry.wait end)

    # Which of them cost the others their worker is not known: it may do it again.
    {apart, together} =
      Enum.split_with(due, fn {entry, _at} ->
        match?({:error, %{code: :worker_lost}}, entry.answer)
      end)

    answers =
      made(for({entry, _at} <- together, do: entry.item), call, send) ++
        Enum.flat_map(apart, fn {entry, _at} -> made([entry.item], call, send) end)

    again =
      for {{entry, at}, answer} <- Enum.zip(together ++ apart, answers),
          do: {tried(%{entry | answer: answer, made: entry.made + 1}, call, started), at}

    (again ++ rest) |> Enum.sort_by(&elem(&1, 1)) |> Enum.map(&elem(&1, 0))
  end

  defp made([], _call, _send), do: []

  # A circuit that is not closed lets one call through, if any.
  defp made(items, call, send) do
    if Circuit.closed?(call),
      do: Enum.map(send.(items), &Circuit.noted(call, &1)),
      else: for(item <- items, do: Circuit.around(call, fn _call -> hd(send.([item])) end))
  end

  defp ended(entry, call) do
    call = of(call, entry)
    answer = Retry.ended(call, entry.answer, entry.tries, entry.made)
    with {:error, _error} <- answer, do: Fallback.around(call, fn _call -> answer end)
  end

  defp of(call, %{item: {_payload, args, kwargs}}), do: %{call | args: args, kwargs: kwargs}
end
