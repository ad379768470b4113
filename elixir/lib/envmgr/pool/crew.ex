defmodule Envmgr.Pool.Crew do
  # The workers of one pool in one generation, as the Server counts them. Pure.
  @moduledoc false

  alias Envmgr.Libraries.Sizing
  alias Envmgr.Pool.{Circuit, Recycling, Scaling, Slot}

  @enforce_keys [:name, :sizing]
  defstruct [:name, :sizing, :problem, wanted: 0, starting: %{}, ready: %{}, successors: %{}] ++
              [spent: %{}, circuit: %Circuit{}, load: %Scaling{}, told: %{}]

  @typedoc "`since`: ms, of the start until it is ready, then of that."
  @type worker :: %{
          slot: Slot.t(),
          os_pid: pos_integer() | nil,
          since: integer()
        }

  @typedoc """
  `wanted`: 0 of a lazy pool that nobody has called. `successors`: who takes whose place, and why. `problem`: why the last worker did
  not start. `spent`: workers that have their only call, while they run it. `told`: which of them know that others are coming.
  """
  @type t :: %__MODULE__{
          name: String.t(),
          sizing: Sizing.t(),
          wanted: non_neg_integer(),
          starting: %{pid() => worker()},
          ready: %{pid() => worker()},
          successors: %{pid() => {old :: pid(), why :: String.t()}},
          spent: %{pid() => true},
          told: %{pid() => boolean()},
          problem: Envmgr.Error.t() | nil
        }

  @doc "A pool without workers; where it had some in another generation, as many are wanted."
  @spec new(String.t(), Sizing.t(), t() | nil) :: t()
  def new(name, sizing, before) do
    wanted = if before, do: before.wanted, else: 0
    wanted = if wanted == 0 and sizing.lazy?, do: 0, else: within(wanted, sizing)
    %__MODULE__{name: name, sizing: sizing, wanted: wanted}
  end

  defp within(wanted, sizing), do: wanted |> max(sizing.min) |> min(sizing.max)

  @doc "Somebody waits for a worker."
  @spec awake(t()) :: t()
  def awake(%{wanted: 0} = c), do: %{c | wanted: c.sizing.min}
  def awake(c), do: c

  @spec asleep?(t()) :: boolean()
  def asleep?(c), do: c.wanted == 0

  @spec missing(t()) :: integer()
  def missing(c) do
    wanted =
      if c.spent == %{}, do: c.wanted, else: min(c.wanted, c.sizing.max - map_size(c.spent))

    wanted + map_size(c.successors) - map_size(c.starting) - map_size(c.ready)
  end

  @spec starting(t(), pid(), Slot.t(), integer()) :: t()
  def starting(c, pid, slot, now),
    do: put_in(c.starting[pid], %{slot: slot, os_pid: nil, since: now})

  @doc "A worker is ready. The one whose place it takes is to be drained, and why."
  @spec ready(t(), pid(), pos_integer(), integer()) ::
          {t(), nil | {old :: pid(), why :: String.t()}}
  def ready(c, pid, os_pid, now) do
    {worker, starting} = Map.pop!(c.starting, pid)
    ready = Map.put(c.ready, pid, %{worker | os_pid: os_pid, since: now})
    {replaced, successors} = Map.pop(c.successors, pid)

    c = %{c | starting: starting, ready: ready, successors: successors, problem: nil}
    {%{c | circuit: Circuit.ready(c.circuit)}, replaced}
  end

  @doc "A worker has got its only call: another takes its place, as far as there may be more of them."
  @spec spent(t(), pid()) :: t()
  def spent(c, pid), do: %{without(c, pid) | spent: Map.put(c.spent, pid, true)}

  @doc "Its process has ended. Whether it was one of these."
  @spec over(t(), pid()) :: {boolean(), t()}
  def over(c, pid) do
    {spent, left} = Map.pop(c.spent, pid, false)
    {spent, %{c | spent: left}}
  end

  @doc "A worker that ended, or takes no more calls. Who was to take its place is one of many now."
  @spec without(t(), pid()) :: t()
  def without(c, pid) do
    successors =
      for {new, {old, _why}} = pair <- c.successors, pid not in [new, old], into: %{}, do: pair

    %{
      c
      | starting: Map.delete(c.starting, pid),
        ready: Map.delete(c.ready, pid),
        successors: successors
    }
  end

  @doc "Takes on another size. Surplus are those that start first, then the least busy."
  @spec resize(t(), Sizing.t()) :: {t(), surplus :: [pid()]}
  def resize(c, sizing) do
    c = %{c | sizing: sizing, successors: %{}}
    c = if asleep?(c) and sizing.lazy?, do: c, else: %{c | wanted: within(c.wanted, sizing)}
    least = c.ready |> Enum.sort_by(fn {_, worker} -> Slot.load(worker.slot) end) |> pids()
    surplus = Enum.take(Map.keys(c.starting) ++ least, max(-missing(c), 0))
    {Enum.reduce(surplus, c, &without(&2, &1)), surplus}
  end

  @spec has?(t(), pid()) :: boolean()
  def has?(c, pid), do: is_map_key(c.starting, pid) or is_map_key(c.ready, pid)

  @spec complete?(t()) :: boolean()
  def complete?(c), do: map_size(c.ready) >= c.wanted

  @doc "Whether some are starting of those that are always there, and to whom that is news."
  @spec coming(t()) :: {boolean(), news :: [pid()], t()}
  def coming(c) do
    coming? = c.starting != %{} and map_size(c.ready) < c.sizing.min
    news = for {pid, _worker} <- c.ready, Map.get(c.told, pid, false) != coming?, do: pid
    {coming?, news, %{c | told: Map.new(c.ready, fn {pid, _worker} -> {pid, coming?} end)}}
  end

  @doc "The workers that callers may pick."
  @spec open(t()) :: [{pid(), Slot.t()}]
  def open(c), do: for({pid, %{slot: slot}} <- c.ready, Slot.open?(slot), do: {pid, slot})

  @spec pids(t()) :: [pid()]
  def pids(c) when is_struct(c), do: Map.keys(c.starting) ++ Map.keys(c.ready)
  def pids(pairs), do: Enum.map(pairs, &elem(&1, 0))

  @doc "No worker, none that starts, and none soon: nobody should wait. Why, for who asks."
  @spec hopeless(t(), integer()) :: Envmgr.Error.t() | nil
  def hopeless(c, now) do
    if open(c) == [] and (c.starting == %{} or c.circuit.state == :half_open),
      do: Circuit.refusal(c.circuit, c.name, now)
  end

  @doc "What a look at its workers shows."
  @spec seen(t()) :: Scaling.seen()
  def seen(c) do
    open = open(c)
    calls = for {_pid, slot} <- open, do: {Slot.calls(Slot.load(slot)), Slot.aside(slot)}
    at_a_time = Sizing.at_a_time(c.sizing)

    %{
      ready: length(open),
      starting: map_size(c.starting),
      busy: Enum.count(calls, fn {all, _aside} -> all >= at_a_time end),
      waiting: Enum.sum(for {all, aside} <- calls, do: max(all - aside - at_a_time, 0))
    }
  end

  @doc "Workers that have nothing to do, those first that have done least."
  @spec idle(t()) :: [pid()]
  def idle(c) do
    for({pid, slot} <- open(c), Slot.load(slot) == 0, do: {pid, Slot.answered(slot)})
    |> Enum.sort_by(&elem(&1, 1))
    |> pids()
  end

  @doc "Workers that have served long enough, as many as may be replaced at a time."
  @spec due(t(), %{pos_integer() => non_neg_integer()}, integer()) ::
          [{pid(), Recycling.reason(), Recycling.facts()}]
  def due(c, memory, now) do
    room = Recycling.at_a_time(c.wanted) - map_size(c.successors)
    replaced = for {_new, {old, _why}} <- c.successors, do: old

    due =
      for {pid, worker} <- c.ready,
          pid not in replaced and Slot.open?(worker.slot),
          facts = facts(worker, memory, now),
          reason = Recycling.due(facts, c.sizing),
          do: {pid, reason, facts}

    Enum.take(due, max(room, 0))
  end

  defp facts(worker, memory, now) do
    %{
      age: now - worker.since,
      calls: Slot.answered(worker.slot),
      memory: memory[worker.os_pid]
    }
  end

  @doc "A worker that starts takes the place of another when it is ready."
  @spec succeed(t(), pid(), pid(), String.t()) :: t()
  def succeed(c, new, old, why), do: put_in(c.successors[new], {old, why})

  @doc "Whether it is to be looked at: several times a second (`:often`), about once (`:seldom`), or not."
  @spec watched(t()) :: :often | :seldom | nil
  def watched(%{wanted: 0}), do: nil

  def watched(%{sizing: sizing} = c) do
    cond do
      sizing.min < sizing.max -> :often
      Recycling.any?(sizing) or not Circuit.whole?(c.circuit) -> :seldom
      true -> nil
    end
  end
end
