defmodule Envmgr.Calls.Retry do
  # Makes a call again that failed for something that comes and goes, within its one deadline.
  #
  # The wait doubles from try to try; one half of it is sure, the other is left to chance, so that callers who failed together do not
  # come back together: "equal jitter" of M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.{Error, Telemetry}
  alias Envmgr.Calls.{Attempts, Call, Fault, Outcome, Tally, Waiting}

  @backoff 50
  @longest 10_000

  @impl true
  def around(call, rest) do
    case most(call) do
      0 -> rest.(call)
      _some -> run(call, rest, 1, [])
    end
  end

  @doc "The wait before the try after `number` tries, ms: what is sure of it, and what chance may add."
  @spec wait(pos_integer() | nil, pos_integer()) :: {pos_integer(), non_neg_integer()}
  def wait(backoff, number) do
    whole = min((backoff || @backoff) * Integer.pow(2, min(number - 1, 20)), @longest)
    {whole - div(whole, 2), div(whole, 2)}
  end

  @doc "Whether the configuration, or the call itself, says that it may be run twice."
  @spec idempotent?(Call.t()) :: boolean()
  def idempotent?(%{options: %{idempotent: said}}) when is_boolean(said), do: said
  def idempotent?(%{plan: nil}), do: false
  def idempotent?(%{plan: plan}), do: plan.idempotent?

  defp most(%{options: %{retry: %{max: max}}}), do: max
  defp most(%{plan: nil}), do: 0
  defp most(%{plan: plan}), do: plan.retries

  defp run(call, rest, number, before) do
    started = Attempts.clock()
    answer = rest.(call)

    with {:error, error} <- answer do
      wait = next(call, error, number)
      attempts = [Attempts.new(error, started, wait) | before]

      if wait,
        do: again(call, rest, number, attempts, error),
        else: ended(call, answer, attempts, number)
    else
      answer -> ended(call, answer, before, number)
    end
  end

  @doc "How long is to be waited, ms, until the call is made again that ended so after `number` tries; nil: it is not."
  @spec next(Call.t(), Error.t(), pos_integer()) :: non_neg_integer() | nil
  def next(call, error, number) do
    if number <= most(call) and again?(call, error), do: affordable(call, error, number)
  end

  @doc "Tells that the call is made again."
  @spec told(Call.t(), Error.t(), pos_integer(), non_neg_integer()) :: :ok
  def told(call, error, number, wait) do
    Tally.add(call, :retries)

    Telemetry.execute([:retry, :attempt], %{attempt: number, wait: wait}, %{
      instance: call.options.name,
      path: call.path,
      library: call.library,
      code: error.code
    })
  end

  @doc "What is answered after so many tries. `attempts`: those that failed, latest first."
  @spec ended(Call.t(), Outcome.answer(), [Attempts.attempt()], pos_integer()) :: Outcome.answer()
  def ended(call, {:error, error}, attempts, number),
    do: {:error, failed(call, error, attempts, number)}

  def ended(call, answer, _attempts, number), do: answered(call, answer, number)

  defp again?(call, error),
    do: Fault.again?(error, idempotent?(call), call.options.retry != nil)

  # No try begins whose wait would pass the deadline.
  defp affordable(call, error, number) do
    {sure, chance} = wait(backoff(call), number)
    wait = max(sure + :rand.uniform(chance + 1) - 1, error.details[:retry_after] || 0)
    if wait < Call.left(call), do: wait
  end

  defp backoff(%{options: %{retry: %{backoff: backoff}}}) when backoff != nil, do: backoff
  defp backoff(%{plan: nil}), do: nil
  defp backoff(%{plan: plan}), do: plan.backoff

  defp again(call, rest, number, [%{wait: wait} | _] = attempts, error) do
    told(call, error, number, wait)
    with :ok <- Waiting.pause(call, wait), do: run(call, rest, number + 1, attempts)
  end

  defp failed(_call, error, [_only], 1), do: error

  defp failed(call, error, attempts, number) do
    Tally.add(call, :exhausted)
    Attempts.told(error, Enum.reverse(attempts), "after #{number} tries")
  end

  defp answered(_call, answer, 1), do: answer

  defp answered(call, answer, number) do
    Tally.add(call, :recovered)
    with {:ok, value, metadata} <- answer, do: {:ok, value, Map.put(metadata, :tries, number)}
  end
end
