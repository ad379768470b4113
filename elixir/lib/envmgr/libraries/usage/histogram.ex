defmodule Envmgr.Libraries.Usage.Histogram do
  # How long calls took, in log-linear buckets, after HdrHistogram (Gil Tene): each power of two is divided into 32 buckets
  # of one width, and what is below the first into steps of 32 ns. A value is told by the middle of its bucket, within 1.6 % of
  # what it was from 1 µs to 9.7 hours; longer ones are told as that. Finding a bucket takes some ten comparisons and shifts.
  @moduledoc false

  import Bitwise

  # 32 ns, and 32 buckets of a power of two.
  @unit 5
  @sub 32
  @longest bsl(1, 45) - 1
  @size 36 * @sub

  @typedoc "Calls by the number of their bucket; buckets without any are missing."
  @type t :: %{non_neg_integer() => pos_integer()}

  @doc "How many buckets there are."
  @spec size() :: pos_integer()
  def size, do: @size

  @doc "The bucket of a time in nanoseconds, counted from 0."
  @spec index(integer()) :: non_neg_integer()
  def index(ns) when ns < 0, do: 0
  def index(ns) when ns > @longest, do: @size - 1
  def index(ns), do: halved_16(ns >>> @unit, 0)

  # Each power of two above the first moves on by 32 buckets: shifted by 16 (twice, for hours), 8, 4, 2, 1 as long as the rest has more than six bits.
  defp halved_16(v, at) when v >= bsl(64, 15), do: halved_16(v >>> 16, at + 16 * @sub)
  defp halved_16(v, at), do: halved_8(v, at)
  defp halved_8(v, at) when v >= bsl(64, 7), do: halved_4(v >>> 8, at + 8 * @sub)
  defp halved_8(v, at), do: halved_4(v, at)
  defp halved_4(v, at) when v >= bsl(64, 3), do: halved_2(v >>> 4, at + 4 * @sub)
  defp halved_4(v, at), do: halved_2(v, at)
  defp halved_2(v, at) when v >= bsl(64, 1), do: halved_1(v >>> 2, at + 2 * @sub)
  defp halved_2(v, at), do: halved_1(v, at)
  defp halved_1(v, at) when v >= 64, do: (v >>> 1) + at + @sub
  defp halved_1(v, at), do: v + at

  @doc "The nanoseconds that a bucket stands for: its middle."
  @spec value(non_neg_integer()) :: pos_integer()
  def value(index) when index < @sub, do: (index <<< @unit) + 16

  def value(index) do
    power = div(index, @sub) - 1
    ((@sub + rem(index, @sub)) <<< power <<< @unit) + (16 <<< power)
  end

  @spec count(t()) :: non_neg_integer()
  def count(buckets), do: buckets |> Map.values() |> Enum.sum()

  @doc "Nanoseconds that so many of the calls did not exceed, for each of the shares (0.5: half of them); nil where there are none."
  @spec quantiles(t(), [float()]) :: [pos_integer() | nil]
  def quantiles(buckets, shares) when buckets == %{}, do: Enum.map(shares, fn _ -> nil end)

  def quantiles(buckets, shares) do
    sorted = Enum.sort(buckets)
    count = count(buckets)
    for share <- shares, do: sorted |> reach(max(ceil(share * count), 1)) |> value()
  end

  defp reach([{index, _calls}], _rank), do: index
  defp reach([{index, calls} | _], rank) when calls >= rank, do: index
  defp reach([{_index, calls} | longer], rank), do: reach(longer, rank - calls)

  @spec merge(t(), t()) :: t()
  def merge(one, other), do: Map.merge(one, other, fn _index, a, b -> a + b end)
end
