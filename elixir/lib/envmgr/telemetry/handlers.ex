defmodule Envmgr.Telemetry.Handlers do
  # Who listens to what. One process keeps it, and publishes the handlers of each event as a persistent term, which is read without
  # a copy where the event happens; handlers come and go when a host starts and ends. A mask of all events that have one is another: an
  # integer, so that asking for it is nearly free.
  @moduledoc false

  use GenServer
  import Bitwise
  require Logger

  alias Envmgr.Telemetry.{Events, Forward}

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
  def list, do: GenServer.call(__MODULE__, :list)

  @doc "Whether anybody may hear the event, or, of `[group]`, any of those that begin so."
  @spec listened?([atom(), ...]) :: boolean()
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
      true -> name |> Events.names() |> Enum.any?(&Forward.heard?/1)
    end
  end

  @spec execute(Events.name(), map(), map()) :: :ok
  def execute(name, measurements, metadata) do
    mask = :persistent_term.get(@mask, 0)
    event = [:envmgr | name]

    if (mask &&& Events.bit(name)) != 0 do
      for {id, function, config, mark} <- :persistent_term.get({__MODULE__, name}, []),
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

  @impl true
  def init(nil) do
    Process.flag(:trap_exit, true)

    forward =
      case Forward.decide() do
        :none -> 0
        :all -> @forward
        :seen -> @forward ||| @seen
      end

    {:ok, publish(%{forward: forward, handlers: %{}}, [])}
  end

  @impl true
  def handle_call({:attach, id, _, _, _}, _from, s) when is_map_key(s.handlers, id),
    do: {:reply, {:error, :already_exists}, s}

  def handle_call({:attach, id, names, function, config}, _from, s) do
    handler = %{names: names, function: function, config: config, mark: make_ref()}
    {:reply, :ok, publish(put_in(s.handlers[id], handler), names)}
  end

  def handle_call({:detach, id}, _from, s) when is_map_key(s.handlers, id),
    do: {:reply, :ok, without(s, id)}

  def handle_call({:detach, _unknown}, _from, s), do: {:reply, {:error, :not_found}, s}

  def handle_call(:list, _from, s) do
    list =
      for {id, handler} <- Enum.sort(s.handlers) do
        events = for name <- handler.names, do: [:envmgr | name]
        %{id: id, events: events, function: handler.function, config: handler.config}
      end

    {:reply, list, s}
  end

  # Many processes may have met the failure before the handler is gone: the first tells.
  @impl true
  def handle_cast({:failed, id, mark, event, why}, s) do
    case s.handlers do
      %{^id => %{mark: ^mark}} ->
        Logger.error(
          "envmgr: the handler #{inspect(id)} failed at #{inspect(event)} and is detached: #{why}"
        )

        {:noreply, without(s, id)}

      _gone ->
        {:noreply, s}
    end
  end

  @impl true
  def terminate(_reason, s) do
    :persistent_term.erase(@mask)
    for name <- names(s), do: :persistent_term.erase({__MODULE__, name})
  end

  defp without(s, id) do
    {handler, handlers} = Map.pop!(s.handlers, id)
    publish(%{s | handlers: handlers}, handler.names)
  end

  # An event without handlers has no term: nothing is left of a test, or of an application that ended.
  defp publish(s, names) do
    for name <- names do
      case for({id, h} <- s.handlers, name in h.names, do: {id, h.function, h.config, h.mark}) do
        [] -> :persistent_term.erase({__MODULE__, name})
        handlers -> :persistent_term.put({__MODULE__, name}, handlers)
      end
    end

    heard = s |> names() |> Enum.map(&Events.bit/1) |> Enum.reduce(0, &|||/2)
    :persistent_term.put(@mask, heard ||| s.forward)
    s
  end

  defp names(s), do: Enum.flat_map(s.handlers, fn {_id, handler} -> handler.names end)
end
