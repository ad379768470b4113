defmodule Envmgr.Pool.Staff do
  # What the Server does with workers: starts those that are missing, replaces those that have served long enough, lets go
  # those that have nothing to do. Functions of its state; `Crew` counts, `Circuit`, `Scaling` and `Recycling` decide.
  @moduledoc false

  require Logger

  alias Envmgr.{Error, Telemetry}
  alias Envmgr.Pool.{Circuit, Crew, Generation, Memory, Owner, Recycling, Route, Scaling, Slot}
  alias Envmgr.Pool.Zygote
  alias Envmgr.Libraries.Manifest
  alias Envmgr.Values.Holding

  @typedoc "The Server's."
  @type state :: map()

  # How often a pool is looked at, ms: one that may grow, while it is busy and while it is not; one that may be recycled.
  @busy 100
  @calm 250
  @seldom 1_000

  @doc "Starts what is missing in the serving generation, as far as its circuits let it."
  @spec fill(state()) :: state()
  def fill(%{ended: ended} = s) when ended != nil, do: s
  def fill(%{loaded?: false} = s), do: s

  def fill(s) do
    now = now()

    s =
      Enum.reduce(s.active.crews, s, fn {_name, crew}, s ->
        {missing, starting, ready} =
          {Crew.missing(crew), map_size(crew.starting), map_size(crew.ready)}

        {count, circuit} = Circuit.allows(crew.circuit, missing, starting, ready, now)
        {s, _pids} = start(s, :active, changed(s, crew, circuit), count)
        s
      end)

    waits =
      for {_name, crew} <- s.active.crews,
          Crew.missing(crew) > 0,
          wait = Circuit.wait(crew.circuit, now),
          wait > 0,
          do: wait

    if waits == [] or s.fill,
      do: s,
      else: %{s | fill: Process.send_after(self(), :fill, Enum.min(waits))}
  end

  @doc "Starts the workers of the next generation."
  @spec start_next(state()) :: state()
  def start_next(s) do
    Enum.reduce(s.next.crews, s, fn {_name, crew}, s ->
      {s, _pids} = start(s, :next, crew, Crew.missing(crew))
      s
    end)
  end

  defp start(s, which, crew, count) when count <= 0,
    do: {Map.put(s, which, s |> Map.fetch!(which) |> Generation.put(crew)), []}

  defp start(s, which, crew, count) do
    generation = with_zygote(s, Map.fetch!(s, which))
    manifest = Manifest.only(generation.manifest, crew.sizing.libraries)

    {crew, pids} =
      Enum.reduce(1..count, {crew, []}, fn _, {crew, pids} ->
        slot = Slot.new()

        settings = %{
          server: self(),
          manifest: manifest,
          slot: slot,
          options: s.options,
          zygote: generation.zygote,
          pool: crew.name,
          sizing: crew.sizing
        }

        {:ok, pid} = DynamicSupervisor.start_child(s.owners, {Owner, settings})
        Process.monitor(pid)
        send(pid, :open)
        {Crew.starting(crew, pid, slot, now()), [pid | pids]}
      end)

    {Map.put(s, which, Generation.put(generation, crew)), pids}
  end

  # One for all pools of a generation, from the first worker on.
  defp with_zygote(s, %{zygote: zygote} = generation) do
    if zygote && Process.alive?(zygote),
      do: generation,
      else: %{generation | zygote: Zygote.start(s.owners, generation.manifest, s.options)}
  end

  @doc "A worker is ready. One whose place it takes goes."
  @spec ready(state(), :active | :next, Crew.t(), pid(), pos_integer()) :: state()
  def ready(s, which, crew, pid, os_pid) do
    {after_, replaced} = Crew.ready(crew, pid, os_pid, now())
    s = Map.put(s, which, s |> Map.fetch!(which) |> Generation.put(after_))

    case replaced do
      nil -> s
      {old, why} -> let_go(s, after_, [old], why)
    end
  end

  # The route goes first: no call meets a worker that drains, but for those on their way.
  defp let_go(s, crew, pids, why) do
    ending(s, pids, why)
    left = Enum.reduce(pids, crew, &Crew.without(&2, &1))
    s = %{s | active: Generation.put(s.active, left)}
    generation = s.active.manifest.generation
    names = {s.environment, crew.name}
    Route.publish(s.options.name, names, generation, Crew.open(left), self(), crew.sizing)
    drain(s, only(%{crew.name => crew}, pids), :drain)
  end

  @doc "A worker has got its only call."
  @spec spent(state(), Crew.t(), pid()) :: state()
  def spent(s, crew, pid) do
    s = drained(s, only(%{crew.name => crew}, [pid]))
    %{s | active: Generation.put(s.active, Crew.spent(crew, pid))}
  end

  @doc "A worker that had its only call has ended: there is room for another."
  @spec over(state(), pid()) :: state()
  def over(s, pid) do
    Enum.reduce(s.active.crews, s, fn {_name, crew}, s ->
      case Crew.over(crew, pid) do
        {true, crew} -> fill(%{s | active: Generation.put(s.active, crew)})
        {false, _crew} -> s
      end
    end)
  end

  @doc "A worker of the serving generation has ended, or is about to. `:closing`: its owner ends it."
  @spec without(state(), Crew.t(), pid(), :closing | term()) :: state()
  def without(s, crew, pid, reason) do
    s = drained(s, only(%{crew.name => crew}, [pid]))
    left = Crew.without(crew, pid)

    left =
      case fault(s, crew, pid, reason) do
        nil ->
          left

        {kind, problem} ->
          circuit = Circuit.fault(crew.circuit, kind, problem, now())
          problem = if kind == :start, do: problem, else: left.problem
          %{changed(s, left, circuit) | problem: problem}
      end

    %{s | active: Generation.put(s.active, left)}
  end

  defp fault(_s, _crew, _pid, :closing), do: nil

  defp fault(s, crew, pid, reason) do
    case {is_map_key(crew.starting, pid), reason} do
      {true, {:shutdown, {:lost, why}}} -> {:end, problem(s, why)}
      {true, _reason} -> {:start, not_started(s, reason)}
      {false, {:shutdown, {:lost, why}}} -> early(s, crew.ready[pid], why)
      {false, _in_order} -> nil
    end
  end

  defp not_started(s, reason) do
    problem =
      start_problem(s.active.manifest, reason) ||
        problem(s, "the worker's owner ended: #{inspect(reason, limit: 5)}")

    Logger.error("envmgr: #{s.environment}: no worker: #{Exception.message(problem)}")
    problem
  end

  defp early(s, worker, why) do
    if Circuit.early?(Slot.answered(worker.slot), now() - worker.since),
      do: {:end, problem(s, why)}
  end

  @doc "Why a worker did not start, from how its owner ended; nil: that is not known."
  @spec start_problem(Manifest.t(), term()) :: Error.t() | nil
  def start_problem(_manifest, {:shutdown, {:start, error}}), do: error
  def start_problem(_manifest, _reason), do: nil

  defp problem(s, why) do
    generation = s.active.manifest.generation
    %Error{code: :start, environment: s.environment, generation: generation, message: why}
  end

  # Tells when a circuit opens or closes.
  defp changed(s, %{circuit: %{state: before}} = crew, %{state: state} = circuit) do
    if before != state do
      tell_circuit(s, crew.name, circuit)

      if state == :open,
        do: Logger.error("envmgr: #{s.environment}: #{refusal(circuit, crew).message}")
    end

    %{crew | circuit: circuit}
  end

  defp tell_circuit(s, pool, %{state: state} = circuit) do
    about = %{pool: pool, library: nil, path: nil, reason: circuit.problem}
    measured = %{system_time: System.system_time()}

    case state do
      :open ->
        open = %{failures: length(circuit.faults), open: Circuit.wait(circuit, now())}
        tell(s, [:circuit, :open], about, Map.merge(measured, open))

      :half_open ->
        tell(s, [:circuit, :half_open], about, measured)

      :closed ->
        tell(s, [:circuit, :close], about, measured)
    end
  end

  defp refusal(circuit, crew), do: Circuit.refusal(circuit, crew.name, now())

  @doc "Lets workers finish: with `:drain` what is not written goes to others, with `:finish` nothing does."
  @spec drain(state(), %{String.t() => Crew.t()}, :drain | :finish) :: state()
  def drain(s, crews, how) do
    for {_name, crew} <- crews, pid <- Crew.pids(crew), do: send(pid, how)
    drained(s, crews)
  end

  defp drained(s, crews) do
    pids = Enum.flat_map(Map.values(crews), &Crew.pids/1)
    for pid <- pids, do: Route.forget(s.options.name, pid)
    %{s | draining: Enum.into(pids, s.draining, &{&1, true})}
  end

  @doc "The crews with these workers alone."
  @spec only(%{String.t() => Crew.t()}, [pid()]) :: %{String.t() => Crew.t()}
  def only(crews, pids) do
    Map.new(crews, fn {name, crew} ->
      {name, %{crew | starting: Map.take(crew.starting, pids), ready: Map.take(crew.ready, pids)}}
    end)
  end

  @doc "Before their route goes: who meets a stale ref shall hear why."
  @spec ending(state(), [pid()], String.t()) :: term()
  def ending(s, pids, why) do
    for pid <- pids, do: Holding.tell(s.options.name, {:ended, pid, why})
  end

  @doc "Has the pools looked at again, as often as one of them needs it."
  @spec watch(state()) :: state()
  def watch(%{look: nil, ended: nil} = s) do
    crews = Map.values(s.active.crews)
    watched = Enum.map(crews, &Crew.watched/1)

    cond do
      :often in watched ->
        busy? = Enum.any?(crews, &(Crew.watched(&1) == :often and Crew.seen(&1).busy > 0))
        %{s | look: Process.send_after(self(), :look, if(busy?, do: @busy, else: @calm))}

      :seldom in watched ->
        %{s | look: Process.send_after(self(), :look, @seldom)}

      true ->
        s
    end
  end

  def watch(s), do: s

  @doc "Whether what callers see is the same."
  @spec same?(state(), state()) :: boolean()
  def same?(s, other), do: seen(s) == seen(other)

  defp seen(s) do
    for {name, crew} <- s.active.crews, do: {name, %{crew | load: nil}}
  end

  @doc "A look at all pools: who is to grow or shrink, whose workers have proved themselves, or have served long enough."
  @spec look(state(), integer()) :: state()
  def look(s, now) do
    s.active.crews
    |> Enum.reduce(s, fn {_name, crew}, s -> look_at(s, crew, now) end)
    |> fill()
    |> recycling(now)
  end

  defp look_at(s, %{wanted: 0}, _now), do: s

  defp look_at(s, crew, now) do
    ready = for {_pid, w} <- crew.ready, do: {w.since, Slot.answered(w.slot)}
    crew = changed(s, crew, Circuit.look(crew.circuit, ready, now))
    seen = Crew.seen(crew)
    {wanted, load} = Scaling.look(crew.load, seen, crew.sizing, crew.wanted, now)
    crew = %{crew | load: load}

    cond do
      wanted > crew.wanted ->
        scaled(s, crew, wanted, "#{seen.waiting} calls wait and all workers are busy")
        %{s | active: Generation.put(s.active, %{crew | wanted: wanted})}

      wanted < crew.wanted ->
        shrink(s, crew, wanted)

      true ->
        %{s | active: Generation.put(s.active, crew)}
    end
  end

  # An object is somebody's work: its worker is not idle.
  defp shrink(s, crew, wanted) do
    surplus = max(-Crew.missing(%{crew | wanted: wanted}), 0)
    idle = Crew.idle(crew)
    leaving = Enum.take(idle -- Holding.holding(s.options.name, idle), surplus)
    wanted = wanted + surplus - length(leaving)
    if wanted < crew.wanted, do: scaled(s, crew, wanted, "workers have nothing to do")
    crew = %{crew | wanted: wanted}
    s = %{s | active: Generation.put(s.active, crew)}
    if leaving == [], do: s, else: let_go(s, crew, leaving, "the worker had nothing to do")
  end

  defp scaled(s, crew, wanted, why),
    do:
      tell(s, [:pool, :scale], %{pool: crew.name, reason: why}, %{from: crew.wanted, to: wanted})

  # Memory is read by another process: it may take a program.
  defp recycling(s, now) do
    crews = for {_, crew} <- s.active.crews, Recycling.any?(crew.sizing), do: crew

    cond do
      crews == [] or (s.recycled != nil and now - s.recycled < @seldom) ->
        s

      Enum.any?(crews, & &1.sizing.memory) ->
        limits =
          for %{sizing: %{memory: limit}} = crew when limit != nil <- crews,
              {_, worker} <- crew.ready,
              do: {worker.os_pid, limit}

        server = self()
        spawn(fn -> send(server, {:memory, Memory.own(limits)}) end)
        %{s | recycled: now}

      true ->
        recycle(%{s | recycled: now}, %{})
    end
  end

  @doc "Starts successors of the workers that have served long enough. `memory`: of their processes, as far as it was read."
  @spec recycle(state(), %{pos_integer() => non_neg_integer()}) :: state()
  def recycle(%{ended: ended} = s, _memory) when ended != nil, do: s

  def recycle(s, memory) do
    Enum.reduce(s.active.crews, s, fn {_name, crew}, s ->
      due = if Circuit.whole?(crew.circuit), do: Crew.due(crew, memory, now()), else: []

      Enum.reduce(due, s, fn {old, reason, facts}, s ->
        {s, [new]} = start(s, :active, s.active.crews[crew.name], 1)
        crew = s.active.crews[crew.name]
        crew = Crew.succeed(crew, new, old, Recycling.words(reason, facts))
        about = %{worker: old, os_pid: crew.ready[old].os_pid, reason: reason, pool: crew.name}
        about = Map.put(about, :generation, s.active.manifest.generation)
        tell(s, [:worker, :recycled], about, facts)
        %{s | active: Generation.put(s.active, crew)}
      end)
    end)
  end

  @doc "Tells of an event."
  @spec tell(state(), [atom()], map(), map()) :: :ok
  def tell(s, event, about, measured \\ %{system_time: System.system_time()}) do
    about = Map.merge(about, %{instance: s.options.name, environment: s.environment})
    Telemetry.execute(event, measured, about)
  end

  defp now, do: System.monotonic_time(:millisecond)
end
