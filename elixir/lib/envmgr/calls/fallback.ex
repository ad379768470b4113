defmodule Envmgr.Calls.Fallback do
  # What answers when a call cannot be: another path, or a function of the caller's.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.{Error, Telemetry}
  alias Envmgr.Calls.{Attempts, Call, Fault, Tally}

  @impl true
  def around(call, rest) do
    case wanted(call) do
      [] ->
        rest.(call)

      fallbacks ->
        started = Attempts.clock()

        with {:error, error} <- rest.(call),
             do: failed(call, error, started, fallbacks)
    end
  end

  @doc "Of a call whose function was not found, with the option."
  @spec missing(Call.t(), Error.t()) :: term()
  def missing(call, error), do: failed(call, error, Attempts.clock(), wanted(call))

  defp wanted(%{options: %{fallback: said}}) when said != nil, do: said
  defp wanted(%{plan: nil}), do: []
  defp wanted(%{plan: plan}), do: plan.fallbacks

  defp failed(call, error, started, fallbacks) do
    if Fault.callers?(error),
      do: {:error, error},
      else: instead(fallbacks, call, error, Attempts.of(error, started))
  end

  # A function answers also when no time is left for another call.
  defp instead(function, call, error, _attempts) when is_function(function) do
    case function.(error) do
      {:error, %Error{}} = answer -> answer
      value -> answered(call, with_metadata(call, value, error), :function)
    end
  end

  defp instead(paths, call, error, attempts) do
    Enum.reduce_while(paths, {:error, error, attempts}, fn path, {:error, error, attempts} ->
      started = Attempts.clock()

      case Call.left(call) > 0 && call.instead.(call, path) do
        false -> {:halt, {:error, error, attempts}}
        {:error, other} -> {:cont, {:error, error, attempts ++ Attempts.of(other, started)}}
        answer -> {:halt, answered(call, answer, path)}
      end
    end)
    |> case do
      {:error, error, attempts} -> {:error, told(error, attempts, paths)}
      answer -> answer
    end
  end

  # The error is that of what was called, not of the last that stood in for it.
  defp told(error, attempts, paths) do
    tried = attempts |> Enum.map(& &1.path) |> Enum.uniq() |> Enum.filter(&(&1 in paths))

    words =
      if tried == [],
        do: "and no time was left for a fallback",
        else: "nor did a fallback answer: #{Enum.join(tried, ", ")}"

    Attempts.told(error, attempts, words)
  end

  defp answered(call, answer, by) do
    Tally.add(call, :fallbacks)

    Telemetry.execute([:fallback, :taken], %{system_time: System.system_time()}, %{
      instance: call.options.name,
      path: call.path,
      library: call.library,
      fallback: by
    })

    with {:ok, value, metadata} <- answer, do: {:ok, value, Map.put(metadata, :fallback, by)}
  end

  defp with_metadata(%{options: %{metadata: false}}, value, _error), do: {:ok, value}

  defp with_metadata(_call, value, error) do
    facts = Map.take(error, [:library, :environment, :generation])
    {:ok, value, Map.merge(facts, %{warnings: [], bytes: 0})}
  end
end
