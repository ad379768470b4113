defmodule Envmgr.Calls.Hedge.Race do
  # One call, or a batch of them, asked of one worker and, late, of a second one.
  #
  # Each worker is asked by a process of its own, the runner, so that either answer can be waited for and the other taken back.
  @moduledoc false

  alias Envmgr.Calls.{Beside, Call, Fault, Holders, Outcome, Span, Tally, Waiting}
  alias Envmgr.Calls.Cache.Weight
  alias Envmgr.Pool.Route
  alias Envmgr.Telemetry

  # `late`: when the second is asked, so many `ms` after a worker was chosen; nil: none was. `failed`: what came first, and was not good.
  @enforce_keys [:call, :rest, :ms, :count]
  defstruct [:call, :rest, :ms, :count, :late, :first, :failed, runners: %{}, asked?: false]

  @doc "`rest` makes so many calls; either all its answers count, or none."
  @spec run(Call.t(), pos_integer(), pos_integer(), (Call.t() -> [Outcome.answer()])) ::
          [Outcome.answer()]
  def run(call, ms, count, rest) do
    race = %__MODULE__{call: call, rest: rest, ms: ms, count: count}
    {reference, race} = ask(race, nil)
    wait(%{race | first: reference})
  end

  # Runners hear of the call's deadline by themselves.
  defp wait(race) do
    timeout = if race.asked? or race.late == nil, do: :infinity, else: max(race.late - now(), 0)

    case Waiting.any(race.runners, race.call.options.beside, timeout) do
      {:got, reference, {:chosen, worker}} ->
        race = put_in(race.runners[reference].worker, worker)
        wait(%{race | late: race.late || now() + race.ms})

      {:got, reference, {:answers, answers}} ->
        answered(race, reference, answers)

      {:got, _reference, {:raised, kind, reason, stacktrace}} ->
        stop(race)
        :erlang.raise(kind, reason, stacktrace)

      {:got, reference, {:down, reason}} ->
        message = "the call's process ended: #{inspect(reason, limit: 5)}"
        refused = Waiting.refused(race.call, code: :worker_lost, message: message)
        answered(race, reference, all(race, refused))

      :late ->
        wait(second(%{race | asked?: true}))

      unwanted ->
        stop(race)
        all(race, Waiting.unwanted(unwanted, race.call))
    end
  end

  defp all(race, answer), do: List.duplicate(answer, race.count)

  defp second(%{runners: runners, first: first} = race) do
    worker = runners[first].worker

    if second?(race.call, worker) do
      Tally.add(race.call, :hedges)
      told(race, :start, %{})
      {_reference, race} = ask(race, worker)
      race
    else
      race
    end
  end

  @doc "Whether there is another worker beside this one; beside any, of nil."
  @spec second?(Call.t(), pid() | nil) :: boolean()
  def second?(call, worker) do
    case route(call) do
      {_generation, workers, _pool} -> Route.others(workers, worker) > if(worker, do: 0, else: 1)
      nil -> false
    end
  end

  defp answered(%{runners: runners} = race, reference, answers) do
    {runner, others} = Map.pop!(runners, reference)
    race = %{race | runners: others}

    cond do
      Enum.all?(answers, &good?/1) ->
        won(race, runner, reference, answers)

      others == %{} ->
        better(race, runner, answers)

      true ->
        wait(%{race | failed: {runner, answers}})
    end
  end

  defp good?({:error, error}), do: Fault.callers?(error)
  defp good?(_answer), do: true

  # The first one's count unless the second has more that are good.
  defp better(%{failed: nil} = race, runner, answers), do: taken(race, runner, answers)

  defp better(%{failed: {first, failed}} = race, runner, answers) do
    if Enum.count(answers, &good?/1) > Enum.count(failed, &good?/1) do
      taken(race, runner, answers)
    else
      finish(runner)
      taken(%{race | failed: nil}, first, failed)
    end
  end

  defp won(%{first: reference} = race, runner, reference, answers) do
    if hedged?(race), do: told(race, :stop, %{won: false})
    taken(race, runner, answers)
  end

  defp won(race, runner, _second, answers) do
    Tally.add(race.call, :hedges_won)
    told(race, :stop, %{won: true})

    for answer <- taken(race, runner, answers) do
      with {:ok, value, metadata} <- answer, do: {:ok, value, Map.put(metadata, :hedged, true)}
    end
  end

  defp hedged?(race), do: race.asked? and race.runners != %{}

  # The runner holds what refs are in its answers.
  defp taken(%{call: %{options: options} = call} = race, runner, answers) do
    stop(race)
    if options.span, do: seen(call, runner.worker)
    holder = (options.beside && options.beside.holder) || self()

    for answer <- answers,
        elem(answer, 0) == :ok,
        ref <- Weight.refs(elem(answer, 1)),
        do: Holders.give(ref, holder)

    finish(runner)
    answers
  end

  defp seen(%{options: options} = call, worker) do
    generation = with {generation, _workers, _pool} <- route(call), do: generation
    pool = worker && Route.pool(options.name, worker)
    environment = elem(call.row, 2)
    Span.elsewhere(options.span, generation, worker, pool, call.library, environment)
  rescue
    # The instance has ended meanwhile.
    ArgumentError -> :ok
  end

  defp route(%{options: options, row: row}) do
    Route.lookup(options.name, elem(row, 2), options.pool)
  rescue
    ArgumentError -> nil
  end

  defp stop(race) do
    for {_reference, runner} <- race.runners, do: finish(runner)
    with {runner, _answers} <- race.failed, do: finish(runner)
  end

  defp finish(runner) do
    :erlang.demonitor(runner.reference, [:flush])
    :erlang.unalias(runner.reference)
    send(runner.pid, {:cancel, runner.cancel})
    flush(runner.reference)
  end

  defp flush(reference) do
    receive do
      {^reference, _message} -> flush(reference)
    after
      0 -> :ok
    end
  end

  defp ask(race, avoid) do
    {caller, cancel} = {self(), make_ref()}
    callers = [caller | Process.get(:"$callers", [])]
    metadata = Logger.metadata()

    pid =
      spawn(fn ->
        Process.put(:"$callers", callers)
        Logger.metadata(metadata)
        watch = Process.monitor(caller)

        receive do
          {:begin, reference} ->
            beside = %Beside{
              kind: :async,
              cancel: cancel,
              caller: watch,
              avoid: avoid,
              chosen: reference
            }

            send(reference, {reference, run(race, beside)})
            keep(cancel, watch)

          {:DOWN, ^watch, _, _, _} ->
            :ok
        end
      end)

    reference = :erlang.monitor(:process, pid, alias: :explicit_unalias)
    send(pid, {:begin, reference})
    runner = %{pid: pid, cancel: cancel, reference: reference, worker: nil}
    {reference, put_in(race.runners[reference], runner)}
  end

  defp run(%{call: call, rest: rest}, beside) do
    {:answers, rest.(%{call | options: %{call.options | beside: beside}})}
  catch
    :exit, :normal -> exit(:normal)
    kind, reason -> {:raised, kind, reason, __STACKTRACE__}
  end

  # Until its refs are somebody's.
  defp keep(cancel, watch) do
    receive do
      {:cancel, ^cancel} -> :ok
      {:DOWN, ^watch, _, _, _} -> :ok
    end
  end

  defp told(race, event, facts) do
    metadata = %{
      instance: race.call.options.name,
      path: race.call.path,
      library: race.call.library
    }

    measured = %{system_time: System.system_time()}
    Telemetry.execute([:hedge, event], measured, Map.merge(metadata, facts))
  end

  defp now, do: System.monotonic_time(:millisecond)
end
