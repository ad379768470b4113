defmodule Envmgr.Calls.Sessions.Keeper do
  # The one process of an instance that opens sessions, so that a name leads to one; knows how they ended; and cleans up
  # after those that crashed.
  @moduledoc false

  use GenServer

  alias Envmgr.Calls.Sessions.{Book, Fate, Server, Settings}

  # How many ends are remembered.
  @remembered 4_096

  defstruct [:table, :sessions, watched: %{}, fates: %{}, order: :queue.new()]

  @spec start_link({atom(), module()}) :: GenServer.on_start()
  def start_link(settings), do: GenServer.start_link(__MODULE__, settings)

  @doc "The process of the session of that name, one that is there already or a new one."
  @spec open(pid(), Settings.t()) :: {:ok, pid()} | {:error, term()}
  def open(keeper, settings), do: GenServer.call(keeper, {:open, settings}, :infinity)

  @doc "How a session ended."
  @spec fate(pid(), pid()) :: Fate.t() | :unknown
  def fate(keeper, pid), do: GenServer.call(keeper, {:fate, pid}, :infinity)

  # A keeper that took over finds the sessions in the table; of those that ended meanwhile it hears at once.
  @impl true
  def init({table, sessions}) do
    :ets.insert(table, {:sessions, self()})
    s = %__MODULE__{table: table, sessions: sessions}
    {:ok, Enum.reduce(Book.all(table), s, fn {id, pid}, s -> watch(s, id, pid) end)}
  end

  @impl true
  def handle_call({:open, settings}, _from, s) do
    case there(s, settings.id) do
      {:ok, pid, s} ->
        {:reply, {:ok, pid}, s}

      {:none, s} ->
        with {:ok, pid} <- DynamicSupervisor.start_child(s.sessions, {Server, settings}) do
          {:reply, {:ok, pid}, watch(s, settings.id, pid)}
        else
          {:error, reason} -> {:reply, {:error, reason}, s}
        end
    end
  end

  # Whoever asks has found the process gone.
  def handle_call({:fate, pid}, _from, s) do
    s = heard(s, pid)
    {:reply, Map.get(s.fates, pid, :unknown), s}
  end

  @impl true
  def handle_info({:over, pid, fate}, s), do: {:noreply, remember(s, pid, fate)}

  def handle_info({:DOWN, _monitor, :process, pid, reason}, s),
    do: {:noreply, ended(s, pid, reason)}

  defp there(s, id) do
    with pid when is_pid(pid) <- Book.find(s.table, id),
         false <- Process.alive?(pid) do
      {:none, heard(s, pid)}
    else
      nil -> {:none, s}
      true -> {:ok, Book.find(s.table, id), s}
    end
  end

  defp heard(s, pid) when is_map_key(s.watched, pid) do
    if Process.alive?(pid) do
      s
    else
      receive do
        {:DOWN, _monitor, :process, ^pid, reason} -> ended(s, pid, reason)
      end
    end
  end

  defp heard(s, _pid), do: s

  defp watch(s, id, pid) do
    Process.monitor(pid)
    %{s | watched: Map.put(s.watched, pid, id)}
  end

  defp ended(s, pid, reason) do
    {id, watched} = Map.pop(s.watched, pid)
    if id, do: Book.clean(s.table, id, pid)
    remember(%{s | watched: watched}, pid, Fate.of(reason))
  end

  # What was said first is kept.
  defp remember(s, pid, _fate) when is_map_key(s.fates, pid), do: s

  defp remember(s, pid, fate) do
    {fates, order} = {Map.put(s.fates, pid, fate), :queue.in(pid, s.order)}

    if map_size(fates) > @remembered do
      {{:value, oldest}, order} = :queue.out(order)
      %{s | fates: Map.delete(fates, oldest), order: order}
    else
      %{s | fates: fates, order: order}
    end
  end
end
