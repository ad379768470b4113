defmodule Envmgr.Pool.Pace do
  # How long each of a worker's calls takes lately: a moving average, from when its answers came. Pure.
  #
  # What is seen is the time from one departure to the next while the worker had something to do; an answer that comes with
  # others has its share. One call that takes a thousand times as long as the others must not have the next ones refused:
  # it counts as @most times the average.
  @moduledoc false

  # Calls that the average is over, and the fewest that it is told of.
  @memory 16
  @most 16

  defstruct each: 0, seen: -1, since: nil

  @typedoc "Times in ns. `since`: from when on the worker is at what it does; nil: it has nothing to do."
  @type t :: %__MODULE__{
          each: non_neg_integer(),
          seen: integer(),
          since: integer() | nil
        }

  @doc "Calls were written, and none was before."
  @spec begin(t(), integer()) :: t()
  def begin(pace, now), do: %{pace | since: now}

  @doc "So many calls left their queue now; `left` are in it. A worker's first ones are a warming up, and not counted."
  @spec departed(t(), pos_integer(), non_neg_integer(), integer()) :: t()
  def departed(%{seen: -1} = pace, _count, left, now),
    do: %{pace | seen: 0, since: next(left, now)}

  def departed(%{since: nil} = pace, _count, left, now), do: %{pace | since: next(left, now)}

  def departed(%{each: each, seen: seen, since: since} = pace, count, left, now) do
    took = div(max(now - since, 0), count)
    seen = min(seen + count, @memory)
    took = if each > 0, do: min(took, @most * each), else: took
    each = each + div((took - each) * min(count, seen), seen)
    %{pace | each: max(each, 1), seen: seen, since: next(left, now)}
  end

  defp next(0, _now), do: nil
  defp next(_left, now), do: now

  @doc "What may be relied upon, ns; 0: too little is known."
  @spec known(t()) :: non_neg_integer()
  def known(%{seen: seen, each: each}), do: if(seen >= @memory, do: each, else: 0)
end
