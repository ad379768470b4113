defmodule Envmgr.Calls.Sessions.Shared do
  # The variables of a session, in step with the workers that it has a place in. Of a session's process.
  @moduledoc false

  alias Envmgr.Calls.{Holders, Stale}
  alias Envmgr.Calls.Sessions.{Changes, Places, Settings, Variables}
  alias Envmgr.Pool.Route
  alias Envmgr.Ref

  @enforce_keys [:variables, :places]
  defstruct [:variables, :places]

  @type t :: %__MODULE__{variables: Variables.t(), places: Places.t()}

  @spec new(Settings.t()) :: t()
  def new(settings) do
    limits = [settings.max_variables, settings.max_bytes]

    %__MODULE__{
      variables: %Variables{most: settings.max_variables, most_bytes: settings.max_bytes},
      places: %Places{table: settings.name, id: settings.id, limits: limits}
    }
  end

  @doc "Puts a variable from this side. An object must be in a worker that takes calls."
  @spec put(t(), String.t(), Variables.variable()) ::
          {:ok, t()} | {:full, String.t()} | {:error, keyword()}
  def put(s, name, variable) do
    with {:ok, s} <- home(s, variable),
         {:ok, old, variables} <- Variables.put(s.variables, name, variable, :within) do
      let_go(s, name, old)
      {:ok, %{s | variables: variables, places: Places.changed(s.places, [name])}}
    end
  end

  defp home(s, {:value, _packed}), do: {:ok, s}

  defp home(s, {:kept, %Ref{environment: environment, owner: owner}, _}) do
    case Places.find(s.places, owner) do
      nil ->
        {:error, s.places.table |> Holders.fate(owner, nil) |> Stale.fields()}

      {generation, worker} ->
        pool = Places.pool(s.places, environment, owner)
        s = enter(s, pool, generation, worker)
        if s.places.homes[pool], do: {:ok, s}, else: {:ok, settle(s, pool, owner)}
    end
  end

  @doc "A variable as it is now: an object may have gone with its worker."
  @spec get(t(), String.t()) :: {Variables.variable() | nil, t()}
  def get(s, name) do
    s =
      case s.variables.there[name] do
        {:kept, ref, _} -> if_open(s, ref.owner)
        _plain -> s
      end

    {s.variables.there[name], s}
  end

  @spec all(t()) :: {%{String.t() => Variables.variable()}, t()}
  def all(s) do
    owners = for {_name, {:kept, ref, _}} <- s.variables.there, do: ref.owner
    s = owners |> Enum.uniq() |> Enum.reduce(s, &if_open(&2, &1))
    {s.variables.there, s}
  end

  defp if_open(s, owner), do: if(Places.open?(s.places, owner), do: s, else: lose(s, owner))

  @spec delete(t(), String.t(), pid() | nil) :: t()
  def delete(s, name, knows \\ nil) do
    {old, variables} = Variables.delete(s.variables, name)
    let_go(s, name, old)
    %{s | variables: variables, places: Places.changed(s.places, [name], knows)}
  end

  @doc "What Python has changed in a worker."
  @spec taken(t(), pid(), binary()) :: t()
  def taken(s, owner, payload) do
    with %{} = place <- s.places.places[owner],
         home = %{owner: owner, generation: place.generation, environment: place.environment},
         home = Map.merge(home, %{name: s.places.table, holder: self()}),
         {:ok, change} <- Changes.read(payload, home) do
      # What this side said meanwhile reaches the worker after its own change, which is later here: it is told again.
      knows = if change.at == place.at, do: owner

      s = Enum.reduce(change.delete, s, &delete(&2, &1, knows))
      set = for {name, packed} <- change.set, do: {name, {:value, packed}}
      keep = for {name, ref} <- change.keep, do: {name, {:kept, ref, true}}

      Enum.reduce(set ++ keep, s, fn {name, variable}, s ->
        {:ok, old, variables} = Variables.put(s.variables, name, variable, :anyway)
        let_go(s, name, old)
        %{s | variables: variables, places: Places.changed(s.places, [name], knows)}
      end)
    else
      _none -> s
    end
  end

  # The ref of an object that was put in Python was made for the variable.
  defp let_go(s, name, {:kept, ref, true}),
    do: Holders.let_go(s.places.table, ref, {:variable, name, s.places.id})

  defp let_go(_s, _name, _other), do: :ok

  @typedoc "What was put into a successor, and what was lost with the worker before it."
  @type restored :: %{
          environment: String.t(),
          reason: String.t(),
          variables: non_neg_integer(),
          lost: non_neg_integer()
        }

  @doc """
  The worker for a call, which has been told of all variables. `owner`: the one that the call's refs are in. `restored` where it takes the
  place of another; `:none` where there is none at the moment, `:gone` where there is no pool, `:stale` where the owner takes no more calls.
  """
  @spec route(t(), Route.place(), pid() | nil, :strict | :prefer) ::
          {:ok, pid(), restored() | nil, t()} | :none | :gone | :stale
  def route(s, pool, nil, affinity) do
    home = s.places.homes[pool]
    stays? = affinity == :strict or (home && Variables.kept_in?(s.variables, home))

    case Places.choose(s.places, pool, stays?) do
      {:new, generation, {owner, _slot} = worker} ->
        s |> enter(pool, generation, worker) |> settle(pool, owner) |> told(owner)

      {:moved, from, generation, {owner, _slot} = worker} ->
        s = s |> lose(from) |> enter(pool, generation, worker) |> settle(pool, owner)

        restored = %{
          environment: Route.environment(pool),
          reason: why(s, from),
          variables: Variables.count(s.variables),
          lost: Variables.lost_with(s.variables, from)
        }

        told(s, owner, restored)

      {_home_or_beside, generation, {owner, _slot} = worker} ->
        s |> enter(pool, generation, worker) |> told(owner)

      none ->
        none
    end
  end

  def route(s, pool, owner, _affinity) do
    case Places.find(s.places, owner) do
      nil -> :stale
      {generation, worker} -> s |> enter(pool, generation, worker) |> told(owner)
    end
  end

  defp told(s, owner, restored \\ nil),
    do: {:ok, owner, restored, %{s | places: Places.tell(s.places, owner, s.variables)}}

  defp enter(s, pool, generation, worker) do
    environment = Route.environment(pool)
    %{s | places: Places.enter(s.places, environment, generation, worker, s.variables)}
  end

  defp settle(s, pool, owner), do: %{s | places: Places.settle(s.places, pool, owner)}

  @doc "A worker's owner has ended."
  @spec ended(t(), pid()) :: t()
  def ended(s, owner) do
    s = lose(s, owner)
    %{s | places: Places.ended(s.places, owner)}
  end

  defp lose(s, owner) do
    if Variables.kept_in?(s.variables, owner) do
      why = "it stayed in #{Places.words(s.places, owner)}, and went with it: #{why(s, owner)}"
      {names, variables} = Variables.lose(s.variables, owner, why)
      %{s | variables: variables, places: Places.changed(s.places, names)}
    else
      s
    end
  end

  defp why(s, owner) do
    case Holders.fate(s.places.table, owner, nil) do
      {:ended, why, _at} -> why
      _unknown -> "the worker is gone"
    end
  end
end
