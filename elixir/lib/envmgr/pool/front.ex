defmodule Envmgr.Pool.Front do
  # What callers see of an environment's pools, and what they are answered: routes, statistics, those who wait. Functions of the
  # Server's state.
  @moduledoc false

  alias Envmgr.Error
  alias Envmgr.Pool.{Crew, Generation, Pools, Route, Staff, Stats, Waiting}

  @typedoc "The Server's."
  @type state :: map()

  @doc "Those who wait for a worker of the pool wait no more."
  @spec refuse(state(), String.t(), Error.t()) :: state()
  def refuse(s, pool, error),
    do: %{s | waiting: Waiting.answer(s.waiting, pool, {:error, error})}

  @doc "Nobody waits any more."
  @spec refuse_all(state(), Error.t()) :: state()
  def refuse_all(s, error),
    do: Enum.reduce(Map.keys(s.active.crews), s, &refuse(&2, &1, error))

  @doc "Shows the state as it is now, and answers who waited for that."
  @spec publish(state()) :: state()
  def publish(s), do: s |> expose() |> Staff.watch() |> follow()

  @doc "Shows it to callers, and answers nobody but those who wait for a worker."
  @spec expose(state()) :: state()
  def expose(%{ended: :unloaded} = s), do: s

  def expose(s) do
    table = s.options.name
    Pools.publish(table, s.active.manifest, self())
    if s.ended == nil, do: Stats.publish(table, s.environment, s)

    Enum.reduce(s.active.crews, s, fn {pool, crew}, s ->
      {open, generation} = {Crew.open(crew), s.active.manifest.generation}
      {coming?, news, crew} = Crew.coming(crew)
      s = %{s | active: Generation.put(s.active, crew)}
      # Before callers find the first, and when they find the last.
      if coming?, do: coming(news, true)
      Route.publish(table, {s.environment, pool}, generation, open, self(), crew.sizing)
      unless coming?, do: coming(news, false)
      if open == [], do: s, else: %{s | waiting: Waiting.answer(s.waiting, pool, :ok)}
    end)
  end

  defp coming(pids, coming?), do: for(pid <- pids, do: send(pid, {:coming, coming?}))

  @doc "Those who wait for a change are answered when all its workers are ready, or will not be soon."
  @spec follow(state()) :: state()
  def follow(s) do
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

  @doc "Nobody should wait for a worker: none comes soon, and why. A generation that starts may bring some."
  @spec hopeless(state(), Crew.t()) :: Error.t() | nil
  def hopeless(%{loaded?: false, problem: problem}, _crew) when problem != nil, do: problem
  def hopeless(%{next: nil}, crew), do: Crew.hopeless(crew, System.monotonic_time(:millisecond))
  def hopeless(_s, _crew), do: nil

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

  @doc "Why there is no worker any more."
  @spec ended(state()) :: Error.t()
  def ended(%{ended: :unloaded} = s),
    do: error(s, code: :not_ready, message: "the environment was removed")

  def ended(%{ended: :shutdown} = s),
    do: error(s, code: :not_ready, message: "the pool is shutting down")

  @doc "An error of this environment."
  @spec error(state(), keyword()) :: Error.t()
  def error(s, fields),
    do: Error |> struct!([{:environment, s.environment} | fields]) |> Error.classified()
end
