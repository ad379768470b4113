defmodule Envmgr.Calls.Retry do
  # Makes a call again that failed for something that comes and goes, within its one deadline.
  #
  # The wait doubles from try to try; one half of it is sure, the other is left to chance, so that callers who failed together do not
  # come back together: "equal jitter" of M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.Telemetry
  alias Envmgr.Calls.{Attempts, Call, Fault, Tally, Waiting}

  @backoff 50
  @longest 10_000

  @impl true
  def around(call, rest) do
    case most(call) do
      0 -> rest.(call)
      most -> run(call, rest, most, 1, [])
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

  defp run(call, rest, most, number, before) do
    started = Attempts.clock()

    case rest.(call) do
      {:error, error} ->
        wait = number <= most && again?(call, error) && affordable(call, error, number)
        attempts = [Attempts.new(error, started, wait || nil) | before]

        if wait,
          do: again(call, rest, most, number, attempts, error),
          else: {:error, failed(call, error, attempts, number)}

      answer ->
        answered(call, answer, number)
    end
  end

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

  defp again(call, rest, most, number, [%{wait: wait} | _] = attempts, error) do
    Tally.add(call, :retries)

    Telemetry.execute([:retry, :attempt], %{attempt: number, wait: wait}, %{
      instance: call.options.name,
      path: call.path,
      library: call.library,
      code: error.code
    })

    with :ok <- Waiting.pause(call, wait), do: run(call, rest, most, number + 1, attempts)
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
