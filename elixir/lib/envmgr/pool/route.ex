defmodule Envmgr.Pool.Route do
  # Which workers a pool has, and which of them a call takes. One writer, the Server; readers are the callers.
  @moduledoc false

  alias Envmgr.Libraries.Sizing
  alias Envmgr.Pool.{Admission, Slot}

  @default "default"
  # So few calls before it are no reason to look at the rest of the pool.
  @few 3

  @type worker :: {pid(), Slot.t()}
  @typedoc "`workers` is a tuple of a head and the workers."
  @type t :: {generation :: pos_integer(), workers :: tuple(), pool :: pid()}

  @typedoc """
  The cursor counts searches: where the next one begins, so that equal workers take turns. `serves`: the libraries of the pool, nil: all
  of the environment. `keeps?`: whether objects can stay in its workers.
  """
  @type head ::
          {cursor :: :atomics.atomics_ref(), Admission.limits(), serves :: [String.t()] | nil,
           keeps? :: boolean()}

  @doc "Limits: the most calls that wait, and how many run at a time in a worker."
  @spec publish(
          atom(),
          {String.t(), pool :: String.t()},
          pos_integer(),
          [worker()],
          pid(),
          Sizing.t()
        ) ::
          true
  def publish(table, {environment, pool}, generation, workers, server, sizing) do
    limits = Admission.limits(sizing.queue, Sizing.at_a_time(sizing), length(workers))
    cursor = :atomics.new(1, signed: false)
    head = {cursor, limits, sizing.libraries, not Sizing.once?(sizing)}

    for {pid, slot} <- workers,
        do: :ets.insert(table, {{:worker, pid}, generation, slot, server, pool})

    route = {key(environment, pool), generation, List.to_tuple([head | workers]), server}
    :ets.insert(table, route)
  end

  @doc "A worker takes no more calls of its objects."
  @spec forget(atom(), pid()) :: true
  def forget(table, pid), do: :ets.delete(table, {:worker, pid})

  @doc "Takes all routes of a Server away, unless another one has published them anew."
  @spec delete(atom(), pid()) :: true
  def delete(table, server) do
    :ets.match_delete(table, {{:route, :_}, :_, :_, server})
    :ets.match_delete(table, {{:worker, :_}, :_, :_, server, :_})
  end

  @doc "Takes one pool's route away."
  @spec delete(atom(), String.t(), String.t(), pid()) :: true
  def delete(table, environment, pool, server),
    do: :ets.match_delete(table, {key(environment, pool), :_, :_, server})

  @spec lookup(atom(), place(), pool :: String.t() | nil) :: t() | nil
  def lookup(table, environment, pool \\ nil) do
    case :ets.lookup(table, key(environment, pool)) do
      [{_key, generation, workers, server}] -> {generation, workers, server}
      [] -> nil
    end
  end

  defp key(environment, nil), do: {:route, environment}
  defp key(environment, @default), do: {:route, environment}
  defp key(environment, pool), do: {:route, {environment, pool}}

  @doc "Whether the pool has this library."
  @spec serves?(tuple(), String.t() | nil) :: boolean()
  def serves?(workers, library) do
    case workers |> elem(0) |> elem(2) do
      nil -> true
      libraries -> library in libraries
    end
  end

  @doc "Whether objects can stay in its workers: not where these end with their call."
  @spec keeps?(tuple()) :: boolean()
  def keeps?(workers), do: workers |> elem(0) |> elem(3)

  @spec limits(tuple()) :: Admission.limits()
  def limits(workers), do: workers |> elem(0) |> elem(1)

  @doc "The open worker with the fewest calls in flight, or nil. The call is counted before it is sent."
  @spec pick(tuple()) :: worker() | nil
  def pick(workers), do: workers |> choose() |> take()

  @doc "As `pick/1`; of workers with equally many calls the given one."
  @spec pick(tuple(), pid() | nil) :: worker() | nil
  def pick(workers, preferred), do: workers |> choose(preferred) |> take()

  @doc """
  As `pick/2`, for a call that may be refused because it would be one too many, or come too late (`Admission`): then it is
  not counted.
  """
  @spec admit(tuple(), pid() | nil, Admission.wish()) ::
          worker() | nil | {:overloaded, Admission.refusal()}
  def admit(workers, preferred, wish),
    do: workers |> choose(preferred) |> admit_to(workers, wish)

  defp admit_to(nil, _workers, _wish), do: nil

  defp admit_to({_pid, slot} = worker, workers, wish) do
    with load when is_integer(load) <- Slot.take(slot),
         {:overloaded, _why} = refused <- Admission.check(load, slot, workers, wish) do
      Slot.give_back(slot, 1)
      refused
    else
      :ok -> worker
      nil -> nil
    end
  end

  defp choose(workers, nil), do: choose(workers)

  defp choose(workers, preferred) do
    size = tuple_size(workers) - 1

    case index(workers, preferred, size) do
      0 ->
        choose(workers)

      at ->
        worker = elem(workers, at)
        load = load(worker)

        if load < at_a_time(workers),
          do: worker,
          else: least(workers, at - 1, size, size - 1, worker, load)
    end
  end

  defp choose({_head}), do: nil
  defp choose({_head, worker}), do: worker

  defp choose(workers) do
    size = tuple_size(workers) - 1
    start = rem(:atomics.add_get(workers |> elem(0) |> elem(0), 1, 1), size)
    first = elem(workers, start + 1)
    least(workers, start, size, size - 1, first, load(first))
  end

  @doc "As `pick/1`, but never the given one."
  @spec pick_other(tuple(), pid()) :: worker() | nil
  def pick_other(workers, avoided) do
    [head | workers] = Tuple.to_list(workers)
    pick(List.to_tuple([head | List.keydelete(workers, avoided, 0)]))
  end

  @doc "How many workers there are beside the given one; nil for none."
  @spec others(tuple(), pid() | nil) :: non_neg_integer()
  def others(workers, pid) do
    [_head | workers] = Tuple.to_list(workers)
    Enum.count(workers, fn {other, slot} -> other != pid and Slot.open?(slot) end)
  end

  defp index(_workers, _pid, 0), do: 0

  defp index(workers, pid, at) do
    case elem(workers, at) do
      {^pid, _slot} -> at
      _other -> index(workers, pid, at - 1)
    end
  end

  @doc "The given worker, of whichever pool; nil when it is closed or gone."
  @spec worker(atom(), pid()) :: {generation :: pos_integer(), worker()} | nil
  def worker(table, pid) do
    with [{_key, generation, slot, _server, _pool}] <- :ets.lookup(table, {:worker, pid}),
         true <- Slot.open?(slot),
         do: {generation, {pid, slot}},
         else: (_gone -> nil)
  end

  @doc """
  The same, counted like a picked one. With a wish the call may be refused, as by `admit/3`.
  """
  @spec pinned(atom(), String.t(), pid(), Admission.wish() | nil) ::
          {generation :: pos_integer(), worker()}
          | {:overloaded, Admission.refusal()}
          | nil
  def pinned(table, environment, pid, wish) do
    with [{_key, generation, slot, _server, pool}] <- :ets.lookup(table, {:worker, pid}),
         load when is_integer(load) <- Slot.take(slot),
         :ok <- wait(load, slot, table, environment, pool, wish) do
      {generation, {pid, slot}}
    else
      {:overloaded, _why} = refused -> refused
      _gone -> nil
    end
  end

  defp wait(load, _slot, _table, _environment, _pool, wish) when load < @few or wish == nil,
    do: :ok

  defp wait(load, slot, table, environment, pool, wish) do
    with {_generation, workers, _server} <- lookup(table, environment, pool),
         {:overloaded, _why} = refused <- Admission.check(load, slot, workers, wish) do
      Slot.give_back(slot, 1)
      refused
    else
      _may -> :ok
    end
  end

  @typedoc "An environment, which is its default pool; or a pool of one."
  @type place :: String.t() | {environment :: String.t(), pool :: String.t()}

  @doc "How a pool is called where an environment is asked for."
  @spec place(String.t(), String.t() | nil) :: place()
  def place(environment, pool) when pool in [nil, @default], do: environment
  def place(environment, pool), do: {environment, pool}

  @spec environment(place()) :: String.t()
  def environment({environment, _pool}), do: environment
  def environment(environment), do: environment

  @doc "Whose worker it is; nil when it takes no calls any more."
  @spec pool(atom(), pid()) :: String.t() | nil
  def pool(table, pid) do
    case :ets.lookup(table, {:worker, pid}) do
      [{_key, _generation, _slot, _server, pool}] -> pool
      [] -> nil
    end
  end

  @doc "How many open workers can begin another call at once."
  @spec idle(tuple()) :: non_neg_integer()
  def idle(workers) do
    most = at_a_time(workers)
    Enum.count(tl(Tuple.to_list(workers)), &(load(&1) < most))
  end

  defp at_a_time(workers), do: workers |> limits() |> elem(2)

  @doc "The workers that take calls."
  @spec open(tuple()) :: [worker()]
  def open(workers) do
    [_head | workers] = Tuple.to_list(workers)
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
  @spec take(worker() | nil) :: worker() | nil
  def take(nil), do: nil
  def take({_pid, slot} = worker), do: if(Slot.take(slot), do: worker)
end
