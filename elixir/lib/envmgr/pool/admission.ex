defmodule Envmgr.Pool.Admission do
  # Whether a call may wait. Run by its caller, after it was counted: nearly always by two comparisons.
  #
  # One too many is refused; and one that comes too late as far as is known: when the calls before it, each taking what calls
  # of that worker take lately, last longer than @margin times what is left until its deadline. A worker says what a call takes
  # when it has seen some (`Pace`). Calls that go on beside others wait for nothing.
  @moduledoc false

  alias Envmgr.Pool.Slot

  # A refusal must be right though the average is of calls that differ: half as much again.
  @margin 1.5

  @typedoc "`watched`: from so many calls in one worker on all of them are counted."
  @type limits ::
          {watched :: pos_integer(), queue :: pos_integer(), at_a_time :: pos_integer()}

  @typedoc "What matters of a call. `timeout` is what it had at first, ms."
  @type wish ::
          {timeout(), deadline :: integer() | :infinity, :high | :normal | :low}
  @type refusal ::
          %{why: :queue, waiting: non_neg_integer(), queue: pos_integer(), workers: pos_integer()}
          | %{
              why: :deadline,
              ahead: pos_integer(),
              each: float(),
              expected: float(),
              left: non_neg_integer(),
              workers: pos_integer()
            }

  @spec limits(pos_integer(), pos_integer(), non_neg_integer()) :: limits()
  def limits(queue, at_a_time, workers) do
    {div(queue, max(workers, 1)) + at_a_time, queue, at_a_time}
  end

  @doc "Of a call that is counted in `load`, the calls of its worker."
  @spec check(pos_integer(), Slot.t(), workers :: tuple(), wish()) ::
          :ok | {:overloaded, refusal()}
  def check(1, _slot, _workers, _wish), do: :ok

  def check(load, slot, workers, {timeout, _deadline, _priority} = wish) do
    {watched, _queue, _at_a_time} = workers |> elem(0) |> elem(1)

    if load <= watched and
         (timeout == :infinity or load * Slot.each(slot) <= timeout * 1_000_000),
       do: :ok,
       else: look(slot, workers, wish)
  end

  defp look(slot, workers, wish) do
    [head | workers] = Tuple.to_list(workers)
    {_watched, queue, at_a_time} = elem(head, 1)
    calls = for {_pid, other} <- workers, Slot.open?(other), do: ordered(other)
    waiting = calls |> Enum.map(&max(&1 - at_a_time, 0)) |> Enum.sum()

    # The call itself is one of them.
    if waiting > queue and ordered(slot) > at_a_time,
      do: refused(%{why: :queue, waiting: waiting - 1, queue: queue}, calls),
      else: in_time(slot, wish, calls)
  end

  defp in_time(_slot, {_timeout, :infinity, _priority}, _calls), do: :ok

  defp in_time(slot, {_timeout, deadline, priority}, calls) do
    ahead = ahead(slot, priority)
    each = Slot.each(slot) / 1_000_000
    left = max(deadline - System.monotonic_time(:millisecond), 0)

    if ahead * each > @margin * left do
      refused(
        %{why: :deadline, ahead: ahead, each: each, expected: ahead * each, left: left},
        calls
      )
    else
      :ok
    end
  end

  defp refused(facts, calls),
    do: {:overloaded, Map.put(facts, :workers, length(calls))}

  # What the owner has not yet told of priorities counts as normal.
  defp ahead(slot, priority) do
    {high, low} = Slot.waiting(slot)
    others = max(ordered(slot) - 1, 0)

    case priority do
      :high -> min(others, high)
      :normal -> max(others - low, 0)
      :low -> others
    end
  end

  defp ordered(slot), do: max(Slot.calls(Slot.load(slot)) - Slot.aside(slot), 0)
end
