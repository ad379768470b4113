defmodule Envmgr.Calls.Batch.Recovered do
  # Recovery of calls that travel as one: each item is made again, and replaced, as it would be by itself, but together with the
  # others that are to be made again at that time.
  @moduledoc false

  alias Envmgr.Calls.{Attempts, Cached, Call, Fallback, Outcome, Retry, Waiting}
  alias Envmgr.Calls.Batch.Item

  @typedoc "What makes calls: answers, in order."
  @type send :: ([Item.t()] -> [Outcome.answer()])

  @typedoc "`tries`: those before, latest first. `made`: how many. `wait`: until the next one, nil where there is none."
  @type entry :: %{
          item: Item.t(),
          answer: Outcome.answer(),
          tries: [Attempts.attempt()],
          made: pos_integer(),
          wait: non_neg_integer() | nil
        }

  @doc """
  What becomes of the answers of items that were sent together. `call` is one of them, without arguments; `send` makes some of them
  again. Whoever waits for a result that was claimed has it as soon as it is certain.
  """
  @spec run([Item.t()], [Outcome.answer()], Call.t(), send()) :: [Outcome.answer()]
  def run(items, answers, call, send) do
    started = Attempts.clock()

    for {item, answer} <- Enum.zip(items, answers) do
      tried(%{item: item, answer: answer, tries: [], made: 1, wait: nil}, call, started)
    end
    |> again(call, send)
    |> Enum.map(&replaced(&1, call))
  end

  # An answer, and what comes of it.
  defp tried(%{answer: {:error, error}} = entry, call, started) do
    wait = Retry.next(Item.call(entry.item, call), error, entry.made)
    entry = %{entry | wait: wait, tries: [Attempts.new(error, started, wait) | entry.tries]}
    if wait, do: entry, else: certain(entry, call)
  end

  defp tried(entry, call, _started), do: certain(%{entry | wait: nil}, call)

  defp certain(%{item: item} = entry, call) do
    call = Item.call(item, call)
    answer = Retry.ended(call, entry.answer, entry.tries, entry.made)
    %{entry | answer: Cached.claimed(item.claim, call, answer)}
  end

  defp again(entries, call, send) do
    case for(%{wait: wait} <- entries, wait != nil, do: wait) do
      [] ->
        entries

      waits ->
        for %{wait: wait, answer: {:error, error}} = entry when wait != nil <- entries,
            do: Retry.told(call, error, entry.made, wait)

        case Waiting.pause(call, Enum.max(waits)) do
          :ok -> entries |> once_more(call, send) |> again(call, send)
          cancelled -> for entry <- entries, do: cancelled(entry, cancelled, call)
        end
    end
  end

  defp cancelled(%{wait: nil} = entry, _answer, _call), do: entry

  defp cancelled(%{item: item} = entry, answer, call),
    do: %{entry | wait: nil, answer: Cached.claimed(item.claim, Item.call(item, call), answer)}

  defp once_more(entries, call, send) do
    started = Attempts.clock()

    {due, rest} =
      entries |> Enum.with_index() |> Enum.split_with(fn {entry, _at} -> entry.wait end)

    # Which of them cost the others their worker is not known: it may do it again.
    {apart, together} =
      Enum.split_with(due, fn {entry, _at} ->
        match?({:error, %{code: :worker_lost}}, entry.answer)
      end)

    answers = made(together, send) ++ Enum.flat_map(apart, fn one -> made([one], send) end)

    again =
      for {{entry, at}, answer} <- Enum.zip(together ++ apart, answers),
          do: {tried(%{entry | answer: answer, made: entry.made + 1}, call, started), at}

    (again ++ rest) |> Enum.sort_by(&elem(&1, 1)) |> Enum.map(&elem(&1, 0))
  end

  defp made([], _send), do: []
  defp made(entries, send), do: send.(for({entry, _at} <- entries, do: entry.item))

  defp replaced(%{answer: {:error, _error} = answer, item: item}, call),
    do: item |> Item.call(call) |> Fallback.around(fn _call -> answer end)

  defp replaced(%{answer: answer}, _call), do: answer
end
