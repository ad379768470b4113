defmodule Envmgr.Calls.Rate do
  # How often a function may be called: a token bucket that holds as many calls as the interval has, in one number.
  #
  # The number is the time at which the bucket is full again: the "theoretical arrival time" of the generic cell rate algorithm
  # (ITU-T I.371, 1993). Who has to wait takes a token of the future, so that callers go in the order in which they came.
  @moduledoc false

  @type t :: :atomics.atomics_ref()
  @type rate :: {calls :: pos_integer(), per_ms :: pos_integer()}

  @spec new() :: t()
  def new, do: :atomics.new(1, signed: true)

  @doc """
  Takes a token, if it is to be had within `patience` ms: how many ms it takes until then. Else takes none, and says when there
  would be one. `now`: ns, not negative.
  """
  @spec take(t(), rate(), non_neg_integer(), timeout()) ::
          {:ok, non_neg_integer()} | {:late, pos_integer()}
  def take(bucket, {calls, per} = rate, now, patience) do
    full = :atomics.get(bucket, 1)
    next = max(full, now) + div(per * 1_000_000, calls)
    wait = max(next - per * 1_000_000 - now, 0)
    ms = div(wait + 999_999, 1_000_000)

    cond do
      ms > 0 and ms >= patience -> {:late, ms}
      :atomics.compare_exchange(bucket, 1, full, next) == :ok -> {:ok, ms}
      true -> take(bucket, rate, now, patience)
    end
  end

  @doc "How many calls may go at once."
  @spec tokens(t(), rate(), non_neg_integer()) :: non_neg_integer()
  def tokens(bucket, {calls, per}, now) do
    ahead = max(:atomics.get(bucket, 1) - now, 0)
    max(div(per * 1_000_000 - ahead, div(per * 1_000_000, calls)), 0)
  end
end
