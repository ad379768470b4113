defmodule Envmgr.Pool.Pools do
  # The pools of an environment, by name, and what is said when one has too much to do.
  @moduledoc false

  alias Envmgr.Libraries.Manifest
  alias Envmgr.Pool.Admission

  @default "default"

  @spec name(String.t() | nil) :: String.t()
  def name(pool), do: pool || @default

  @doc "Makes known which pools there are, and what each serves."
  @spec publish(atom(), Manifest.t(), pid()) :: true
  def publish(table, manifest, server) do
    served = Map.new(manifest.pools, fn {name, sizing} -> {name, sizing.libraries} end)
    :ets.insert(table, {{:pools, manifest.environment}, served, server})
  end

  @spec delete(atom(), String.t(), pid()) :: true
  def delete(table, environment, server),
    do: :ets.match_delete(table, {{:pools, environment}, :_, server})

  @doc "The default one comes first."
  @spec names(atom(), String.t()) :: [String.t()]
  def names(table, environment), do: table |> served(environment) |> Map.keys() |> sorted()

  @doc "Those that serve a library."
  @spec serving(atom(), String.t(), String.t() | nil) :: [String.t()]
  def serving(table, environment, library) do
    sorted(
      for {name, libraries} <- served(table, environment),
          libraries == nil or library in libraries,
          do: name
    )
  end

  defp sorted(names), do: Enum.sort_by(names, &{&1 != @default, &1})

  defp served(table, environment) do
    case :ets.lookup(table, {:pools, environment}) do
      [{_key, served, _server}] -> served
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
