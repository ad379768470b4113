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
  def take(bucket, rate, now, patience) do
    with {:ok, 1, ms} <- take(bucket, rate, 1, now, patience), do: {:ok, ms}
  end

  @doc "As `take/4`, of `most` tokens as many as are there, but one at least: how many, and how many ms it takes."
  @spec take(t(), rate(), pos_integer(), non_neg_integer(), timeout()) ::
          {:ok, pos_integer(), non_neg_integer()} | {:late, pos_integer()}
  def take(bucket, {calls, per} = rate, most, now, patience) do
    full = :atomics.get(bucket, 1)
    count = rate |> there(full, now) |> min(most) |> max(1)
    next = max(full, now) + count * div(per * 1_000_000, calls)
    wait = max(next - per * 1_000_000 - now, 0)
    ms = div(wait + 999_999, 1_000_000)

    cond do
      ms > 0 and ms >= patience -> {:late, ms}
      :atomics.compare_exchange(bucket, 1, full, next) == :ok -> {:ok, count, ms}
      true -> take(bucket, rate, most, now, patience)
    end
  end

  @doc "How many calls may go at once."
  @spec tokens(t(), rate(), non_neg_integer()) :: non_neg_integer()
  def tokens(bucket, rate, now), do: there(rate, :atomics.get(bucket, 1), now)

  defp there({calls, per}, full, now) do
    ahead = max(full - now, 0)
    max(div(per * 1_000_000 - ahead, div(per * 1_000_000, calls)), 0)
  end
end
