defmodule Envmgr.Pool.Change do
  # Generations: the first one, those that take its place, those that do not start. Functions of the Server's state.
  @moduledoc false

  require Logger

  alias Envmgr.Error
  alias Envmgr.Libraries.{Catalog, Manifest}
  alias Envmgr.Pool.{Backoff, Crew, Front, Generation, Route, Staff, Stats, Waiting, Zygote}

  @doc "The first generation. Its catalog comes first, so that wrong calls are told apart while workers start."
  @spec boot(Front.state()) :: Front.state()
  def boot(%{ended: nil} = s) do
    case Catalog.load(s.active.manifest) do
      {catalogs, unread} when catalogs == %{} ->
        problem = unread(s.active.manifest, unread)
        Logger.error("envmgr: #{s.environment}: no catalog: #{Exception.message(problem)}")
        s = retry_later(%{s | failures: s.failures + 1, problem: problem})
        s |> Front.refuse_all(problem) |> Front.publish()

      {catalogs, unread} ->
        Catalog.publish(s.options.name, s.active.manifest, s.active.epoch, catalogs)
        s = lacking(%{s | loaded?: true, problem: nil, failures: 0}, unread)
        Front.publish(Staff.fill(s))
    end
  end

  def boot(s), do: s

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

  @doc "The catalogs that could not be read are tried again."
  @spec read_again(Front.state()) :: Front.state()
  def read_again(%{unread: unread, ended: ended} = s) when unread == %{} or ended != nil, do: s

  def read_again(s) do
    manifest = s.active.manifest
    wanted = Map.take(manifest.libraries, Map.keys(s.unread))
    {catalogs, unread} = Catalog.load(%{manifest | libraries: wanted})
    Catalog.publish(s.options.name, manifest, s.active.epoch, catalogs)
    Front.publish(lacking(s, unread))
  end

  @doc "Another manifest is to be in force."
  @spec change(Front.state(), Manifest.t()) :: Front.state()
  def change(%{ended: ended} = s, _manifest) when ended != nil, do: s

  def change(%{active: %{manifest: %{digest: same}}} = s, %{digest: same}),
    do: Front.publish(%{s | refused: nil})

  def change(s, manifest) do
    epoch = System.unique_integer([:monotonic])

    case Catalog.load(manifest) do
      {catalogs, unread} when unread == %{} ->
        if s.loaded? and Manifest.same_workers?(s.active.manifest, manifest),
          do: adopt(s, manifest, epoch, catalogs),
          else: prepare(s, Generation.new(manifest, epoch, catalogs, s.active))

      {_catalogs, unread} ->
        refuse(s, manifest, unread(manifest, unread))
    end
  end

  @doc """
  Where a library is what keeps workers of `manifest` from starting, and those without it would be more than serve now: starts
  them. The whole is tried again beside them.
  """
  @spec part(Front.state(), Manifest.t(), term()) :: Front.state()
  def part(%{next: nil, ended: nil} = s, manifest, reason) do
    with %Error{library: library} = problem when is_binary(library) <-
           Staff.start_problem(manifest, reason),
         true <- is_map_key(manifest.libraries, library),
         %Manifest{} = rest <- Manifest.without(manifest, MapSet.new([library])),
         true <- more?(s, rest) do
      {whole, _first} = s.whole || {manifest, problem}
      lost = Map.put(s.lost, library, problem)
      change(%{s | whole: {whole, problem}, lost: lost}, rest)
    else
      _whole_or_nothing -> s
    end
  end

  def part(s, _manifest, _reason), do: s

  # Of another generation a part is none: the one before serves all.
  defp more?(%{active: %{manifest: serving} = active}, rest) do
    not Enum.any?(Map.values(active.crews), &(Crew.open(&1) != [])) or
      (rest.generation == serving.generation and
         map_size(rest.libraries) > map_size(serving.libraries))
  end

  # Of pools that nobody has called there is nothing to wait for.
  defp prepare(s, generation) do
    s = Staff.start_next(%{s | next: generation})
    if Generation.complete?(s.next), do: switch(s), else: Front.publish(s)
  end

  # The workers that run serve the new generation, more or fewer of them; the objects that they hold stay.
  defp adopt(s, manifest, epoch, catalogs) do
    from = s.active.manifest.generation
    crews = s.active.crews
    {active, surplus} = Generation.adopt(s.active, manifest, epoch)
    Staff.ending(s, surplus, "generation #{manifest.generation} has fewer workers")
    s = forget(s, Map.keys(crews) -- Map.keys(active.crews))
    s = Front.expose(%{s | active: active, refused: nil, unread: %{}, missed: 0})
    Catalog.publish(s.options.name, manifest, epoch, catalogs)
    switched(s, from, manifest.generation)
    s |> Staff.drain(Staff.only(crews, surplus), :drain) |> Staff.fill() |> Front.publish()
  end

  @doc "The next generation is complete."
  @spec switch(Front.state()) :: Front.state()
  def switch(s) do
    {old, new} = {s.active, s.next}
    {from, to} = {old.manifest.generation, new.manifest.generation}
    Staff.ending(s, Generation.pids(old), replaced(from, to))
    s = forget(s, Map.keys(old.crews) -- Map.keys(new.crews))
    active = %{new | catalogs: %{}}
    served = %{s | active: active, next: nil, refused: nil, problem: nil, loaded?: true}
    # Which libraries it lacks is known before anybody is answered by it.
    s = parted(%{served | unread: %{}, missed: 0, failures: 0}, new.manifest)
    s = Front.expose(s)

    Catalog.publish(s.options.name, new.manifest, new.epoch, new.catalogs)
    switched(s, from, to)
    Zygote.retire(old.zygote)
    Logger.info("envmgr: #{s.environment}: generation #{to} serves")
    s |> Staff.drain(old.crews, :drain) |> Staff.fill() |> Front.publish()
  end

  defp parted(
         %{whole: {%{generation: generation} = whole, problem}} = s,
         %{generation: generation} = part
       )
       when whole.digest != part.digest,
       do: retry_later(%{s | whole: nil, refused: %{manifest: whole, problem: problem, tries: 1}})

  defp parted(s, _whole), do: %{s | whole: nil}

  # Who waits for a pool that goes looks again, and finds that there is none.
  defp forget(s, pools) do
    Enum.reduce(pools, s, fn pool, s ->
      Route.delete(s.options.name, s.environment, pool, self())
      %{s | waiting: Waiting.answer(s.waiting, pool, :ok)}
    end)
  end

  # Libraries that were loaded or unloaded are the same generation.
  defp switched(_s, same, same), do: :ok

  defp switched(s, from, to) do
    name = if to > from, do: :switch, else: :rollback
    Staff.tell(s, [:generation, name], %{from: from, to: to})
  end

  @doc "A generation does not start: the one before serves on."
  @spec refuse(Front.state(), Manifest.t(), Error.t()) :: Front.state()
  def refuse(s, manifest, problem) do
    tries = if s.refused && s.refused.manifest == manifest, do: s.refused.tries + 1, else: 1
    {generation, serving} = {manifest.generation, s.active.manifest.generation}

    Logger.error(
      "envmgr: #{s.environment}: generation #{generation} does not start, " <>
        "generation #{serving} keeps serving: #{Exception.message(problem)}"
    )

    about = %{generation: generation, serving: serving, reason: problem}
    Staff.tell(s, [:generation, :refused], about, %{tries: tries})

    Front.publish(
      retry_later(%{s | refused: %{manifest: manifest, problem: problem, tries: tries}})
    )
  end

  defp retry_later(%{retry: nil} = s) do
    delay = Backoff.delay(max(Stats.tries(s), 1))
    at = System.os_time(:millisecond) + delay
    %{s | retry: Process.send_after(self(), :retry, delay), retry_at: at}
  end

  defp retry_later(s), do: s

  @doc "The generation that starts is not wanted any more."
  @spec abandon_next(Front.state()) :: Front.state()
  def abandon_next(%{next: nil} = s), do: s

  def abandon_next(s) do
    Zygote.retire(s.next.zygote)
    %{Staff.drain(s, s.next.crews, :drain) | next: nil}
  end

  defp replaced(old, new) when new > old,
    do: "generation #{new} took the place of generation #{old}"

  defp replaced(old, new) when new < old,
    do: "generation #{old} was rolled back to generation #{new}"

  defp replaced(_same, _new), do: "a library of its environment was loaded, unloaded or changed"

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
end
