defmodule Envmgr.Health do
  # How an instance is, for machines: what `Envmgr.health/1` answers. Every part of it has a deadline or asks nobody.
  @moduledoc false

  alias Envmgr.{Calls, Pool, Reload}
  alias Envmgr.Calls.Circuit

  @timeout 1_000

  @spec check(keyword()) :: map()
  def check(opts) do
    opts = Keyword.validate!(opts, name: Envmgr, timeout: @timeout)
    checked(opts[:name], opts[:timeout])
  end

  defp checked(name, timeout) do
    if :ets.whereis(name) == :undefined, do: not_running(name), else: running(name, timeout)
  rescue
    # It ended meanwhile.
    ArgumentError -> not_running(name)
  end

  defp not_running(name) do
    error = Calls.not_running(name)
    %{status: :failed, reason: error, configuration: nil, in_step: nil, libraries: %{}}
  end

  defp running(name, timeout) do
    known = Pool.Inventory.all(name)
    pulses = Pool.Pulse.take(name, known |> Enum.map(& &1.environment) |> Enum.uniq(), timeout)
    circuits = Circuit.read(name)
    libraries = Map.new(known, &{&1.name, library(&1, pulses[&1.environment], circuits)})
    configuration = Reload.Status.read(name)
    reason = if known == [], do: none(name)

    %{
      status: status(libraries, reason),
      reason: reason,
      configuration: configuration.state,
      in_step: in_step(configuration.state),
      libraries: libraries
    }
  end

  # Nothing to serve is no fault where there is no project.
  defp none(name) do
    case :ets.lookup(name, :project) do
      [{:project, nil}] -> nil
      _project -> Envmgr.Libraries.Unknown.not_installed(name)
    end
  end

  defp library(found, workers, circuits) do
    circuit = get_in(circuits, [found.name, :state]) || :closed
    well? = circuit == :closed and not Enum.any?(workers, &silent?/1)

    found
    |> Map.take([:environment, :generation, :version, :reason, :since, :retries, :next])
    |> Map.merge(%{
      state: if(found.state == :ready and not well?, do: :degraded, else: found.state),
      circuit: circuit,
      workers: workers
    })
  end

  defp silent?(worker), do: not worker.answers? and not worker.busy?

  defp status(_libraries, reason) when reason != nil, do: :failed

  defp status(libraries, nil) do
    case libraries |> Map.values() |> Enum.map(& &1.state) |> Enum.uniq() do
      [] -> :ok
      [:ready] -> :ok
      [:failed] -> :failed
      states -> if states -- [:loading, :ready] == [], do: :loading, else: :degraded
    end
  end

  defp in_step(:current), do: true
  defp in_step(state) when state in [:outdated, :failed], do: false
  defp in_step(_unknown), do: nil
end
