defmodule Envmgr.Calls.Sessions.Places do
  # The workers that a session has a place in: where its calls go, and what each worker is yet to be told. Of a session's process.
  @moduledoc false

  alias Envmgr.Calls.Sessions.{Book, Changes, Variables}
  alias Envmgr.Pool.{Route, Slot, Stats}

  @enforce_keys [:table, :id, :limits]
  defstruct [:table, :id, :limits, places: %{}, homes: %{}]

  @typedoc """
  `pool`: as `Route.place/2` names it. `at` counts what the worker was told; `pending`: the variables that it knows otherwise.
  """
  @type place :: %{
          pool: Route.place(),
          environment: String.t(),
          generation: pos_integer(),
          slot: Slot.t(),
          os_pid: pos_integer() | nil,
          at: non_neg_integer(),
          pending: %{String.t() => true}
        }

  @type t :: %__MODULE__{
          table: atom(),
          id: String.t(),
          limits: [pos_integer()],
          places: %{pid() => place()},
          homes: %{Route.place() => pid()}
        }

  @doc """
  The worker for a call in a pool. `busy_stays?`: a worker that has other calls is waited for. `:moved` where the one before takes
  no more calls; `:none` where there is none at the moment; `:gone` where there is no pool.
  """
  @spec choose(t(), Route.place(), busy_stays? :: boolean()) ::
          {:home | :beside | :new, pos_integer(), Route.worker()}
          | {:moved, pid(), pos_integer(), Route.worker()}
          | :none
          | :gone
  def choose(s, pool, busy_stays?) do
    with {generation, workers, _server} <- Route.lookup(s.table, pool),
         [_ | _] = open <- Route.open(workers) do
      # Where workers end with their calls there is no home.
      home = if Route.keeps?(workers), do: s.homes[pool], else: :none

      case List.keyfind(open, home, 0) do
        nil when home == :none -> {:beside, generation, least(s, open)}
        nil when home == nil -> {:new, generation, least(s, open)}
        nil -> {:moved, home, generation, least(s, open)}
        worker when busy_stays? -> {:home, generation, worker}
        worker -> with_less(worker, open, generation)
      end
    else
      nil -> :gone
      [] -> :none
    end
  end

  # New sessions go where the fewest sessions are, and calls.
  defp least(s, open),
    do: Enum.min_by(open, fn {pid, slot} -> Slot.load(slot) + Book.count(s.table, pid) end)

  defp with_less({_, slot} = home, open, generation) do
    {_, other} = least = Enum.min_by(open, fn {_pid, slot} -> Slot.load(slot) end)

    if Slot.load(other) < Slot.load(slot),
      do: {:beside, generation, least},
      else: {:home, generation, home}
  end

  @doc "A certain worker, if it takes calls."
  @spec find(t(), pid()) :: {pos_integer(), Route.worker()} | nil
  def find(s, owner), do: Route.worker(s.table, owner)

  @doc "Gives the session a place in a worker of an environment, which is to be told of all variables."
  @spec enter(t(), String.t(), pos_integer(), Route.worker(), Variables.t()) :: t()
  def enter(s, _environment, _generation, {owner, _slot}, _variables)
      when is_map_key(s.places, owner),
      do: s

  def enter(s, environment, generation, {owner, slot}, variables) do
    Process.monitor(owner)

    place = %{
      pool: pool(s, environment, owner),
      environment: environment,
      generation: generation,
      slot: slot,
      os_pid: os_pid(s.table, environment, owner),
      at: 0,
      pending: Map.new(variables.there, fn {name, _variable} -> {name, true} end)
    }

    s = %{s | places: Map.put(s.places, owner, place)}
    Book.enter(s.table, s.id, Map.keys(s.places), owner)
    s
  end

  @doc "The pool of a worker."
  @spec pool(t(), String.t(), pid()) :: Route.place()
  def pool(s, environment, owner), do: Route.place(environment, Route.pool(s.table, owner))

  defp os_pid(table, environment, owner) do
    with {_owner, _slot, os_pid} <- List.keyfind(Stats.workers(table, environment), owner, 0),
         do: os_pid
  end

  @spec settle(t(), Route.place(), pid()) :: t()
  def settle(s, pool, owner), do: %{s | homes: Map.put(s.homes, pool, owner)}

  @doc "A worker has ended."
  @spec ended(t(), pid()) :: t()
  def ended(s, owner) do
    s = %{s | places: Map.delete(s.places, owner)}
    Book.ended(s.table, s.id, Map.keys(s.places), owner)
    s
  end

  @doc "Whether an object in this worker can still be used."
  @spec open?(t(), pid()) :: boolean()
  def open?(s, owner) do
    case s.places do
      %{^owner => place} -> Slot.open?(place.slot)
      _none -> false
    end
  end

  @doc "Variables have changed: all workers are to be told, but `knows`."
  @spec changed(t(), [String.t()], pid() | nil) :: t()
  def changed(s, names, knows \\ nil) do
    places =
      for {owner, place} <- s.places, into: %{} do
        pending = if owner == knows, do: Map.drop(place.pending, names), else: add(place, names)
        {owner, %{place | pending: pending}}
      end

    %{s | places: places}
  end

  defp add(place, names), do: Enum.reduce(names, place.pending, &Map.put(&2, &1, true))

  @doc "Tells a worker what it does not know. It has that before any call that is sent to it afterwards."
  @spec tell(t(), pid(), Variables.t()) :: t()
  def tell(s, owner, variables) do
    case s.places[owner] do
      %{at: at, pending: pending} when at > 0 and pending == %{} ->
        s

      place ->
        told = for {name, true} <- place.pending, do: told(name, owner, s, variables)
        what = Enum.group_by(told, &elem(&1, 0), &elem(&1, 1))
        limits = if place.at == 0, do: s.limits
        send(owner, {:session, Changes.message(s.id, place.at + 1, limits, what)})
        %{s | places: %{s.places | owner => %{place | at: place.at + 1, pending: %{}}}}
    end
  end

  defp told(name, owner, s, variables) do
    case variables.there[name] do
      nil -> {:delete, name}
      {:value, packed} -> {:set, {name, packed}}
      {:kept, %{owner: ^owner} = ref, _} -> {:keep, {name, Changes.ref(ref)}}
      {:kept, ref, _} -> {:absent, {name, "it stays in #{words(s, ref.owner)}"}}
      {:lost, why, _owner} -> {:absent, {name, why}}
    end
  end

  @doc "A worker, in words."
  @spec words(t(), pid()) :: String.t()
  def words(s, owner) do
    case s.places[owner] do
      nil ->
        "a worker"

      place ->
        "worker #{place.os_pid} of environment #{place.environment}, generation #{place.generation}"
    end
  end
end
