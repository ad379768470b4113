defmodule Envmgr.Pool.Route do
  # Which workers an environment has, and which of them a call takes. One writer, the Server; readers are the callers.
  @moduledoc false

  alias Envmgr.Pool.Slot

  @type worker :: {pid(), Slot.t()}
  @type t :: {generation :: pos_integer(), workers :: tuple(), pool :: pid()}

  @spec publish(atom(), String.t(), pos_integer(), [worker()], pid()) :: true
  def publish(table, environment, generation, workers, pool) do
    :ets.insert(table, {{:route, environment}, generation, List.to_tuple(workers), pool})
  end

  @spec delete(atom(), String.t()) :: true
  def delete(table, environment), do: :ets.delete(table, {:route, environment})

  @spec lookup(atom(), String.t()) :: t() | nil
  def lookup(table, environment) do
    case :ets.lookup(table, {:route, environment}) do
      [{_key, generation, workers, pool}] -> {generation, workers, pool}
      [] -> nil
    end
  end

  @doc """
  The open worker with the fewest calls in flight, or nil. The call is counted before it is sent.

  `start` is where the search begins, so that equal workers take turns.
  """
  @spec pick(tuple(), non_neg_integer()) :: worker() | nil
  def pick({}, _start), do: nil
  def pick({worker}, _start), do: take(worker)

  def pick(workers, start) do
    size = tuple_size(workers)
    first = elem(workers, rem(start, size))
    workers |> least(rem(start, size), size, size - 1, first, load(first)) |> take()
  end

  @doc "The given worker, counted like a picked one; nil when it is closed or not in this route."
  @spec pinned(tuple(), pid()) :: worker() | nil
  def pinned(workers, pid) do
    if worker = List.keyfind(Tuple.to_list(workers), pid, 0), do: take(worker)
  end

  defp least(_workers, _at, _size, _left, worker, 0), do: worker
  defp least(_workers, _at, _size, 0, worker, _load), do: worker

  defp least(workers, at, size, left, worker, load) do
    at = rem(at + 1, size)
    other = elem(workers, at)

    case load(other) do
      less when less < load -> least(workers, at, size, left - 1, other, less)
      _more -> least(workers, at, size, left - 1, worker, load)
    end
  end

  defp load({_pid, slot}), do: Slot.load(slot)

  defp take({_pid, slot} = worker) do
    if Slot.open?(slot) do
      Slot.take(slot)
      worker
    end
  end
end
