defmodule Envmgr.Calls.Fault do
  # Whose fault an error is, and what may be done about it: the one rule of retries, fallbacks and circuits.
  @moduledoc false

  alias Envmgr.Error

  # The call was not sent.
  @unsent [:overloaded, :not_ready, :circuit_open, :rate_limited]
  # These are told as the caller's, who may have misspelt a name, but what is missing may also be somebody else's doing.
  @missing [:unknown_library, :not_installed]
  # SIGHUP, SIGINT, SIGTERM.
  @from_outside [1, 2, 15]

  @doc "Whether other arguments or another value would mend it: nobody but the caller can."
  @spec callers?(Error.t()) :: boolean()
  def callers?(%{class: class, code: code}),
    do: class in [:usage, :conversion] and code not in @missing

  @doc """
  Whether the same call may be made once more. One that may not be run twice only when it cannot have run; one that an open circuit refused
  only when its caller `asked?` for that: a circuit is there so that nobody waits.
  """
  @spec again?(Error.t(), idempotent? :: boolean(), asked? :: boolean()) :: boolean()
  def again?(%{code: :circuit_open}, _idempotent?, asked?), do: asked?
  def again?(%{code: code}, _idempotent?, _asked?) when code in @unsent, do: true

  def again?(error, idempotent?, _asked?),
    do: idempotent? and (error.retry or error.code == :worker_lost)

  @doc """
  What an answer says of a library: `:sound`, it did as it should, `:failed`, or `:unknown` for a call that did not come to it or was
  not waited for.
  """
  @spec verdict(tuple()) :: :sound | :failed | :unknown
  def verdict({:error, %{code: code}}) when code in [:cancelled | @unsent] and code != :not_ready,
    do: :unknown

  def verdict({:error, %{code: code} = error}) do
    cond do
      not callers?(error) -> :failed
      code in [:exception, :pipeline] -> :sound
      true -> :unknown
    end
  end

  def verdict(_answer), do: :sound

  @doc "Whether every further call of the same kind would come to the same."
  @spec certain?(Error.t()) :: boolean()
  def certain?(%{code: :exception, retry: retry}), do: not retry
  # What ends its worker ends the next one, too, unless somebody from outside has ended it.
  def certain?(%{code: :worker_lost, class: :library, details: %{own?: true} = details}),
    do: details[:signal] not in @from_outside

  def certain?(error), do: error.code in [:arguments, :conversion, :pipeline, :unresolved]
end
