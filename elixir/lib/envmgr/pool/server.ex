defmodule Envmgr.Pool.Server do
  # Keeps an environment's workers: changes generations, tries again what does not start, answers who waits. What it does
  # with workers is in `Staff`.
  #
  # A new generation starts beside the serving one (`next`) and takes over when all its workers are ready, unless the
  # workers that run can serve it. The route is switched before the catalog: for a moment an old path may lead to a new
  # worker, which answers what it has; no call meets a worker that is gone.
  @moduledoc false

  use GenServer
  require Logger

  alias Envmgr.{Error, Telemetry}
  alias Envmgr.Libraries.{Catalog, Manifest}
  alias Envmgr.Pool.{Backoff, Crew, Generation, Lent, Pools, Route, Staff, Stats, Waiting}

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
              :fill,
              :look,
              :recycled,
              :ended,
              :since,
              :shut
            ] ++
              [
                loaded?: false,
                failures: 0,
                refused: nil,
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
    {:ok, publish(s), {:continue, :boot}}
  end

  @impl true
  def handle_continue(:boot, s) do
    {:owners, owners, _, _} =
      s.supervisor |> Supervisor.which_children() |> List.keyfind(:owners, 0)

    for {pool, _crew} <- s.active.crews do
      metadata = %{generation: s.active.manifest.generation}
      Staff.tell(s, [:pool, :start], pool, %{system_time: System.system_time()}, metadata)
    end

    {:noreply, boot(%{s | owners: owners})}
  end

  @impl true
  def handle_call(:await_catalog, _from, s) do
    {:reply, if(s.loaded? or s.problem == nil, do: :ok, else: {:error, s.problem}), s}
  end

  def handle_call({:await_worker, pool, timeout}, from, s) do
    crew = s.active.crews[pool]

    cond do
      s.ended -> {:reply, {:error, ended(s)}, s}
      # The caller looks again, and finds that there is no such pool.
      crew == nil or Crew.open(crew) != [] -> {:reply, :ok, s}
      error = hopeless(s, crew) -> {:reply, {:error, error}, s}
      true -> wait(s, crew, from, timeout)
    end
  end

  def handle_call({:await_generation, wanted}, from, s) do
    {:noreply, follow(%{s | followers: [{from, wanted} | s.followers]})}
  end

  # Calls that were taken on are answered, none is from now on.
  def handle_call(:shut, from, %{ended: :unloaded} = s),
    do: {:noreply, settled(%{s | shut: from})}

  def handle_call(:shut, from, s) do
    s = ending(abandon_next(s), :shutdown)
    Staff.ending(s, Generation.pids(s.active), "the pool was shut down")
    crews = s.active.crews
    s = publish(%{s | active: Generation.emptied(s.active), shut: from})
    s = Staff.drain(s, crews, :finish)
    {:noreply, s |> refuse_all() |> settled()}
  end

  @impl true
  def handle_cast({:change, %{digest: same}}, %{next: %{manifest: %{digest: same}}} = s),
    do: {:noreply, s}

  def handle_cast({:change, manifest}, s), do: {:noreply, change(abandon_next(s), manifest)}

  def handle_cast(:remove, s) do
    table = s.options.name
    Staff.ending(s, Generation.pids(s.active), "its environment was unloaded")
    Catalog.remove(table, s.environment, s.active.epoch)
    Route.delete(table, self())
    Pools.delete(table, s.environment, self())
    Stats.delete(table, s.environment)
    s = s |> ending(:unloaded) |> abandon_next()
    crews = s.active.crews
    s = Staff.drain(%{s | active: Generation.emptied(s.active)}, crews, :drain)
    {:noreply, s |> refuse_all() |> settled()}
  end

  @impl true
  def handle_info({:ready, pid, os_pid}, s) do
    case {Generation.crew(s.active, pid), Generation.crew(s.next, pid)} do
      {%Crew{} = crew, _next} ->
        {:noreply, s |> Staff.ready(:active, crew, pid, os_pid) |> Staff.fill() |> publish()}

      {nil, %Crew{} = crew} ->
        s = Staff.ready(s, :next, crew, pid, os_pid)
        {:noreply, if(Generation.complete?(s.next), do: switch(s), else: publish(s))}

      {nil, nil} ->
        {:noreply, s}
    end
  end

  def handle_info({:closing, pid}, s), do: {:noreply, without(s, pid, :closing)}

  def handle_info({:DOWN, _monitor, :process, pid, reason}, s) do
    unless match?({:shutdown, _}, reason), do: Lent.abandoned(s.options.name, pid)
    s = s |> without(pid, reason) |> Staff.gone(pid, reason)
    {:noreply, s |> publish() |> settled()}
  end

  def handle_info(:retry, s) do
    s = %{s | retry: nil}
    s = if s.loaded?, do: s, else: boot(s)
    {:noreply, if(s.refused && s.next == nil, do: change(s, s.refused.manifest), else: s)}
  end

  def handle_info(:fill, s), do: {:noreply, publish(Staff.fill(%{s | fill: nil}))}

  def handle_info(:look, s),
    do: handle_info({:look, System.monotonic_time(:millisecond)}, %{s | look: nil})

  def handle_info({:look, _now}, %{ended: ended} = s) when ended != nil, do: {:noreply, s}
  def handle_info({:look, now}, s), do: {:noreply, s |> Staff.look(now) |> publish()}

  def handle_info({:memory, memory}, s), do: {:noreply, publish(Staff.recycle(s, memory))}
  def handle_info(_late, s), do: {:noreply, s}

  # The first generation. Its catalog comes first, so that wrong calls are told apart while workers start.
  defp boot(%{ended: nil} = s) do
    case Catalog.load(s.active.manifest) do
      {:ok, catalogs} ->
        Catalog.publish(s.options.name, s.active.manifest, s.active.epoch, catalogs)
        publish(Staff.fill(%{s | loaded?: true, problem: nil, failures: 0}))

      {:error, why} ->
        problem = problem(s.active.manifest, why)
        Logger.error("envmgr: #{s.environment}: no catalog: #{why}")
        s = retry_later(%{s | failures: s.failures + 1, problem: problem})
        s |> refuse_all(problem) |> publish()
    end
  end

  defp boot(s), do: s

  defp change(%{ended: ended} = s, _manifest) when ended != nil, do: s

  defp change(%{active: %{manifest: %{digest: same}}} = s, %{digest: same}),
    do: publish(%{s | refused: nil})

  defp change(s, manifest) do
    epoch = System.unique_integer([:monotonic])

    case Catalog.load(manifest) do
      {:ok, catalogs} ->
        if s.loaded? and Manifest.same_workers?(s.active.manifest, manifest),
          do: adopt(s, manifest, epoch, catalogs),
          else: prepare(s, Generation.new(manifest, epoch, catalogs, s.active))

      {:error, why} ->
        refuse(s, manifest, problem(manifest, why))
    end
  end

  # Of pools that nobody has called there is nothing to wait for.
  defp prepare(s, generation) do
    s = Staff.start_next(%{s | next: generation})
    if Generation.complete?(s.next), do: switch(s), else: publish(s)
  end

  # The workers that run serve the new generation, more or fewer of them; the objects that they hold stay.
  defp adopt(s, manifest, epoch, catalogs) do
    from = s.active.manifest.generation
    crews = s.active.crews
    {active, surplus} = Generation.adopt(s.active, manifest, epoch)
    Staff.ending(s, surplus, "generation #{manifest.generation} has fewer workers")
    forget_pools(s, Map.keys(crews) -- Map.keys(active.crews))
    s = expose(%{s | active: active, refused: nil})
    Catalog.publish(s.options.name, manifest, epoch, catalogs)
    switched(s, from)
    s |> Staff.drain(Staff.only(crews, surplus), :drain) |> Staff.fill() |> publish()
  end

  defp switch(s) do
    {old, new} = {s.active, s.next}
    {from, to} = {old.manifest.generation, new.manifest.generation}
    Staff.ending(s, Generation.pids(old), replaced(from, to))
    forget_pools(s, Map.keys(old.crews) -- Map.keys(new.crews))
    active = %{new | catalogs: %{}}

    s =
      expose(%{
        s
        | active: active,
          next: nil,
          refused: nil,
          failures: 0,
          problem: nil,
          loaded?: true
      })

    Catalog.publish(s.options.name, new.manifest, new.epoch, new.catalogs)
    switched(s, from)
    Logger.info("envmgr: #{s.environment}: generation #{to} serves")
    s |> Staff.drain(old.crews, :drain) |> Staff.fill() |> publish()
  end

  defp switched(s, from) do
    to = s.active.manifest.generation
    name = if to < from, do: [:generation, :rollback], else: [:generation, :switch]
    metadata = %{instance: s.options.name, environment: s.environment, from: from, to: to}

    if from != to,
      do: Telemetry.execute(name, %{system_time: System.system_time()}, metadata)
  end

  defp forget_pools(s, pools) do
    for pool <- pools, do: Route.delete(s.options.name, s.environment, pool, self())
  end

  # A worker that ended, or is about to.
  defp without(s, pid, reason) do
    case {Generation.crew(s.active, pid), Generation.crew(s.next, pid)} do
      {%Crew{} = crew, _next} ->
        s = Staff.without(s, crew, pid, reason)
        error = hopeless(s, s.active.crews[crew.name])
        s = if error, do: refuse_pool(s, crew.name, error), else: s
        s |> Staff.fill() |> publish()

      {nil, %Crew{}} ->
        manifest = s.next.manifest
        why = "a worker ended before the generation was complete"
        problem = Staff.start_problem(manifest, reason) || problem(manifest, why)
        s |> abandon_next() |> refuse(manifest, problem)

      {nil, nil} ->
        s
    end
  end

  defp refuse(s, manifest, problem) do
    tries = if s.refused && s.refused.manifest == manifest, do: s.refused.tries + 1, else: 1
    {generation, serving} = {manifest.generation, s.active.manifest.generation}

    Logger.error(
      "envmgr: #{s.environment}: generation #{generation} does not start, " <>
        "generation #{serving} keeps serving: #{Exception.message(problem)}"
    )

    Telemetry.execute([:generation, :refused], %{tries: tries}, %{
      instance: s.options.name,
      environment: s.environment,
      generation: generation,
      serving: serving,
      reason: problem
    })

    publish(retry_later(%{s | refused: %{manifest: manifest, problem: problem, tries: tries}}))
  end

  defp retry_later(%{retry: nil} = s) do
    tries = max(s.failures, if(s.refused, do: s.refused.tries, else: 0))
    %{s | retry: Process.send_after(self(), :retry, Backoff.delay(max(tries, 1)))}
  end

  defp retry_later(s), do: s

  defp abandon_next(%{next: nil} = s), do: s
  defp abandon_next(s), do: %{Staff.drain(s, s.next.crews, :drain) | next: nil}

  defp replaced(old, new) when new > old,
    do: "generation #{new} took the place of generation #{old}"

  defp replaced(old, new) when new < old,
    do: "generation #{old} was rolled back to generation #{new}"

  defp replaced(_same, _new), do: "a library of its environment was loaded, unloaded or changed"

  # Nobody should wait for a worker: none comes soon. A generation that starts may bring some.
  defp hopeless(%{loaded?: false, problem: problem}, _crew) when problem != nil, do: problem
  defp hopeless(%{next: nil}, crew), do: Crew.hopeless(crew, System.monotonic_time(:millisecond))
  defp hopeless(_s, _crew), do: nil

  defp wait(s, crew, from, timeout) do
    case Waiting.add(s.waiting, crew, from, timeout) do
      {:ok, waiting} ->
        active = Generation.put(s.active, Crew.awake(crew))
        {:noreply, publish(Staff.fill(%{s | waiting: waiting, active: active}))}

      {:full, refusal} ->
        {message, hint} = Pools.overloaded(crew.name, refusal)
        details = Map.put(refusal, :pool, crew.name)
        fields = [code: :overloaded, message: message, hint: hint, details: details]
        {:reply, {:error, error(s, fields)}, s}
    end
  end

  defp refuse_pool(s, pool, error),
    do: %{s | waiting: Waiting.answer(s.waiting, pool, {:error, error})}

  defp refuse_all(s), do: follow(refuse_all(s, ended(s)))

  defp refuse_all(s, error) do
    Enum.reduce(Map.keys(s.active.crews), s, &refuse_pool(&2, &1, error))
  end

  defp publish(s), do: s |> expose() |> Staff.watch() |> follow()

  defp expose(%{ended: :unloaded} = s), do: s

  defp expose(s) do
    table = s.options.name
    Pools.publish(table, s.active.manifest, self())
    Stats.publish(table, s.environment, s)

    Enum.reduce(s.active.crews, s, fn {pool, crew}, s ->
      {open, generation} = {Crew.open(crew), s.active.manifest.generation}
      Route.publish(table, {s.environment, pool}, generation, open, self(), crew.sizing)
      if open == [], do: s, else: %{s | waiting: Waiting.answer(s.waiting, pool, :ok)}
    end)
  end

  # Those who wait for a change are answered when all its workers are ready, or will not be soon.
  defp follow(s) do
    followers =
      Enum.reject(s.followers, fn {from, wanted} ->
        verdict = verdict(s, wanted)
        verdict && GenServer.reply(from, verdict)
      end)

    %{s | followers: followers}
  end

  defp verdict(s, wanted) do
    serving = s.active.manifest.generation
    crews = for {_name, crew} <- s.active.crews, not Crew.asleep?(crew), do: crew

    cond do
      s.ended ->
        {:error, ended(s)}

      s.next != nil ->
        nil

      s.refused != nil and wanted in [nil, s.refused.manifest.generation] ->
        {:error, s.refused.problem}

      error = Enum.find_value(Map.values(s.active.crews), &hopeless(s, &1)) ->
        {:error, error}

      not s.loaded? ->
        nil

      Enum.any?(crews, &(Crew.open(&1) == [] or (&1.starting != %{} and &1.problem == nil))) ->
        nil

      wanted in [nil, serving] ->
        :ok

      true ->
        {:error, overtaken(s, wanted)}
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
        do: Staff.tell(s, [:pool, :drained], pool, measured, %{})
  end

  defp problem(manifest, why) do
    %Error{
      code: :start,
      environment: manifest.environment,
      generation: manifest.generation,
      message: why
    }
  end

  defp error(s, fields),
    do: Error |> struct!([{:environment, s.environment} | fields]) |> Error.classified()

  defp overtaken(s, wanted) do
    serving = s.active.manifest.generation

    error(s,
      code: :not_ready,
      generation: serving,
      message: "generation #{wanted} was activated, and generation #{serving} serves",
      hint:
        "another envmgr activated or removed a generation meanwhile, or the lines of the log say why not"
    )
  end

  defp ended(%{ended: :unloaded} = s),
    do: error(s, code: :not_ready, message: "the environment was removed")

  defp ended(%{ended: :shutdown} = s),
    do: error(s, code: :not_ready, message: "the pool is shutting down")
end
