defmodule Envmgr.Pool.Slot do
  # A worker's counters, written by callers and its owner without a message: calls in flight, calls answered, and what
  # the owner knows of how they go.
  @moduledoc false

  @in_flight 1
  @answered 2
  @each 3
  @aside 4
  @high 5
  @low 6
  # Far above any number of calls: a closed worker is never the least loaded.
  @closed 0x100000000000
  # Far above any number of calls, far below closed: a slow worker is picked when all are slow.
  @slow 0x100000000

  @type t :: :atomics.atomics_ref()

  @spec new() :: t()
  def new, do: :atomics.new(6, signed: true)

  @doc "Counts a call: how many there are now, as `load/1` says it. nil when the worker is closed: nothing was counted."
  @spec take(t()) :: pos_integer() | nil
  def take(slot) do
    case :atomics.add_get(slot, @in_flight, 1) do
      load when load < div(@closed, 2) ->
        load

      _closed ->
        :atomics.sub(slot, @in_flight, 1)
        nil
    end
  end

  @spec give_back(t(), non_neg_integer()) :: :ok
  def give_back(slot, count), do: :atomics.sub(slot, @in_flight, count)

  @spec answered(t(), non_neg_integer()) :: :ok
  def answered(slot, count) do
    :atomics.add(slot, @answered, count)
    :atomics.sub(slot, @in_flight, count)
  end

  @spec answered(t()) :: non_neg_integer()
  def answered(slot), do: :atomics.get(slot, @answered)

  @doc "Nobody picks this worker from now on."
  @spec close(t()) :: :ok
  def close(slot) do
    if open?(slot), do: :atomics.add(slot, @in_flight, @closed), else: :ok
  end

  @spec open?(t()) :: boolean()
  def open?(slot), do: :atomics.get(slot, @in_flight) < div(@closed, 2)

  @doc "Others are picked before this worker, until `brisk/1`."
  @spec slow(t()) :: :ok
  def slow(slot), do: :atomics.add(slot, @in_flight, @slow)

  @spec brisk(t()) :: :ok
  def brisk(slot), do: :atomics.sub(slot, @in_flight, @slow)

  @spec load(t()) :: integer()
  def load(slot), do: :atomics.get(slot, @in_flight)

  @doc "The calls of a load, without the marks of a slow or closed worker."
  @spec calls(integer()) :: non_neg_integer()
  def calls(load), do: Bitwise.band(load, @slow - 1)

  @doc "How long each call takes lately, ns; 0 while too few were seen. The owner says so."
  @spec each(t(), non_neg_integer()) :: :ok
  def each(slot, ns), do: :atomics.put(slot, @each, ns)

  @spec each(t()) :: non_neg_integer()
  def each(slot), do: :atomics.get(slot, @each)

  @doc "How many calls go on beside the others, and wait for nothing here. The owner says so."
  @spec aside(t(), non_neg_integer()) :: :ok
  def aside(slot, count), do: :atomics.put(slot, @aside, count)

  @spec aside(t()) :: non_neg_integer()
  def aside(slot), do: :atomics.get(slot, @aside)

  @doc "How many of the calls that wait are of priority high and low. The owner says so."
  @spec waiting(t(), non_neg_integer(), non_neg_integer()) :: :ok
  def waiting(slot, high, low) do
    :atomics.put(slot, @high, high)
    :atomics.put(slot, @low, low)
  end

  @spec waiting(t()) :: {high :: non_neg_integer(), low :: non_neg_integer()}
  def waiting(slot), do: {:atomics.get(slot, @high), :atomics.get(slot, @low)}

  @spec counts(t()) :: %{in_flight: integer(), answered: integer()}
  def counts(slot), do: %{in_flight: calls(load(slot)), answered: answered(slot)}
end
