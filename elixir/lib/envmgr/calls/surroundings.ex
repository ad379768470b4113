defmodule Envmgr.Calls.Surroundings do
  # What stands around calls, for `Envmgr.stats/1`: by environment, then by what it belongs to.
  @moduledoc false

  alias Envmgr.Calls.Cache.Store
  alias Envmgr.Calls.{Circuit, Limits, Tally}
  alias Envmgr.Libraries.Catalog

  @doc "An environment's statistics, with what stands around the calls of its libraries."
  @spec add(%{String.t() => map()}, atom()) :: %{String.t() => map()}
  def add(environments, name) do
    homes =
      for {library, environment, _} <- Catalog.libraries(name),
          into: %{},
          do: {library, environment}

    said = %{
      recovery: Tally.read(name),
      circuits: Circuit.read(name),
      limits: Limits.read(name),
      cache: Store.read(name)
    }

    for {environment, facts} <- environments, into: %{} do
      {environment, Enum.reduce(said, facts, &part(&1, &2, homes, environment))}
    end
  end

  # Keys are libraries, or paths that begin with one.
  defp part({key, all}, facts, homes, environment) do
    theirs =
      for {path, what} <- all,
          homes[path |> :binary.split(".") |> hd()] == environment,
          into: %{} do
        {path, what}
      end

    Map.put(facts, key, theirs)
  end
end
