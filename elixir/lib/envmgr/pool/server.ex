defmodule Envmgr.Pool.Server do
  # Keeps an environment's workers. What it does with them is in `Staff`, with generations in `Change`, what it shows to callers
  # in `Front`.
  #
  # A new generation starts beside the serving one (`next`) and takes over when all its workers are ready, unless the
  # workers that run can serve it. The route is switched before the catalog: for a moment an old path may lead to a new
  # worker, which answers what it has; no call meets a worker that is gone.
  @moduledoc false

  use GenServer
  require Logger

  alias Envmgr.Error
  alias Envmgr.Libraries.Catalog
  alias Envmgr.Pool.{Change, Crew, Front, Generation, Lent, Pools, Route, Staff, Stats, Waiting}
  alias Envmgr.Pool.Zygote

  # `whole`: the manifest of which a part is started, for a library of it does not start, and why; `lost`: why which did not.
  # `ended`: why nothing is started any more (`:unloaded`, `:shutdown`), `since`: from when on; `shut`: who waits for the
  # last worker.
  defstruct [
              :options,
              :environment,
              :manager,
              :supervisor,
              :owners,
              :active,
              :next,
              :problem,
              :retry,
              :retry_at,
              :fill,
              :look,
              :recycled,
              :ended,
              :since,
              :shut,
              :whole
            ] ++
              [
                loaded?: false,
                failures: 0,
                refused: nil,
                unread: %{},
                lost: %{},
                missed: 0,
                draining: %{},
                waiting: %Waiting{},
                followers: []
              ]

  def start_link(settings), do: GenServer.start_link(__MODULE__, settings)

  # Names and empty routes stand when init returns: a caller that comes now knows where to wait.
  @impl true
  def init(%{options: options, manifest: manifest, manager: manager, supervisor: supervisor}) do
    epoch = System.unique_integer([:monotonic])

    s = %__MODULE__{
      options: options,
      environment: manifest.environment,
      manager: manager,
      supervisor: supervisor,
      active: Generation.new(manifest, epoch, %{}, nil)
    }

    Logger.metadata(environment: s.environment)
    Catalog.announce(options.name, manifest, epoch)
    {:ok, Front.publish(s), {:continue, :boot}}
  end

  @impl true
  def handle_continue(:boot, s) do
    {:owners, owners, _, _} =
      s.supervisor |> Supervisor.which_children() |> List.keyfind(:owners, 0)

    for {pool, _crew} <- s.active.crews,
        do:
          Staff.tell(s, [:pool, :start], %{pool: pool, generation: s.active.manifest.generation})

    {:noreply, Change.boot(%{s | owners: owners})}
  end

  @impl true
  def handle_call(:await_catalog, _from, s) do
    {:reply, if(s.loaded? or s.problem == nil, do: :ok, else: {:error, s.problem}), s}
  end

  def handle_call({:await_worker, pool, timeout}, from, s) do
    crew = s.active.crews[pool]

    cond do
      s.ended -> {:reply, {:error, Front.ended(s)}, s}
      # The caller looks again, and finds that there is no such pool.
      crew == nil or Crew.open(crew) != [] -> {:reply, :ok, s}
      error = Front.hopeless(s, crew) -> {:reply, {:error, error}, s}
      true -> wait(s, crew, from, timeout)
    end
  end

  def handle_call({:await_generation, wanted}, from, s) do
    {:noreply, Front.follow(%{s | followers: [{from, wanted} | s.followers]})}
  end

  # Calls that were taken on are answered, none is from now on.
  def handle_call(:shut, from, %{ended: :unloaded} = s),
    do: {:noreply, settled(%{s | shut: from})}

  def handle_call(:shut, from, s) do
    s = ending(Change.abandon_next(s), :shutdown)
    Staff.ending(s, Generation.pids(s.active), "the pool was shut down")
    Zygote.retire(s.active.zygote)
    crews = s.active.crews
    s = Front.publish(%{s | active: Generation.emptied(s.active), shut: from})
    s = Staff.drain(s, crews, :finish)
    {:noreply, s |> Front.refuse_all(Front.ended(s)) |> settled()}
  end

  @impl true
  def handle_cast({:change, %{digest: same}}, %{next: %{manifest: %{digest: same}}} = s),
    do: {:noreply, s}

  def handle_cast({:change, manifest}, s),
    do: {:noreply, Change.change(Change.abandon_next(s), manifest)}

  def handle_cast(:remove, s) do
    table = s.options.name
    Staff.ending(s, Generation.pids(s.active), "its environment was unloaded")
    Catalog.remove(table, s.environment, s.active.epoch)
    Route.delete(table, self())
    Pools.delete(table, s.environment, self())
    Stats.delete(table, s.environment)
    s = s |> ending(:unloaded) |> Change.abandon_next()
    Zygote.retire(s.active.zygote)
    crews = s.active.crews
    s = Staff.drain(%{s | active: Generation.emptied(s.active)}, crews, :drain)
    {:noreply, s |> Front.refuse_all(Front.ended(s)) |> settled()}
  end

  @impl true
  def handle_info({:ready, pid, os_pid}, s) do
    case {Generation.crew(s.active, pid), Generation.crew(s.next, pid)} do
      {%Crew{} = crew, _next} ->
        {:noreply,
         s |> Staff.ready(:active, crew, pid, os_pid) |> Staff.fill() |> Front.publish()}

      {nil, %Crew{} = crew} ->
        s = Staff.ready(s, :next, crew, pid, os_pid)
        {:noreply, if(Generation.complete?(s.next), do: Change.switch(s), else: Front.publish(s))}

      {nil, nil} ->
        {:noreply, s}
    end
  end

  def handle_info({:closing, pid}, s), do: {:noreply, without(s, pid, :closing)}

  def handle_info({:spent, pid}, s) do
    case Generation.crew(s.active, pid) do
      nil -> {:noreply, s}
      crew -> {:noreply, s |> Staff.spent(crew, pid) |> Staff.fill() |> Front.publish()}
    end
  end

  def handle_info({:DOWN, _monitor, :process, pid, reason}, s) do
    unless match?({:shutdown, _}, reason), do: Lent.abandoned(s.options.name, pid)
    s = s |> without(pid, reason) |> Staff.over(pid)
    s = Front.publish(%{s | draining: Map.delete(s.draining, pid)})
    {:noreply, settled(s)}
  end

  def handle_info(:retry, s) do
    s = %{s | retry: nil, retry_at: nil}
    s = if s.loaded?, do: Change.read_again(s), else: Change.boot(s)
    {:noreply, if(s.refused && s.next == nil, do: Change.change(s, s.refused.manifest), else: s)}
  end

  def handle_info(:fill, s), do: {:noreply, Front.publish(Staff.fill(%{s | fill: nil}))}

  def handle_info(:look, s),
    do: handle_info({:look, System.monotonic_time(:millisecond)}, %{s | look: nil})

  def handle_info({:look, _now}, %{ended: ended} = s) when ended != nil, do: {:noreply, s}

  def handle_info({:look, now}, s) do
    looked = Staff.look(s, now)
    {:noreply, if(Staff.same?(s, looked), do: Staff.watch(looked), else: Front.publish(looked))}
  end

  def handle_info({:memory, memory}, s), do: {:noreply, Front.publish(Staff.recycle(s, memory))}
  def handle_info(_late, s), do: {:noreply, s}

  # A worker that ended, or is about to. Where no other is, and none comes soon, nobody waits.
  defp without(s, pid, reason) do
    case {Generation.crew(s.active, pid), Generation.crew(s.next, pid)} do
      {%Crew{} = crew, _next} ->
        s = s |> Staff.without(crew, pid, reason) |> Change.part(s.active.manifest, reason)
        error = Front.hopeless(s, s.active.crews[crew.name])
        s = if error, do: Front.refuse(s, crew.name, error), else: s
        s |> Staff.fill() |> Front.publish()

      {nil, %Crew{}} ->
        manifest = s.next.manifest
        why = "a worker ended before the generation was complete"
        problem = Staff.start_problem(manifest, reason) || problem(manifest, why)
        s = Change.abandon_next(s)

        with ^s <- Change.part(s, manifest, reason),
             do: Change.refuse(s, manifest, problem)

      {nil, nil} ->
        s
    end
  end

  defp wait(s, crew, from, timeout) do
    case Waiting.add(s.waiting, crew, from, timeout) do
      {:ok, waiting} ->
        active = Generation.put(s.active, Crew.awake(crew))
        {:noreply, Front.publish(Staff.fill(%{s | waiting: waiting, active: active}))}

      {:full, refusal} ->
        {message, hint} = Pools.overloaded(crew.name, refusal)
        details = Map.put(refusal, :pool, crew.name)
        fields = [code: :overloaded, message: message, hint: hint, details: details]
        {:reply, {:error, Front.error(s, fields)}, s}
    end
  end

  # From now on nothing is started.
  defp ending(%{ended: nil} = s, why),
    do: %{s | ended: why, since: System.monotonic_time(), refused: nil}

  defp ending(s, _why), do: s

  # The last worker of a pool that has ended is gone.
  defp settled(%{ended: ended, draining: none} = s) when ended != nil and none == %{} do
    if s.since, do: drained(s, %{duration: System.monotonic_time() - s.since})
    if s.shut, do: GenServer.reply(s.shut, :ok)
    if ended == :unloaded, do: send(s.manager, {:removed, s.supervisor})
    %{s | shut: nil, since: nil}
  end

  defp settled(s), do: s

  defp drained(s, measured) do
    for pool <- Map.keys(s.active.crews),
        do: Staff.tell(s, [:pool, :drained], %{pool: pool}, measured)
  end

  defp problem(manifest, why) do
    %Error{
      code: :start,
      environment: manifest.environment,
      generation: manifest.generation,
      message: why
    }
  end
end
