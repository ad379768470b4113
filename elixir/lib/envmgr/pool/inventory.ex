defmodule Envmgr.Pool.Inventory do
  # What is known of each library: of its catalog, its state, its environment's pool. Read without asking a process.
  @moduledoc false

  alias Envmgr.Libraries.{Catalog, State, Usage}
  alias Envmgr.Pool.Stats

  @unknown %{
    module: nil,
    distribution: nil,
    version: nil,
    generation: nil,
    python: nil,
    timeout: nil,
    pools: []
  }

  @spec all(atom()) :: [map()]
  def all(table) do
    there =
      for {library, environment, facts} <- Catalog.libraries(table),
          do: {library, environment, facts}

    known = MapSet.new(there, &elem(&1, 0))

    absent =
      for {library, environment, _state} <- State.all(table),
          library not in known,
          do: {library, environment, @unknown}

    (there ++ absent)
    |> Enum.sort()
    |> Enum.map(fn {library, environment, facts} -> row(table, library, environment, facts) end)
  end

  @doc "nil: there is none of that name."
  @spec one(atom(), String.t()) :: map() | nil
  def one(table, name) do
    library = Catalog.real(table, name)

    case {Catalog.library(table, library), State.of(table, library)} do
      {{environment, facts}, _state} -> row(table, library, environment, facts)
      {nil, {environment, _state}} -> row(table, library, environment, @unknown)
      {nil, nil} -> nil
    end
  end

  @doc "The view of each environment, with the calls of its libraries since this VM began."
  @spec counted(%{String.t() => map()}, atom()) :: %{String.t() => map()}
  def counted(environments, table) do
    homes =
      for {library, environment, _facts} <- Catalog.libraries(table),
          into: %{},
          do: {library, environment}

    totals =
      for {library, total} <- Usage.totals(table), reduce: %{} do
        all ->
          Map.update(all, homes[library], total, &Map.merge(&1, total, fn _, a, b -> a + b end))
      end

    none = %{count: 0, errors: 0, cached: 0}

    Map.new(environments, fn {name, view} ->
      {name, Map.put(view, :calls, totals[name] || none)}
    end)
  end

  defp row(table, library, environment, facts) do
    file = Catalog.file(table, library)

    facts
    |> Map.take(Map.keys(@unknown))
    |> Map.merge(state(table, library))
    |> Map.merge(%{
      name: library,
      environment: environment,
      functions: file && file.objects,
      workers: length(Stats.workers(table, environment))
    })
  end

  # Between its announcement and the first word of its pool.
  defp state(table, library) do
    case State.of(table, library) do
      {_environment, state} -> state
      nil -> %{state: :loading, reason: nil, since: DateTime.utc_now(), retries: 0, next: nil}
    end
  end
end
