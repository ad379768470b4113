defmodule Envmgr.Pool.Route do
  # Which workers an environment has, and which of them a call takes. One writer, the Server; readers are the callers.
  @moduledoc false

  alias Envmgr.Pool.Slot

  @type worker :: {pid(), Slot.t()}
  @typedoc "`workers` is a tuple of a cursor and the workers."
  @type t :: {generation :: pos_integer(), workers :: tuple(), pool :: pid()}

  @typedoc "Counts searches: where the next one begins, so that equal workers take turns."
  @type cursor :: :atomics.atomics_ref()

  @spec publish(atom(), String.t(), pos_integer(), [worker()], pid()) :: true
  def publish(table, environment, generation, workers, pool) do
    cursor = :atomics.new(1, signed: false)

    :ets.insert(
      table,
      {{:route, environment}, generation, List.to_tuple([cursor | workers]), pool}
    )
  end

  @doc "Takes the route away, unless another pool has published one."
  @spec delete(atom(), String.t(), pid()) :: true
  def delete(table, environment, pool),
    do: :ets.match_delete(table, {{:route, environment}, :_, :_, pool})

  @spec lookup(atom(), String.t()) :: t() | nil
  def lookup(table, environment) do
    case :ets.lookup(table, {:route, environment}) do
      [{_key, generation, workers, pool}] -> {generation, workers, pool}
      [] -> nil
    end
  end

  @doc "The open worker with the fewest calls in flight, or nil. The call is counted before it is sent."
  @spec pick(tuple()) :: worker() | nil
  def pick({_cursor}), do: nil
  def pick({_cursor, worker}), do: take(worker)

  def pick(workers) do
    size = tuple_size(workers) - 1
    start = rem(:atomics.add_get(elem(workers, 0), 1, 1), size)
    first = elem(workers, start + 1)
    workers |> least(start, size, size - 1, first, load(first)) |> take()
  end

  @doc "As `pick/1`; of workers with equally many calls the given one."
  @spec pick(tuple(), pid()) :: worker() | nil
  def pick(workers, preferred) do
    size = tuple_size(workers) - 1

    case index(workers, preferred, size) do
      0 ->
        pick(workers)

      at ->
        worker = elem(workers, at)
        workers |> least(at - 1, size, size - 1, worker, load(worker)) |> take()
    end
  end

  @doc "As `pick/1`, but never the given one."
  @spec pick_other(tuple(), pid()) :: worker() | nil
  def pick_other(workers, avoided) do
    [cursor | workers] = Tuple.to_list(workers)
    pick(List.to_tuple([cursor | List.keydelete(workers, avoided, 0)]))
  end

  @doc "How many workers there are beside the given one; nil for none."
  @spec others(tuple(), pid() | nil) :: non_neg_integer()
  def others(workers, pid) do
    [_cursor | workers] = Tuple.to_list(workers)
    Enum.count(workers, fn {other, slot} -> other != pid and Slot.open?(slot) end)
  end

  defp index(_workers, _pid, 0), do: 0

  defp index(workers, pid, at) do
    case elem(workers, at) do
      {^pid, _slot} -> at
      _other -> index(workers, pid, at - 1)
    end
  end

  @doc "The given worker, counted like a picked one; nil when it is closed or not in this route."
  @spec pinned(tuple(), pid()) :: worker() | nil
  def pinned(workers, pid) do
    [_cursor | workers] = Tuple.to_list(workers)
    if worker = List.keyfind(workers, pid, 0), do: take(worker)
  end

  @doc "The workers that take calls."
  @spec open(tuple()) :: [worker()]
  def open(workers) do
    [_cursor | workers] = Tuple.to_list(workers)
    Enum.filter(workers, fn {_pid, slot} -> Slot.open?(slot) end)
  end

  defp least(_workers, _at, _size, _left, worker, 0), do: worker
  defp least(_workers, _at, _size, 0, worker, _load), do: worker

  defp least(workers, at, size, left, worker, load) do
    at = rem(at + 1, size)
    other = elem(workers, at + 1)

    case load(other) do
      less when less < load -> least(workers, at, size, left - 1, other, less)
      _more -> least(workers, at, size, left - 1, worker, load)
    end
  end

  defp load({_pid, slot}), do: Slot.load(slot)

  @doc "Counts a call, unless the worker is closed: then nil."
  @spec take(worker()) :: worker() | nil
  def take({_pid, slot} = worker) do
    if Slot.open?(slot) do
      Slot.take(slot)
      worker
    end
  end
end
