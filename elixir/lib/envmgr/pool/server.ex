defmodule Envmgr.Pool.Server do
  # Keeps an environment's workers: replaces those that end, changes generations, tries again what does not start.
  #
  # A new generation starts beside the serving one (`next`) and takes over when all its workers are ready, unless the
  # workers that run can serve it. The route is switched before the catalog: for a moment an old path may lead to a new
  # worker, which answers what it has; no call meets a worker that is gone.
  @moduledoc false

  use GenServer
  require Logger

  alias Envmgr.{Error, Telemetry}
  alias Envmgr.Libraries.{Catalog, Manifest}
  alias Envmgr.Pool.{Backoff, Generation, Lent, Owner, Route, Slot, Stats, Zygote}
  alias Envmgr.Values.Holding

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
              :retry_at
            ] ++
              [
                loaded?: false,
                removed?: false,
                failures: 0,
                refused: nil,
                unread: %{},
                missed: 0,
                draining: %{},
                waiters: [],
                followers: []
              ]

  def start_link(settings), do: GenServer.start_link(__MODULE__, settings)

  # Names and an empty route stand when init returns: a caller that comes now knows where to wait.
  @impl true
  def init(%{options: options, manifest: manifest, manager: manager, supervisor: supervisor}) do
    epoch = System.unique_integer([:monotonic])
    active = %Generation{manifest: manifest, epoch: epoch, catalogs: %{}}

    s = %__MODULE__{
      options: options,
      environment: manifest.environment,
      manager: manager,
      supervisor: supervisor,
      active: active
    }

    Logger.metadata(environment: s.environment)
    Catalog.announce(options.name, manifest, epoch)
    {:ok, publish(s), {:continue, :boot}}
  end

  @impl true
  def handle_continue(:boot, s) do
    {:owners, owners, _, _} =
      s.supervisor |> Supervisor.which_children() |> List.keyfind(:owners, 0)

    tell(s, [:pool, :start], %{pool: "default", generation: s.active.manifest.generation})
    {:noreply, boot(%{s | owners: owners})}
  end

  @impl true
  def handle_call(:await_catalog, _from, s) do
    {:reply, if(s.loaded? or s.problem == nil, do: :ok, else: {:error, s.problem}), s}
  end

  def handle_call(:await_worker, from, s) do
    cond do
      s.removed? -> {:reply, {:error, unloaded(s)}, s}
      Generation.workers(s.active) != [] -> {:reply, :ok, s}
      hopeless?(s) -> {:reply, {:error, s.problem}, s}
      true -> {:noreply, %{s | waiters: [from | s.waiters]}}
    end
  end

  def handle_call({:await_generation, wanted}, from, s) do
    {:noreply, follow(%{s | followers: [{from, wanted} | s.followers]})}
  end

  @impl true
  def handle_cast({:change, %{digest: same}}, %{next: %{manifest: %{digest: same}}} = s),
    do: {:noreply, s}

  def handle_cast({:change, manifest}, s), do: {:noreply, change(abandon_next(s), manifest)}

  def handle_cast(:remove, s) do
    table = s.options.name
    ending(s, Generation.pids(s.active), "its environment was unloaded")
    Catalog.remove(table, s.environment, s.active.epoch)
    Route.delete(table, s.environment, self())
    Stats.delete(table, s.environment)
    s = abandon_next(%{s | removed?: true, refused: nil})
    answer(s, {:error, unloaded(s)})
    Zygote.retire(s.active.zygote)
    s = %{drain(s, Generation.pids(s.active)) | active: emptied(s.active), waiters: []}
    {:noreply, s |> follow() |> removed()}
  end

  @impl true
  def handle_info({:ready, pid, os_pid}, s) do
    cond do
      Generation.has?(s.active, pid) ->
        active = Generation.ready(s.active, pid, os_pid)
        {:noreply, publish(%{s | active: active, failures: 0, problem: nil})}

      Generation.has?(s.next, pid) ->
        next = Generation.ready(s.next, pid, os_pid)
        s = %{s | next: next}
        {:noreply, if(Generation.complete?(next), do: switch(s), else: publish(s))}

      true ->
        {:noreply, s}
    end
  end

  def handle_info({:closing, pid}, s), do: {:noreply, without(s, pid, nil)}

  def handle_info({:DOWN, _monitor, :process, pid, reason}, s) do
    unless match?({:shutdown, _}, reason), do: Lent.abandoned(s.options.name, pid)
    s = without(s, pid, start_problem(s, pid, reason))
    {:noreply, removed(publish(%{s | draining: Map.delete(s.draining, pid)}))}
  end

  def handle_info(:retry, s) do
    s = %{s | retry: nil, retry_at: nil}
    s = if s.loaded?, do: s |> read_again() |> start_missing(), else: boot(s)
    {:noreply, if(s.refused && s.next == nil, do: change(s, s.refused.manifest), else: s)}
  end

  # The first generation. Its catalog comes first, so that wrong calls are told apart while workers start.
  defp boot(s) do
    case Catalog.load(s.active.manifest) do
      {catalogs, unread} when catalogs == %{} ->
        failed(s, unread(s.active.manifest, unread))

      {catalogs, unread} ->
        Catalog.publish(s.options.name, s.active.manifest, s.active.epoch, catalogs)
        start_missing(lacking(%{s | loaded?: true}, unread))
    end
  end

  # Libraries whose catalogs cannot be read; the others are served.
  defp lacking(s, unread) when unread == %{}, do: %{s | unread: %{}, missed: 0}

  defp lacking(s, unread) do
    problems =
      Map.new(unread, fn {name, why} -> {name, unread(s.active.manifest, %{name => why})} end)

    for {name, problem} <- problems,
        not is_map_key(s.unread, name),
        do: Logger.error("envmgr: #{s.environment}: #{name}: #{Exception.message(problem)}")

    retry_later(%{s | unread: problems, missed: s.missed + 1})
  end

  defp read_again(%{unread: unread} = s) when unread == %{}, do: s

  defp read_again(s) do
    manifest = s.active.manifest
    wanted = Map.take(manifest.libraries, Map.keys(s.unread))
    {catalogs, unread} = Catalog.load(%{manifest | libraries: wanted})
    Catalog.publish(s.options.name, manifest, s.active.epoch, catalogs)
    lacking(s, unread)
  end

  defp change(%{removed?: true} = s, _manifest), do: s

  defp change(%{active: %{manifest: %{digest: same}}} = s, %{digest: same}),
    do: publish(%{s | refused: nil})

  defp change(s, manifest) do
    epoch = System.unique_integer([:monotonic])

    case Catalog.load(manifest) do
      {catalogs, unread} when unread == %{} ->
        if s.loaded? and Manifest.same_workers?(s.active.manifest, manifest),
          do: adopt(s, manifest, epoch, catalogs),
          else: prepare(s, %Generation{manifest: manifest, epoch: epoch, catalogs: catalogs})

      {_catalogs, unread} ->
        refuse(s, manifest, unread(manifest, unread))
    end
  end

  defp prepare(s, generation), do: publish(%{s | next: start(s, generation)})

  # The workers that run serve the new generation, more or fewer of them; the objects that they hold stay.
  defp adopt(s, manifest, epoch, catalogs) do
    {active, surplus} = Generation.trim(%{s.active | manifest: manifest, epoch: epoch})
    before = s.active.manifest.generation
    ending(s, surplus, "generation #{manifest.generation} has fewer workers")
    s = expose(%{s | active: active, refused: nil, unread: %{}, missed: 0})
    Catalog.publish(s.options.name, manifest, epoch, catalogs)
    switched(s, before, manifest.generation)
    start_missing(drain(s, surplus))
  end

  defp switch(s) do
    {old, new} = {s.active, s.next}
    ending(s, Generation.pids(old), replaced(old.manifest.generation, new.manifest.generation))

    s =
      expose(%{
        s
        | active: %{new | catalogs: %{}},
          next: nil,
          refused: nil,
          unread: %{},
          missed: 0,
          failures: 0,
          problem: nil,
          loaded?: true
      })

    Catalog.publish(s.options.name, new.manifest, new.epoch, new.catalogs)
    Logger.info("envmgr: #{s.environment}: generation #{new.manifest.generation} serves")
    switched(s, old.manifest.generation, new.manifest.generation)
    Zygote.retire(old.zygote)
    publish(drain(s, Generation.pids(old)))
  end

  # A worker that ended, or is about to.
  defp without(s, pid, problem) do
    cond do
      Generation.has?(s.active, pid) ->
        s =
          publish(%{
            s
            | active: Generation.without(s.active, pid),
              draining: Map.put(s.draining, pid, true)
          })

        if problem, do: failed(s, problem), else: start_missing(s)

      Generation.has?(s.next, pid) ->
        manifest = s.next.manifest
        s = %{s | next: Generation.without(s.next, pid), draining: Map.put(s.draining, pid, true)}
        why = problem || problem(manifest, "a worker ended before the generation was complete")
        s |> abandon_next() |> refuse(manifest, why)

      true ->
        s
    end
  end

  # An owner that never had a ready worker is a failed start, however it ended: starting again at once would not help.
  defp start_problem(_s, _pid, {:shutdown, {:start, error}}), do: error

  defp start_problem(s, pid, reason) do
    if is_map_key(s.active.starting, pid),
      do: problem(s.active.manifest, "the worker's owner ended: #{inspect(reason, limit: 5)}")
  end

  defp failed(s, problem) do
    Logger.error("envmgr: #{s.environment}: no worker: #{Exception.message(problem)}")
    s = retry_later(%{s | failures: s.failures + 1, problem: problem})
    if hopeless?(s), do: s |> expose() |> answer({:error, problem}) |> follow(), else: publish(s)
  end

  defp refuse(s, manifest, problem) do
    tries = if s.refused && s.refused.manifest == manifest, do: s.refused.tries + 1, else: 1

    Logger.error(
      "envmgr: #{s.environment}: generation #{manifest.generation} does not start, " <>
        "generation #{s.active.manifest.generation} keeps serving: #{Exception.message(problem)}"
    )

    about = %{
      generation: manifest.generation,
      serving: s.active.manifest.generation,
      reason: problem
    }

    tell(s, [:generation, :refused], about, %{tries: tries})
    publish(retry_later(%{s | refused: %{manifest: manifest, problem: problem, tries: tries}}))
  end

  defp retry_later(%{retry: nil} = s) do
    delay = Backoff.delay(max(Stats.tries(s), 1))
    at = System.os_time(:millisecond) + delay
    %{s | retry: Process.send_after(self(), :retry, delay), retry_at: at}
  end

  defp retry_later(s), do: s

  defp abandon_next(%{next: nil} = s), do: s

  defp abandon_next(s) do
    Zygote.retire(s.next.zygote)
    %{drain(s, Generation.pids(s.next)) | next: nil}
  end

  # Before their route goes: who meets a stale ref shall hear why.
  defp ending(s, pids, why) do
    for pid <- pids, do: Holding.tell(s.options.name, {:ended, pid, why})
  end

  defp replaced(old, new) when new > old,
    do: "generation #{new} took the place of generation #{old}"

  defp replaced(old, new) when new < old,
    do: "generation #{old} was rolled back to generation #{new}"

  defp replaced(_same, _new), do: "a library of its environment was loaded, unloaded or changed"

  defp drain(s, pids) do
    for pid <- pids, do: send(pid, :drain)
    %{s | draining: Enum.into(pids, s.draining, &{&1, true})}
  end

  defp start_missing(%{removed?: true} = s), do: s
  defp start_missing(s), do: publish(%{s | active: start(s, s.active)})

  defp start(s, generation) do
    generation = with_zygote(s, generation)

    Enum.reduce(1..Generation.missing(generation)//1, generation, fn _, generation ->
      slot = Slot.new()

      settings = %{
        server: self(),
        manifest: generation.manifest,
        slot: slot,
        options: s.options,
        zygote: generation.zygote
      }

      {:ok, pid} = DynamicSupervisor.start_child(s.owners, {Owner, settings})
      Process.monitor(pid)
      send(pid, :open)
      Generation.starting(generation, pid, slot)
    end)
  end

  defp with_zygote(s, %{zygote: zygote} = generation) do
    if zygote && Process.alive?(zygote),
      do: generation,
      else: %{generation | zygote: Zygote.start(s.owners, generation.manifest, s.options)}
  end

  # No worker, none starting, and the last start failed: nobody should wait for the next try.
  defp hopeless?(s) do
    s.problem != nil and s.active.starting == %{} and Generation.workers(s.active) == [] and
      s.next == nil
  end

  defp publish(s), do: s |> expose() |> follow()

  defp expose(%{removed?: true} = s), do: s

  defp expose(s) do
    workers = Generation.workers(s.active)
    table = s.options.name
    Route.publish(table, s.environment, s.active.manifest.generation, workers, self())
    Stats.publish(table, s.environment, s)
    if workers == [], do: s, else: answer(s, :ok)
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

    cond do
      s.removed? ->
        {:error, unloaded(s)}

      s.next != nil ->
        nil

      s.refused != nil and wanted in [nil, s.refused.manifest.generation] ->
        {:error, s.refused.problem}

      hopeless?(s) ->
        {:error, s.problem}

      Generation.workers(s.active) == [] ->
        nil

      s.active.starting != %{} and s.problem == nil ->
        nil

      wanted in [nil, serving] ->
        :ok

      true ->
        {:error, overtaken(s, wanted)}
    end
  end

  defp answer(s, answer) do
    for from <- s.waiters, do: GenServer.reply(from, answer)
    %{s | waiters: []}
  end

  defp removed(%{removed?: true, draining: none} = s) when none == %{} do
    send(s.manager, {:removed, s.supervisor})
    s
  end

  defp removed(s), do: s

  defp emptied(generation), do: %{generation | zygote: nil, starting: %{}, ready: %{}}

  defp problem(manifest, why) do
    %Error{
      code: :start,
      environment: manifest.environment,
      generation: manifest.generation,
      message: why
    }
  end

  defp unread(manifest, unread) do
    [{library, why} | _] = Enum.sort(unread)

    %Error{
      code: :catalog,
      library: library,
      environment: manifest.environment,
      generation: manifest.generation,
      version: manifest.libraries[library].version,
      message: why
    }
    |> Error.classified()
  end

  defp overtaken(s, wanted) do
    serving = s.active.manifest.generation

    %Error{
      code: :not_ready,
      environment: s.environment,
      generation: serving,
      message: "generation #{wanted} was activated, and generation #{serving} serves",
      hint:
        "another envmgr activated or removed a generation meanwhile, or the lines of the log say why not"
    }
  end

  # Libraries that were loaded or unloaded are the same generation.
  defp switched(_s, same, same), do: :ok

  defp switched(s, from, to) do
    name = if to > from, do: :switch, else: :rollback
    tell(s, [:generation, name], %{from: from, to: to})
  end

  defp tell(s, event, about, measured \\ %{system_time: System.system_time()}) do
    about = Map.merge(about, %{instance: s.options.name, environment: s.environment})
    Telemetry.execute(event, measured, about)
  end

  defp unloaded(s) do
    %Error{code: :not_ready, environment: s.environment, message: "the environment was removed"}
  end
end
