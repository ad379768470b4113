defmodule Envmgr.Calls.Hedge do
  # Asks a second worker when the first takes long; the first good answer counts. After "hedged requests" of J. Dean and L. A.
  # Barroso, "The Tail at Scale", CACM 56 (2013).
  #
  # Each worker is asked by a process of its own, the runner, so that either answer can be waited for and the other taken back.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.Calls.{Beside, Fault, Holders, Retry, Span, Tally, Waiting}
  alias Envmgr.Calls.Cache.{Key, Weight}
  alias Envmgr.Pool.{Callback, Route}
  alias Envmgr.Telemetry

  # `late`: when the second is asked, so many `ms` after a worker was chosen; nil: none was.
  @enforce_keys [:call, :rest, :ms]
  defstruct [:call, :rest, :ms, :late, :first, :failed, runners: %{}, asked?: false]

  @impl true
  def around(call, rest) do
    case late(call) do
      nil -> rest.(call)
      {:error, error} -> {:error, error}
      ms -> if fit?(call), do: race(call, rest, ms), else: rest.(call)
    end
  end

  # What a function of ours calls for Python may be what its worker waits for; what lives in one worker (a session, too), or is read once, is not
  # for two.
  defp fit?(call) do
    call.options.session == nil and not Callback.calling?() and Key.plain?(call.args, call.kwargs) and
      second?(call, nil)
  end

  defp late(%{options: %{hedge: false}}), do: nil

  defp late(%{options: %{hedge: ms}} = call) when ms != nil do
    if Retry.idempotent?(call),
      do: ms,
      else:
        Waiting.refused(call,
          code: :arguments,
          message: "hedge asks two workers, and nothing says that the call may be run twice",
          hint: "idempotent: true says so, or idempotent of recovery in envmgr.toml"
        )
  end

  defp late(%{plan: %{hedge: ms, idempotent?: true}}), do: ms
  defp late(_call), do: nil

  defp race(call, rest, ms) do
    race = %__MODULE__{call: call, rest: rest, ms: ms}
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

      {:got, reference, {:answer, answer}} ->
        answered(race, reference, answer)

      {:got, _reference, {:raised, kind, reason, stacktrace}} ->
        stop(race)
        :erlang.raise(kind, reason, stacktrace)

      {:got, reference, {:down, reason}} ->
        message = "the call's process ended: #{inspect(reason, limit: 5)}"
        refused = Waiting.refused(race.call, code: :worker_lost, message: message)
        answered(race, reference, refused)

      :late ->
        wait(second(%{race | asked?: true}))

      unwanted ->
        stop(race)
        Waiting.unwanted(unwanted, race.call)
    end
  end

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

  defp second?(call, worker) do
    case route(call) do
      {_generation, workers, _pool} -> Route.others(workers, worker) > if(worker, do: 0, else: 1)
      nil -> false
    end
  end

  defp answered(%{runners: runners} = race, reference, answer) do
    {runner, others} = Map.pop!(runners, reference)
    race = %{race | runners: others, failed: race.failed || answer}

    cond do
      good?(answer) ->
        stop(race)
        won(race, runner, reference, answer)

      others == %{} ->
        finish(runner)
        race.failed

      true ->
        finish(runner)
        wait(race)
    end
  end

  defp good?({:error, error}), do: Fault.callers?(error)
  defp good?(_answer), do: true

  defp won(%{first: reference} = race, runner, reference, answer) do
    if hedged?(race), do: told(race, :stop, %{won: false})
    take(race.call, runner, answer)
  end

  defp won(race, runner, _second, answer) do
    Tally.add(race.call, :hedges_won)
    told(race, :stop, %{won: true})

    with {:ok, value, metadata} <- take(race.call, runner, answer),
         do: {:ok, value, Map.put(metadata, :hedged, true)}
  end

  defp hedged?(race), do: race.asked? and race.runners != %{}

  # The runner holds what refs are in its answer.
  defp take(%{options: options} = call, runner, answer) do
    if options.span, do: seen(call, runner.worker)
    holder = (options.beside && options.beside.holder) || self()

    if elem(answer, 0) == :ok,
      do: for(ref <- Weight.refs(elem(answer, 1)), do: Holders.give(ref, holder))

    finish(runner)
    answer
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

  defp stop(race), do: for({_reference, runner} <- race.runners, do: finish(runner))

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
    {:answer, rest.(%{call | options: %{call.options | beside: beside}})}
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
