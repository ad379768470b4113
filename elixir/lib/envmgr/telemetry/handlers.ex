defmodule Envmgr.Telemetry.Handlers do
  # Who listens to what. One process writes the table; events are read from it where they happen. A mask of all events that have
  # a listener is a persistent term: an integer, so that changing it makes no process collect its garbage.
  @moduledoc false

  use GenServer
  import Bitwise
  require Logger

  alias Envmgr.Telemetry.{Events, Forward}

  @table __MODULE__
  @mask Envmgr.Telemetry
  # Above those of events, within a small integer.
  @forward 1 <<< 57
  @seen 1 <<< 58

  @type id :: term()
  @type function_ :: ([atom()], map(), map(), term() -> term())
  @type handler :: %{id: id(), events: [[atom()]], function: function_(), config: term()}

  @spec start_link(term()) :: GenServer.on_start()
  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @spec attach(id(), [[atom()]], function_(), term()) :: :ok | {:error, :already_exists}
  def attach(id, names, function, config),
    do: GenServer.call(__MODULE__, {:attach, id, names, function, config})

  @spec detach(id()) :: :ok | {:error, :not_found}
  def detach(id), do: GenServer.call(__MODULE__, {:detach, id})

  @spec list() :: [handler()]
  def list do
    read(:ets.whereis(@table), &:ets.tab2list/1)
    |> Enum.group_by(fn {_name, id, _, _, _} -> id end)
    |> Enum.map(fn {id, [{_, _, function, config, _} | _] = rows} ->
      events = for {name, _, _, _, _} <- rows, do: [:envmgr | name]
      %{id: id, events: Enum.sort(events), function: function, config: config}
    end)
    |> Enum.sort_by(& &1.id)
  end

  @doc "Whether anybody may hear the event."
  @spec listened?(Events.name()) :: boolean()
  def listened?(name) do
    case :persistent_term.get(@mask, 0) do
      0 -> false
      mask -> heard?(mask, name)
    end
  end

  defp heard?(mask, name) do
    cond do
      (mask &&& Events.bit(name)) != 0 -> true
      (mask &&& @forward) == 0 -> false
      (mask &&& @seen) == 0 -> true
      true -> Forward.heard?(name)
    end
  end

  @spec execute(Events.name(), map(), map()) :: :ok
  def execute(name, measurements, metadata) do
    mask = :persistent_term.get(@mask, 0)
    event = [:envmgr | name]

    if (mask &&& Events.bit(name)) != 0 do
      for {_name, id, function, config, mark} <- handlers(name),
          do: run(id, function, config, mark, event, measurements, metadata)
    end

    if (mask &&& @forward) != 0, do: Forward.execute(event, measurements, metadata)
    :ok
  end

  defp run(id, function, config, mark, event, measurements, metadata) do
    function.(event, measurements, metadata, config)
  catch
    kind, reason ->
      why = Exception.format(kind, reason, __STACKTRACE__)
      GenServer.cast(__MODULE__, {:failed, id, mark, event, why})
  end

  defp handlers(name), do: read(:ets.whereis(@table), &:ets.lookup(&1, name))

  # The table goes with the application: who is late finds nobody.
  defp read(:undefined, _read), do: []

  defp read(table, read) do
    read.(table)
  rescue
    ArgumentError -> []
  end

  @impl true
  def init(nil) do
    Process.flag(:trap_exit, true)
    :ets.new(@table, [:named_table, :duplicate_bag, :protected, read_concurrency: true])

    forward =
      case Forward.decide() do
        :none -> 0
        :all -> @forward
        :seen -> @forward ||| @seen
      end

    {:ok, publish(%{forward: forward, handlers: %{}})}
  end

  @impl true
  def handle_call({:attach, id, _, _, _}, _from, s) when is_map_key(s.handlers, id),
    do: {:reply, {:error, :already_exists}, s}

  def handle_call({:attach, id, names, function, config}, _from, s) do
    mark = make_ref()
    :ets.insert(@table, for(name <- names, do: {name, id, function, config, mark}))
    {:reply, :ok, publish(put_in(s.handlers[id], {mark, names}))}
  end

  def handle_call({:detach, id}, _from, s) when is_map_key(s.handlers, id),
    do: {:reply, :ok, without(s, id)}

  def handle_call({:detach, _unknown}, _from, s), do: {:reply, {:error, :not_found}, s}

  # Many processes may have met the failure before the handler is gone: the first tells.
  @impl true
  def handle_cast({:failed, id, mark, event, why}, s) do
    case s.handlers do
      %{^id => {^mark, _names}} ->
        Logger.error(
          "envmgr: the handler #{inspect(id)} failed at #{inspect(event)} and is detached: #{why}"
        )

        {:noreply, without(s, id)}

      _gone ->
        {:noreply, s}
    end
  end

  @impl true
  def terminate(_reason, _s), do: :persistent_term.erase(@mask)

  defp without(s, id) do
    {{mark, names}, handlers} = Map.pop!(s.handlers, id)
    for name <- names, do: :ets.match_delete(@table, {name, id, :_, :_, mark})
    publish(%{s | handlers: handlers})
  end

  defp publish(s) do
    heard =
      for {_id, {_mark, names}} <- s.handlers, name <- names, reduce: 0 do
        mask -> mask ||| Events.bit(name)
      end

    :persistent_term.put(@mask, heard ||| s.forward)
    s
  end
end
