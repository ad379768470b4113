defmodule Envmgr.Pool.Pools do
  # The pools of an environment, by name, and what is said when one has too much to do.
  @moduledoc false

  alias Envmgr.Libraries.{Manifest, Sizing}
  alias Envmgr.Pool.Admission

  @default "default"

  @spec name(String.t() | nil) :: String.t()
  def name(pool), do: pool || @default

  @doc "Makes known which pools there are, and what is said of each."
  @spec publish(atom(), Manifest.t(), pid()) :: true
  def publish(table, manifest, server) do
    :ets.insert(table, {{:pools, manifest.environment}, manifest.pools, server})
  end

  @spec delete(atom(), String.t(), pid()) :: true
  def delete(table, environment, server),
    do: :ets.match_delete(table, {{:pools, environment}, :_, server})

  @doc "The default one comes first."
  @spec names(atom(), String.t()) :: [String.t()]
  def names(table, environment), do: table |> sizings(environment) |> Map.keys() |> sorted()

  @doc "How many calls a pool runs at a time when it is as large as it may; 1 where there is none."
  @spec capacity(atom(), String.t() | nil, String.t() | nil) :: pos_integer()
  def capacity(table, environment, pool) do
    case sizings(table, environment)[name(pool)] do
      nil -> 1
      sizing -> sizing.max * Sizing.at_a_time(sizing)
    end
  end

  @doc "Whether its workers run one call each."
  @spec once?(atom(), String.t() | nil, String.t() | nil) :: boolean()
  def once?(table, environment, pool) do
    sizing = sizings(table, environment)[name(pool)]
    sizing != nil and Sizing.once?(sizing)
  end

  @doc "Those that serve a library."
  @spec serving(atom(), String.t(), String.t() | nil) :: [String.t()]
  def serving(table, environment, library) do
    sorted(
      for {name, %{libraries: libraries}} <- sizings(table, environment),
          libraries == nil or library in libraries,
          do: name
    )
  end

  defp sorted(names), do: Enum.sort_by(names, &{&1 != @default, &1})

  defp sizings(table, environment) do
    case :ets.lookup(table, {:pools, environment}) do
      [{_key, sizings, _server}] -> sizings
      [] -> %{}
    end
  end

  @doc "A refusal in words: what happened, and what to do."
  @spec overloaded(String.t(), Admission.refusal()) :: {message :: String.t(), hint :: String.t()}
  def overloaded(pool, %{why: :queue} = facts) do
    {"#{calls(facts.waiting)} wait already for the #{workers(facts)} of pool #{pool}, and its queue holds #{facts.queue}",
     "call again later; or give the pool more workers, or a longer queue, in envmgr.toml"}
  end

  def overloaded(pool, %{why: :deadline} = facts) do
    {"#{calls(facts.ahead)} of pool #{pool} come before it, which take #{ms(facts.each)} each lately: " <>
       "about #{ms(facts.expected)}, and its deadline is in #{ms(facts.left)}",
     "call again later; or with a longer timeout, a higher priority, or more workers in envmgr.toml"}
  end

  defp calls(1), do: "1 call"
  defp calls(count), do: "#{count} calls"

  defp workers(%{workers: 1}), do: "worker"
  defp workers(%{workers: 0}), do: "workers that start"
  defp workers(%{workers: count}), do: "#{count} workers"

  defp ms(ms) when ms >= 1_000, do: "#{Float.round(ms / 1_000, 1)} s"
  defp ms(ms) when ms >= 10, do: "#{round(ms)} ms"
  defp ms(ms), do: "#{Float.round(ms / 1, 2)} ms"
end
