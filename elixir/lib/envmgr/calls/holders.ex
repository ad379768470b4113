defmodule Envmgr.Calls.Holders do
  # The one process of an instance that knows who holds which ref: it lets the refs of a process go when that ends.
  @moduledoc false

  use GenServer

  alias Envmgr.{Options, Ref}
  alias Envmgr.Calls.Holdings
  alias Envmgr.Values.Holding

  @spec start_link(Options.t()) :: GenServer.on_start()
  def start_link(options), do: GenServer.start_link(__MODULE__, options.name)

  @doc "Returns when the calling process has let them go; whether or not their worker still lives."
  @spec release([Ref.t()]) :: :ok
  def release(refs) do
    for {{owner, name}, refs} <- Enum.group_by(refs, &{&1.owner, &1.name}) do
      ids = Enum.map(refs, & &1.id)
      send(owner, {:release, ids})
      Holding.tell(name, {:release, self(), owner, ids})
    end

    :ok
  end

  @doc "Makes `pid` the holder."
  @spec give(Ref.t(), pid()) :: :ok | {:error, Holdings.fate()}
  def give(%{owner: owner}, _pid) when node(owner) != node(),
    do: {:error, {:elsewhere, node(owner)}}

  def give(ref, pid), do: ask(ref.name, {:give, {ref.owner, ref.id}, pid}, {:error, :unknown})

  @doc "How many refs a process holds."
  @spec count(atom(), pid()) :: non_neg_integer()
  def count(name, pid), do: ask(name, {:count, pid}, 0)

  @doc "Lets a ref go, because of something else than its holder."
  @spec let_go(atom(), Ref.t(), Holdings.why()) :: :ok
  def let_go(name, ref, why) do
    send(ref.owner, {:release, [ref.id]})
    Holding.tell(name, {:let_go, ref.owner, ref.id, why})
  end

  @doc "What became of a worker, or of one object in it."
  @spec fate(atom(), pid(), pos_integer() | nil) :: Holdings.fate()
  def fate(_name, owner, _id) when node(owner) != node(), do: {:elsewhere, node(owner)}

  def fate(name, owner, id), do: ask(name, {:fate, owner, id}, :unknown)

  defp ask(name, question, otherwise) do
    if pid = Holding.process(name), do: GenServer.call(pid, question), else: otherwise
  catch
    :exit, _ended -> otherwise
  end

  @impl true
  def init(name) do
    Holding.register(name)
    {:ok, {%Holdings{}, %{}}}
  end

  @impl true
  def handle_call({:fate, owner, id}, _from, {holdings, _} = s),
    do: {:reply, Holdings.fate(holdings, owner, id), s}

  def handle_call({:count, pid}, _from, {holdings, _} = s),
    do: {:reply, Holdings.count(holdings, pid), s}

  def handle_call({:give, {owner, id} = ref, pid}, _from, {holdings, _} = s) do
    if Holdings.held?(holdings, ref),
      do: {:reply, :ok, hold(s, pid, ref)},
      else: {:reply, {:error, Holdings.fate(holdings, owner, id)}, s}
  end

  def handle_call({:holding, owners}, _from, {holdings, _} = s),
    do: {:reply, Enum.filter(owners, &Holdings.holding?(holdings, &1)), s}

  @impl true
  def handle_info({:hold, pid, owner, id}, s), do: {:noreply, hold(s, pid, {owner, id})}

  def handle_info({:release, by, owner, ids}, {holdings, monitors}) do
    holdings = Enum.reduce(ids, holdings, &Holdings.release(&2, {owner, &1}, {:release, by}))
    {:noreply, {holdings, monitors}}
  end

  def handle_info({:let_go, owner, id, why}, {holdings, monitors}),
    do: {:noreply, {Holdings.release(holdings, {owner, id}, why), monitors}}

  # A session's last word.
  def handle_info({:over, pid, session}, {holdings, monitors}),
    do: {:noreply, {released(holdings, pid, {:session, session}), monitors}}

  def handle_info({:ended, owner, why}, {holdings, monitors}) do
    {:noreply, {Holdings.ended(holdings, owner, why, DateTime.utc_now()), monitors}}
  end

  def handle_info({:DOWN, _monitor, :process, pid, _reason}, {holdings, monitors}) do
    {:noreply, {released(holdings, pid, nil), Map.delete(monitors, pid)}}
  end

  defp released(holdings, pid, why) do
    {releases, holdings} = Holdings.down(holdings, pid, why)
    for {owner, ids} <- releases, do: send(owner, {:release, ids})
    holdings
  end

  # A process is watched from its first ref to its end.
  defp hold({holdings, monitors}, pid, ref) do
    monitors =
      if is_map_key(monitors, pid),
        do: monitors,
        else: Map.put(monitors, pid, Process.monitor(pid))

    {Holdings.hold(holdings, pid, ref), monitors}
  end
end
