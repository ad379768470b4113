defmodule Envmgr.Calls.Circuit do
  # Leaves a library alone that failed too often of late: its calls are refused at once, until one that is let through finds it well.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.Telemetry
  alias Envmgr.Calls.{Breaker, Call, Fault, Outcome, Waiting}

  @impl true
  def around(%{plan: %{circuit: settings}} = call, rest) when settings != nil do
    {circuit, _why} = circuit(call.options.name, call.library, settings)

    case Breaker.ask(circuit, now(), lease(call, settings)) do
      :closed -> closed(circuit, settings, call, rest)
      {:probe, lease} -> probe(circuit, settings, lease, call, rest)
      {:open, ms} -> refused(call, settings, ms)
    end
  end

  def around(call, rest), do: rest.(call)

  @doc "As `around/2`, for a batch. One that is not closed lets one call through, if any."
  @spec each(Call.t(), [item], (Call.t(), [item] -> [Outcome.answer()])) :: [Outcome.answer()]
        when item: term()
  def each(%{plan: %{circuit: settings}} = call, items, rest) when settings != nil do
    {circuit, _why} = circuit(call.options.name, call.library, settings)

    if Breaker.read(circuit, settings, now()).state == :closed,
      do: for(answer <- rest.(call, items), do: noted(circuit, settings, call, answer)),
      else: for(item <- items, do: around(call, &hd(rest.(&1, [item]))))
  end

  def each(call, items, rest), do: rest.(call, items)

  defp closed(circuit, settings, call, rest), do: noted(circuit, settings, call, rest.(call))

  defp noted(circuit, settings, call, answer) do
    if Fault.verdict(answer) == :failed and Breaker.failed(circuit, settings, now()) == :opened,
      do: opened(call, circuit, settings, answer)

    answer
  end

  # Whatever ends the caller in between, the next call finds out.
  defp probe(circuit, settings, lease, call, rest) do
    told(:half_open, call, %{})

    try do
      rest.(call)
    else
      answer ->
        case Breaker.probed(circuit, settings, lease, Fault.verdict(answer), now()) do
          :opened -> opened(call, circuit, settings, answer)
          :closed -> told(:close, call, %{})
          :half_open -> :ok
        end

        answer
    catch
      kind, reason ->
        Breaker.probed(circuit, settings, lease, :unknown, now())
        :erlang.raise(kind, reason, __STACKTRACE__)
    end
  end

  # Of a caller that is killed nothing is heard: no longer than its call could have taken.
  defp lease(call, settings) do
    case Call.left(call) do
      :infinity -> settings.open
      left -> max(left, settings.open)
    end
  end

  defp opened(call, circuit, settings, {:error, error}) do
    why = %{path: error.path, code: error.code, message: error.message, at: DateTime.utc_now()}
    :ets.insert(call.options.name, {{:circuit, call.library}, settings, circuit, why})
    told(:open, call, Map.take(settings, [:failures, :open]), error)
  rescue
    ArgumentError -> :ok
  end

  defp told(event, call, measurements, reason \\ nil) do
    metadata = %{
      instance: call.options.name,
      library: call.library,
      path: call.path,
      environment: nil,
      pool: nil,
      reason: reason
    }

    measurements = Map.put(measurements, :system_time, System.system_time())
    Telemetry.execute([:circuit, event], measurements, metadata)
  end

  defp refused(call, settings, ms) do
    {_circuit, why} = circuit(call.options.name, call.library, settings)
    last = if why, do: ", the last one of #{why.path}: #{why.code}: #{why.message}", else: ""

    Waiting.refused(call,
      code: :circuit_open,
      message:
        "#{call.library} failed #{settings.failures} times within #{settings.within} ms and is left alone#{last}",
      hint: "a call is let through again in #{ms} ms",
      details: %{retry_after: ms, circuit: why}
    )
  end

  # Other settings are another circuit.
  defp circuit(name, library, settings) do
    key = {:circuit, library}

    case :ets.lookup(name, key) do
      [{_key, ^settings, circuit, why}] ->
        {circuit, why}

      old ->
        for row <- old, do: :ets.delete_object(name, row)
        :ets.insert_new(name, {key, settings, Breaker.new(settings), nil})
        circuit(name, library, settings)
    end
  rescue
    # The instance has ended: the call hears of it when it is sent.
    ArgumentError -> {Breaker.new(settings), nil}
  end

  @doc "By library."
  @spec read(atom()) :: %{String.t() => map()}
  def read(name) do
    for [library, settings, circuit, why] <-
          :ets.match(name, {{:circuit, :"$1"}, :"$2", :"$3", :"$4"}),
        into: %{} do
      {library, circuit |> Breaker.read(settings, now()) |> Map.put(:last, why)}
    end
  end

  # Counted from the VM's start, so that 0 is never.
  defp now do
    1 +
      System.convert_time_unit(
        System.monotonic_time() - :erlang.system_info(:start_time),
        :native,
        :millisecond
      )
  end
end
