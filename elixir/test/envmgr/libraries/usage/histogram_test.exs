defmodule Envmgr.Libraries.Usage.HistogramTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.Usage.Histogram

  test "a bucket stands for what is in it, within 1.6 %, from 1 µs to hours" do
    for exponent <- 10..44, step <- 0..63 do
      ns = Integer.pow(2, exponent) + div(Integer.pow(2, exponent) * step, 64)
      value = ns |> Histogram.index() |> Histogram.value()
      assert abs(value - ns) <= 0.016 * ns, "#{ns} is told as #{value}"
    end
  end

  test "every bucket is its own value's, in the order of values" do
    values = for index <- 0..(Histogram.size() - 1), do: Histogram.value(index)
    assert Enum.map(values, &Histogram.index/1) == Enum.to_list(0..(Histogram.size() - 1))
    assert values == Enum.sort(values)
  end

  test "what is too short or too long is counted at the ends" do
    assert Histogram.index(-5) == 0 and Histogram.index(0) == 0
    assert Histogram.index(Integer.pow(2, 60)) == Histogram.size() - 1
  end

  test "quantiles are those of the sorted values" do
    :rand.seed(:exsss, {1, 2, 3})
    values = for _ <- 1..1_000, do: round(1_000 * :math.exp(15 * :rand.uniform()))
    buckets = Enum.frequencies_by(values, &Histogram.index/1)
    sorted = Enum.sort(values)
    found = Histogram.quantiles(buckets, [0.5, 0.95, 0.99, 1.0])

    for {found, rank} <- Enum.zip(found, [500, 950, 990, 1_000]) do
      exact = Enum.at(sorted, rank - 1)
      assert abs(found - exact) <= 0.016 * exact
    end

    assert Histogram.quantiles(%{}, [0.5]) == [nil]
    assert Histogram.quantiles(%{7 => 1}, [0.0, 1.0]) == [Histogram.value(7), Histogram.value(7)]
  end
end
