defmodule Envmgr.Calls.Errors.Windows do
  # How often something happened lately: counters in slots of 10 seconds for the last quarter of an hour, and of a quarter of
  # an hour for the last day. Atomics, written by whom it happens to. 1.6 KB. Times in seconds since 1970.
  @moduledoc false

  import Bitwise

  @total 1
  @last 2
  @told 3
  @fine {10, 96, 4}
  @coarse {900, 96, 100}
  @size 195

  @minute 6
  @quarter 90
  @minutes_before 14

  # A minute with so many times the mean of those before is a spike; a mean below `@least` counts as that.
  @times 5
  @least 2

  @type t :: :atomics.atomics_ref()

  @spec new() :: t()
  def new, do: :atomics.new(@size, signed: false)

  @doc "It happened. Answers how often it has, with this time."
  @spec add(t(), non_neg_integer()) :: pos_integer()
  def add(windows, now) do
    count(windows, @fine, now)
    count(windows, @coarse, now)
    :atomics.put(windows, @last, now)
    :atomics.add_get(windows, @total, 1)
  end

  @spec last(t()) :: non_neg_integer()
  def last(windows), do: :atomics.get(windows, @last)

  @spec read(t(), non_neg_integer()) :: %{
          count: non_neg_integer(),
          minute: non_neg_integer(),
          quarter_hour: non_neg_integer(),
          day: non_neg_integer()
        }
  def read(windows, now) do
    %{
      count: :atomics.get(windows, @total),
      minute: sum(windows, @fine, now, 0..(@minute - 1)),
      quarter_hour: sum(windows, @fine, now, 0..(@quarter - 1)),
      day: sum(windows, @coarse, now, 0..95)
    }
  end

  @doc """
  The last minute's count and the mean of the #{@minutes_before} minutes before it, where this is a spike that nobody was told of in the last
  quarter of an hour: then the caller alone is told.
  """
  @spec spike(t(), non_neg_integer()) :: {count :: pos_integer(), mean :: float()} | nil
  def spike(windows, now) do
    count = sum(windows, @fine, now, 0..(@minute - 1))

    if count >= @times * @least do
      mean = sum(windows, @fine, now, @minute..(@quarter - 1)) / @minutes_before
      if count >= @times * max(mean, @least) and first?(windows, now), do: {count, mean}
    end
  end

  @doc "When it last came so often; nil: never."
  @spec spiked(t()) :: pos_integer() | nil
  def spiked(windows), do: with(0 <- :atomics.get(windows, @told), do: nil)

  defp first?(windows, now) do
    before = :atomics.get(windows, @told)
    now - before >= 900 and :atomics.compare_exchange(windows, @told, before, now) == :ok
  end

  # A slot is the number of its time and the count in that, in one word: who comes first in a new time begins it anew.
  defp count(windows, {width, slots, at}, now) do
    time = div(now, width)
    bump(windows, at + rem(time, slots), time)
  end

  defp bump(windows, at, time) do
    before = :atomics.get(windows, at)
    now = if before >>> 32 == time, do: before + 1, else: time <<< 32 ||| 1

    case :atomics.compare_exchange(windows, at, before, now) do
      :ok -> :ok
      _other -> bump(windows, at, time)
    end
  end

  defp sum(windows, {width, slots, at}, now, back) do
    for ago <- back, reduce: 0 do
      sum ->
        time = div(now, width) - ago
        slot = :atomics.get(windows, at + rem(time, slots))
        if slot >>> 32 == time, do: sum + (slot &&& 0xFFFFFFFF), else: sum
    end
  end
end
