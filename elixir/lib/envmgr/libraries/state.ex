defmodule Envmgr.Libraries.State do
  # In what state each library is, and why: the one place that knows when that changed, and tells. What an environment's pool
  # says of it counts before what the manager knows, and this before what the configuration names. Entries of the instance's table:
  #
  #   {{:state, library}, environment, source, facts}
  #   {{:broken, environment}, error}                  its newest launch manifest is not used
  @moduledoc false

  alias Envmgr.{Error, Telemetry}
  alias Envmgr.Libraries.Catalog

  @typedoc "Who says so."
  @type source :: :pool | :manager | :configuration

  @typedoc "`since`: when the state began. `retries` in a row; `next`: when it is tried again, nil where that is not by the clock."
  @type t :: %{
          state: :loading | :ready | :degraded | :failed,
          reason: Error.t() | nil,
          since: DateTime.t(),
          retries: non_neg_integer(),
          next: DateTime.t() | nil
        }

  @doc "Takes over what the environment's pool has published of itself."
  @spec follow(atom(), String.t()) :: :ok
  def follow(table, environment) do
    with [{_key, view, _pool}] <- :ets.lookup(table, {:environment, environment}) do
      broken = broken(table, environment)
      known = for {name, ^environment, _facts} <- Catalog.libraries(table), do: name
      served = Enum.reject(known, &is_map_key(view.lost, &1))

      # One that is in another environment by now is that one's.
      lost =
        for {name, problem} <- view.lost,
            name in known or Catalog.library(table, name) == nil,
            do: {name, problem}

      for library <- served,
          do: put(table, library, environment, :pool, of(view, library, broken))

      for {library, problem} <- lost,
          do: put(table, library, environment, :pool, said(:failed, problem, view))

      libraries = served ++ Enum.map(lost, &elem(&1, 0))
      sweep(table, libraries, &match?({_, ^environment, :pool, _}, &1))
    end

    :ok
  end

  defp of(%{unread: unread} = view, library, _broken) when is_map_key(unread, library),
    do: said(:failed, unread[library], view)

  defp of(view, library, broken) do
    # Between two publications it may not be among them yet.
    %{state: state, problem: problem} = Map.get(view.libraries, library, view)
    refused = if view.lost == %{} and view.refused, do: view.refused.problem

    cond do
      state != :ready -> said(state, problem || refused, view)
      refused -> said(:degraded, refused, %{view | tries: view.refused.tries})
      broken -> said(:degraded, broken, %{view | tries: 0, retry_at: nil})
      true -> said(:ready, nil, %{view | tries: 0, retry_at: nil})
    end
  end

  defp said(state, reason, view),
    do: %{state: state, reason: reason, retries: view.tries, next: view.retry_at}

  @doc "What an environment's pool has said is gone with it."
  @spec gone(atom(), String.t()) :: :ok
  def gone(table, environment) do
    kept = for {name, _environment, _facts} <- Catalog.libraries(table), do: name
    sweep(table, kept, &match?({_, ^environment, :pool, _}, &1))
  end

  @doc "All libraries that this source knows not to be there, and why; those that it named before are forgotten."
  @spec absent(atom(), source(), [{String.t(), String.t(), Error.t()}]) :: :ok
  def absent(table, source, libraries) do
    for {library, environment, reason} <- libraries,
        do:
          put(table, library, environment, source, %{
            state: :failed,
            reason: reason,
            retries: 0,
            next: nil
          })

    sweep(table, Enum.map(libraries, &elem(&1, 0)), &match?({_, _, ^source, _}, &1))
  end

  @doc "That the newest launch manifest of an environment is not used, or (nil) is."
  @spec broken(atom(), String.t(), Error.t() | nil) :: :ok
  def broken(table, environment, nil) do
    :ets.delete(table, {:broken, environment})
    follow(table, environment)
  end

  def broken(table, environment, error) do
    :ets.insert(table, {{:broken, environment}, error})
    follow(table, environment)
  end

  defp broken(table, environment) do
    case :ets.lookup(table, {:broken, environment}) do
      [{_key, error}] -> error
      [] -> nil
    end
  end

  @doc "All that are known: `{library, environment, facts}`."
  @spec all(atom()) :: [{String.t(), String.t(), t()}]
  def all(table) do
    for {{:state, library}, environment, _source, facts} <- entries(table),
        do: {library, environment, dated(facts)}
  end

  @spec of(atom(), String.t()) :: {String.t(), t()} | nil
  def of(table, library) do
    case :ets.lookup(table, {:state, library}) do
      [{_key, environment, _source, facts}] -> {environment, dated(facts)}
      [] -> nil
    end
  end

  # Kept as ms: nothing of calendars is loaded while an application starts.
  defp dated(%{since: since, next: next} = facts),
    do: %{facts | since: time(since), next: next && time(next)}

  defp time(ms), do: DateTime.from_unix!(ms, :millisecond)

  defp put(table, library, environment, source, facts) do
    case :ets.lookup(table, {:state, library}) do
      [{_key, _environment, before, _facts}]
      when before != source and (before == :pool or source == :configuration) ->
        :ok

      [{_key, _environment, _source, %{state: state, since: since}}] when state == facts.state ->
        insert(table, library, environment, source, Map.put(facts, :since, since))

      [{_key, _environment, _source, %{state: before}}] ->
        changed(table, library, environment, source, facts, before)

      [] ->
        changed(table, library, environment, source, facts, nil)
    end
  end

  defp changed(table, library, environment, source, facts, before) do
    insert(
      table,
      library,
      environment,
      source,
      Map.put(facts, :since, System.os_time(:millisecond))
    )

    tell(table, library, environment, facts.state, before, facts.reason)
  end

  defp insert(table, library, environment, source, facts),
    do: :ets.insert(table, {{:state, library}, environment, source, facts})

  defp sweep(table, kept, ours?) do
    for {{:state, library}, environment, _source, facts} = entry <- entries(table),
        library not in kept and ours?.(entry) do
      :ets.delete_object(table, entry)
      tell(table, library, environment, :unloaded, facts.state, nil)
    end

    :ok
  end

  defp entries(table), do: :ets.match_object(table, {{:state, :_}, :_, :_, :_})

  defp tell(table, library, environment, state, before, reason) do
    about = %{
      instance: table,
      library: library,
      environment: environment,
      state: state,
      before: before,
      reason: reason
    }

    Telemetry.execute([:library, :state], %{system_time: System.system_time()}, about)
  end
end
