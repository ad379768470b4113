defmodule Envmgr.Calls.Sessions.Server do
  # The process of one session: how long it lives, and what of it is under way. It waits for nobody.
  #
  # Its messages to a worker's owner are sent before the caller is told the worker, so they are there before the call is; a worker's
  # changes come from its owner before that hands an answer on.
  @moduledoc false

  use GenServer, restart: :temporary
  require Logger

  alias Envmgr.Telemetry
  alias Envmgr.Calls.Holders
  alias Envmgr.Calls.Sessions.{Book, Fate, Settings, Shared, Variables}
  alias Envmgr.Values.Holding

  @enforce_keys [:settings, :shared, :opened, :began, :used, :watch]
  defstruct [:settings, :shared, :opened, :began, :used, :watch] ++
              [active: %{}, calls: 0, errors: 0, held: 0, restorations: 0]

  @spec start_link(Settings.t()) :: GenServer.on_start()
  def start_link(settings), do: GenServer.start_link(__MODULE__, settings)

  @impl true
  def init(%Settings{} = settings) do
    Logger.metadata(session: settings.id)
    Book.register(settings.name, settings.id, self())
    if settings.ttl != :infinity, do: Process.send_after(self(), :ttl, settings.ttl)
    if settings.idle != :infinity, do: Process.send_after(self(), :idle, settings.idle)

    s = %__MODULE__{
      settings: settings,
      shared: Shared.new(settings),
      opened: DateTime.utc_now(),
      began: now(),
      used: now(),
      watch: settings.owner && Process.monitor(settings.owner)
    }

    now = %{system_time: System.system_time()}
    event(s, :open, now, Map.take(settings, [:owner, :affinity]))
    {:ok, s}
  end

  @impl true
  def handle_call({:route, token, pool, owner}, {caller, _}, s) do
    case begin(s, token, caller) do
      {:ok, s} -> routed(s, Shared.route(s.shared, pool, owner, s.settings.affinity))
      {:full, why} -> {:reply, {:error, full(s, why)}, s}
    end
  end

  def handle_call({:put, name, variable}, _from, s) do
    s = used(s)

    case Shared.put(s.shared, name, variable) do
      {:ok, shared} -> {:reply, :ok, %{s | shared: shared}}
      {:full, why} -> {:reply, {:error, full(s, why)}, s}
      {:error, fields} -> {:reply, {:error, fields}, s}
    end
  end

  def handle_call({:swap, name, expected, variable}, from, s) do
    if Shared.get(s.shared, name) |> elem(0) == expected,
      do: handle_call({:put, name, variable}, from, s),
      else: {:reply, :again, used(s)}
  end

  def handle_call({:get, name}, _from, s) do
    {variable, shared} = Shared.get(s.shared, name)
    {:reply, variable, used(%{s | shared: shared})}
  end

  def handle_call(:all, _from, s) do
    {variables, shared} = Shared.all(s.shared)
    {:reply, variables, used(%{s | shared: shared})}
  end

  def handle_call({:delete, name}, _from, s),
    do: {:reply, :ok, used(%{s | shared: Shared.delete(s.shared, name)})}

  def handle_call(:touch, _from, s), do: {:reply, :ok, used(s)}
  def handle_call(:info, _from, s), do: {:reply, info(s), s}

  def handle_call({:give, pid}, _from, s) do
    if s.watch, do: Process.demonitor(s.watch, [:flush])
    settings = %{s.settings | owner: pid}
    {:reply, :ok, used(%{s | settings: settings, watch: Process.monitor(pid)})}
  end

  def handle_call(:close, from, s) do
    over(s, :closed)
    GenServer.reply(from, :ok)
    {:stop, {:shutdown, {:session, :closed}}, s}
  end

  @impl true
  def handle_info({:variables, owner, payload}, s),
    do: {:noreply, %{s | shared: Shared.taken(s.shared, owner, payload)}}

  def handle_info({:left, token, fine?}, s) do
    {:noreply, inactive(used(s), token, fine?)}
  end

  def handle_info(:held, s), do: {:noreply, %{s | held: s.held + 1}}

  def handle_info({:DOWN, watch, :process, pid, _reason}, %{watch: watch} = s),
    do: ended(s, {:owner, pid})

  # A caller has ended in the midst of its call, or a worker.
  def handle_info({:DOWN, monitor, :process, pid, _reason}, s) do
    case Enum.find(s.active, &match?({_token, ^monitor}, &1)) do
      {token, _monitor} -> {:noreply, used(%{s | active: Map.delete(s.active, token)})}
      nil -> {:noreply, %{s | shared: Shared.ended(s.shared, pid)}}
    end
  end

  def handle_info(:ttl, s), do: ended(s, {:expired, :ttl, s.settings.ttl})

  def handle_info(:idle, s) do
    left = s.used + s.settings.idle - now()

    cond do
      s.active != %{} -> {:noreply, again(s, s.settings.idle)}
      left > 0 -> {:noreply, again(s, left)}
      true -> ended(s, {:expired, :idle, s.settings.idle})
    end
  end

  def handle_info(_other, s), do: {:noreply, s}

  defp again(s, ms) do
    Process.send_after(self(), :idle, ms)
    s
  end

  defp begin(s, token, _caller) when is_map_key(s.active, token), do: {:ok, s}

  defp begin(s, token, caller) do
    with {:ok, s} <- room(s) do
      active = Map.put(s.active, token, Process.monitor(caller))
      {:ok, used(%{s | active: active, calls: s.calls + 1})}
    end
  end

  defp routed(s, {:ok, owner, restored, shared}),
    do: {:reply, {:ok, owner}, restored(%{s | shared: shared}, restored)}

  defp routed(s, none), do: {:reply, none, s}

  # Refs are counted as they come, and those that were let go are found out when there seem to be too many.
  defp room(%{settings: %{max_refs: most}} = s) when s.held < most, do: {:ok, s}

  defp room(%{settings: %{max_refs: most}} = s) do
    s = %{s | held: Holders.count(s.settings.name, self())}
    if s.held < most, do: {:ok, s}, else: {:full, "it holds #{s.held} objects, as many as it may"}
  end

  # What was said of a call before counts.
  defp inactive(s, token, _fine?) when not is_map_key(s.active, token), do: s

  defp inactive(s, token, fine?) do
    {monitor, active} = Map.pop(s.active, token)
    Process.demonitor(monitor, [:flush])
    %{s | active: active, errors: s.errors + if(fine?, do: 0, else: 1)}
  end

  defp used(s), do: %{s | used: now()}

  defp restored(s, nil), do: s

  defp restored(s, restored) do
    {measured, about} = Map.split(restored, [:variables, :lost])
    event(s, :restored, measured, about)
    %{s | restorations: s.restorations + 1}
  end

  defp full(s, why) do
    [
      code: :session_limit,
      message: "the session #{s.settings.id} is full: #{why}",
      hint:
        "delete or release what is not needed, or open it with more (max_variables, max_bytes, max_refs)"
    ]
  end

  defp ended(s, fate) do
    over(s, fate)
    {:stop, {:shutdown, {:session, fate}}, s}
  end

  # Before this process ends: who finds it gone is told why, and its workers and refs are let go.
  defp over(s, fate) do
    %{id: id, name: table} = s.settings
    Book.over(table, self(), fate)
    Book.clean(table, id, self())
    Holding.tell(table, {:over, self(), id})
    lived = System.convert_time_unit(now() - s.began, :millisecond, :native)
    reason = %{reason: Fate.word(fate)}
    if match?({:expired, _, _}, fate), do: event(s, :expired, %{duration: lived}, reason)
    event(s, :close, %{duration: lived, calls: s.calls, errors: s.errors}, reason)
  end

  defp event(s, name, measurements, metadata) do
    known = %{session: s.settings.id, instance: s.settings.name}
    Telemetry.execute([:session, name], measurements, Map.merge(known, metadata))
  end

  defp info(%{settings: settings, shared: %{variables: variables, places: places}} = s) do
    %{
      id: settings.id,
      name: settings.name,
      owner: settings.owner,
      affinity: settings.affinity,
      opened: s.opened,
      age: now() - s.began,
      rested: if(s.active == %{}, do: now() - s.used, else: 0),
      idle: settings.idle,
      ttl: settings.ttl,
      calls: s.calls,
      errors: s.errors,
      active: map_size(s.active),
      variables: Variables.count(variables),
      bytes: variables.bytes,
      lost: Variables.lost(variables),
      refs: Holders.count(settings.name, self()),
      restorations: s.restorations,
      workers:
        for {owner, place} <- places.places do
          place
          |> Map.take([:environment, :generation, :os_pid])
          |> Map.put(:home, places.homes[place.pool] == owner)
        end
    }
  end

  defp now, do: System.monotonic_time(:millisecond)
end
