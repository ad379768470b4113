defmodule Envmgr.Calls.Batch.Sending do
  # Sends the calls of a batch as one, and tells each its answer.
  @moduledoc false

  alias Envmgr.{Calls, Error}
  alias Envmgr.Calls.{Call, Correlation, Exchange, Outcome, Sessions, Telling}
  alias Envmgr.Calls.Batch.Item
  alias Envmgr.Libraries.Usage
  alias Envmgr.Wire.Messages

  @doc "The answers of these items, `call` without arguments standing for each; of what failed as a whole the same for all."
  @spec run(Call.t(), [Item.t(), ...]) :: [Outcome.answer()]
  def run(%{row: row, options: options} = call, items) do
    path = elem(row, 0)
    request = Calls.request(row, path, path, nil, options, Usage.now())
    answer = request |> in_turn(call.plan) |> Exchange.each(for(item <- items, do: item.payload))
    if request.session, do: Sessions.left(request.session, answer)
    answer |> each(items, row) |> told(items, options)
  end

  # One place is for one call at a time, coroutines too.
  defp in_turn(request, %{limits: %{concurrency: most}}) when most != nil,
    do: %{request | flags: Messages.in_turn(request.flags)}

  defp in_turn(request, _plan), do: request

  defp each({:ok, answers}, items, _row) when length(answers) == length(items), do: answers
  defp each({:ok, _other}, items, row), do: for(_item <- items, do: {:error, malformed(row)})
  defp each({:error, _error} = answer, items, _row), do: for(_item <- items, do: answer)

  defp told([answer | answers], [item | items], options),
    do: [told(answer, item, options) | told(answers, items, options)]

  defp told([], [], _options), do: []

  defp told({:error, _error} = answer, item, options) do
    answer
    |> Correlation.mark(correlation: options.correlation)
    |> Telling.told(options.name, item.args, item.kwargs)
  end

  defp told(answer, _item, _options), do: answer

  defp malformed(row) do
    %Error{
      code: :conversion,
      message: "the worker answered another number of calls than it was asked for",
      path: elem(row, 0),
      library: elem(row, 1),
      environment: elem(row, 2)
    }
  end
end
