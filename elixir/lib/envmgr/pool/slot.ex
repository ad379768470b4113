defmodule Envmgr.Pool.Slot do
  # A worker's counters, written by callers and its owner without a message: calls in flight, calls answered.
  @moduledoc false

  @in_flight 1
  @answered 2
  # Far above any number of calls: a closed worker is never the least loaded.
  @closed 0x100000000000
  # Far above any number of calls, far below closed: a slow worker is picked when all are slow.
  @slow 0x100000000

  @type t :: :atomics.atomics_ref()

  @spec new() :: t()
  def new, do: :atomics.new(2, signed: true)

  @spec take(t()) :: :ok
  def take(slot), do: :atomics.add(slot, @in_flight, 1)

  @spec give_back(t(), non_neg_integer()) :: :ok
  def give_back(slot, count), do: :atomics.sub(slot, @in_flight, count)

  @spec answered(t(), non_neg_integer()) :: :ok
  def answered(slot, count) do
    :atomics.add(slot, @answered, count)
    :atomics.sub(slot, @in_flight, count)
  end

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

  @spec counts(t()) :: %{in_flight: integer(), answered: integer()}
  def counts(slot) do
    in_flight = load(slot)
    in_flight = if open?(slot), do: in_flight, else: in_flight - @closed
    in_flight = if in_flight < div(@slow, 2), do: in_flight, else: in_flight - @slow
    %{in_flight: in_flight, answered: :atomics.get(slot, @answered)}
  end
end
