defmodule Envmgr.Calls.Waiting do
  # Waiting for something else than a worker's answer: it ends with the call's own end, too.
  @moduledoc false

  alias Envmgr.Error
  alias Envmgr.Calls.{Beside, Call, Correlation, Outcome}

  @doc """
  Waits for `{reference, message}`, or for the end of what `reference` monitors. Of an asynchronous call `:cancelled` and `:left`
  (its caller has ended) end the wait.
  """
  @spec await(reference() | nil, Beside.t() | nil, timeout()) ::
          {:got, term()} | :late | :cancelled | :left
  def await(reference, beside, timeout) do
    {cancel, caller} = if beside, do: {beside.cancel, beside.caller}, else: {nil, nil}

    receive do
      {^reference, message} when reference != nil -> {:got, message}
      {:DOWN, ^reference, _, _, reason} when reference != nil -> {:got, {:down, reason}}
      {:cancel, ^cancel} when cancel != nil -> :cancelled
      {:DOWN, ^caller, _, _, _} when caller != nil -> :left
    after
      timeout -> :late
    end
  end

  @doc "As `await/3`, for the messages of several, by their references."
  @spec any(%{reference() => term()}, Beside.t() | nil, timeout()) ::
          {:got, reference(), term()} | :late | :cancelled | :left
  def any(references, beside, timeout) do
    {cancel, caller} = if beside, do: {beside.cancel, beside.caller}, else: {nil, nil}

    receive do
      {reference, message} when is_map_key(references, reference) -> {:got, reference, message}
      {:DOWN, one, _, _, reason} when is_map_key(references, one) -> {:got, one, {:down, reason}}
      {:cancel, ^cancel} when cancel != nil -> :cancelled
      {:DOWN, ^caller, _, _, _} when caller != nil -> :left
    after
      timeout -> :late
    end
  end

  @doc "Sleeps, and says whether to go on."
  @spec pause(Call.t(), non_neg_integer()) :: :ok | Outcome.answer() | no_return()
  def pause(call, ms) do
    case await(nil, call.options.beside, ms) do
      :late -> :ok
      unwanted -> unwanted(unwanted, call)
    end
  end

  @doc "Of a call that nobody waits for. The caller of an asynchronous call has ended: nobody is there to be told."
  @spec unwanted(:cancelled | :left, Call.t()) :: Outcome.answer() | no_return()
  def unwanted(:left, _call), do: exit(:normal)

  def unwanted(:cancelled, call),
    do: refused(call, code: :cancelled, message: "the call was cancelled")

  @doc "An error of a call that was not sent."
  @spec refused(Call.t(), keyword()) :: {:error, Error.t()}
  def refused(call, fields) do
    facts = [
      path: call.path,
      library: call.library,
      environment: call.row && elem(call.row, 2),
      correlation: Correlation.of(call.options.correlation)
    ]

    {:error, Error |> struct!(facts) |> struct!(fields) |> Error.classified()}
  end
end
