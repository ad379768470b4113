defmodule Envmgr.Libraries.Usage.Tally do
  # The counters of one function, written by its callers without a message: atomics, 9 KB. A call costs one addition and one
  # look; an error one addition more.
  @moduledoc false

  alias Envmgr.Libraries.Usage.Histogram

  @classes ~w(usage conversion library resource policy internal)a
  @last 1
  @cached 2
  @errors 3
  @buckets @errors + length(@classes)

  # Written once a second at most: a store in every call would be in the way of callers on other cores.
  @second 1_000_000_000
  @never -0x4000000000000000

  @type t :: :atomics.atomics_ref()

  @spec new() :: t()
  def new do
    tally = :atomics.new(@buckets + Histogram.size() - 1, signed: true)
    :atomics.put(tally, @last, @never)
    tally
  end

  @doc "So many calls ended, which took the same. Both times as of `System.monotonic_time(:nanosecond)`."
  @spec add(t(), integer(), integer(), pos_integer()) :: :ok
  def add(tally, started, ended, count \\ 1) do
    :atomics.add(tally, @buckets + Histogram.index(ended - started), count)

    if ended - :atomics.get(tally, @last) > @second,
      do: :atomics.put(tally, @last, ended),
      else: :ok
  end

  for {class, offset} <- Enum.with_index(@classes) do
    @spec failed(t(), atom()) :: :ok
    def failed(tally, unquote(class)), do: :atomics.add(tally, unquote(@errors + offset), 1)
  end

  def failed(tally, _none), do: failed(tally, :internal)

  @doc "A call was answered from the cache. It is counted as a call, too."
  @spec cached(t()) :: :ok
  def cached(tally), do: :atomics.add(tally, @cached, 1)

  @doc "Whether no call has ended yet."
  @spec unseen?(t()) :: boolean()
  def unseen?(tally), do: :atomics.get(tally, @last) == @never

  @doc "When the last call ended, of the monotonic time, to a second."
  @spec last(t()) :: integer()
  def last(tally), do: :atomics.get(tally, @last)

  @doc "What was counted: `{buckets, errors by class, cached}`, without what is 0."
  @spec read(t()) :: {Histogram.t(), %{atom() => pos_integer()}, non_neg_integer()}
  def read(tally) do
    buckets =
      for index <- 0..(Histogram.size() - 1),
          n = some(tally, @buckets + index),
          into: %{},
          do: {index, n}

    errors =
      for {class, offset} <- Enum.with_index(@classes),
          n = some(tally, @errors + offset),
          into: %{},
          do: {class, n}

    {buckets, errors, :atomics.get(tally, @cached)}
  end

  @doc "Takes away what somebody else counts from now on."
  @spec take(t(), {Histogram.t(), %{atom() => pos_integer()}, non_neg_integer()}) :: :ok
  def take(tally, {buckets, errors, cached}) do
    for {index, n} <- buckets, do: :atomics.sub(tally, @buckets + index, n)
    offsets = @classes |> Enum.with_index() |> Map.new()
    for {class, n} <- errors, do: :atomics.sub(tally, @errors + offsets[class], n)
    :atomics.sub(tally, @cached, cached)
  end

  defp some(tally, at) do
    case :atomics.get(tally, at) do
      n when n > 0 -> n
      _none -> nil
    end
  end
end
