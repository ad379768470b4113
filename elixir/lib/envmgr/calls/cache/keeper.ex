defmodule Envmgr.Calls.Cache.Keeper do
  # The one process of an instance that owns its results, and says what stays. Callers read the tables, and meet it only with a
  # result to keep.
  @moduledoc false

  use GenServer

  alias Envmgr.Calls.Cache.{Key, Ledger, Store}
  alias Envmgr.Libraries.Catalog
  alias Envmgr.Telemetry

  # What is too old takes memory no longer than that, ms.
  @sweep 10_000
  # Whoever has a result to keep has an answer, too: it does not wait for ever.
  @patience 5_000

  @type which :: :all | {:function | :library | :tag, String.t()}

  def start_link(name), do: GenServer.start_link(__MODULE__, name)

  @doc "Keeps what a caller has put into the table, unless something was invalidated since `version`."
  @spec admit(Store.t(), Key.t(), Ledger.item(), Ledger.limits(), integer()) :: boolean()
  def admit(store, key, item, limits, version) do
    GenServer.call(store.keeper, {:admit, key, item, limits, version}, @patience)
  catch
    :exit, _ended -> false
  end

  @doc "How many results went. What is being computed meanwhile is not kept."
  @spec invalidate(Store.t(), which()) :: non_neg_integer()
  def invalidate(store, which), do: GenServer.call(store.keeper, {:invalidate, which}, :infinity)

  @impl true
  def init(name) do
    store = Store.new(self())
    :ets.insert(name, {:cache, store})
    sweep_later()
    {:ok, %{name: name, store: store, ledger: %Ledger{}}}
  end

  @impl true
  def handle_call({:admit, key, item, limits, version}, _from, %{store: store} = s) do
    s = replaced(s, item)

    if Store.version(store) == version do
      {verdict, evicted, ledger} =
        Ledger.admit(s.ledger, key, item, limits, &Store.used?(store, &1))

      s = out(%{s | ledger: ledger}, evicted, :evicted)
      {:reply, verdict == :admitted and Store.publish(store, key), kept(s, verdict, key)}
    else
      {:reply, false, kept(%{s | ledger: Ledger.drop(s.ledger, [key])}, :refused, key)}
    end
  end

  def handle_call({:invalidate, which}, _from, s) do
    Store.advance(s.store)
    keys = Ledger.select(s.ledger, &matches?(which, &1, &2))
    {:reply, length(keys), gone(s, keys, :invalidated, reason(which))}
  end

  @impl true
  def handle_info(:sweep, s) do
    sweep_later()
    now = System.monotonic_time(:millisecond)
    s = gone(s, Ledger.select(s.ledger, fn _, item -> item.expires <= now end), :evicted, :ttl)

    epochs =
      Map.new(s.ledger.epochs, fn {library, _} -> {library, Catalog.epoch(s.name, library)} end)

    old = Ledger.select(s.ledger, fn _, item -> item.epoch != epochs[item.library] end)
    {:noreply, gone(s, old, :invalidated, :generation)}
  end

  defp sweep_later, do: Process.send_after(self(), :sweep, @sweep)

  defp kept(s, :admitted, key), do: counted(s, [Key.path(key)])

  defp kept(s, :refused, key) do
    Store.delete(s.store, key)
    counted(s, [Key.path(key)])
  end

  # The first result of a new generation: those of the old one are nobody's.
  defp replaced(s, %{library: library, epoch: epoch}) do
    case s.ledger.epochs do
      %{^library => older} when older < epoch ->
        old =
          Ledger.select(s.ledger, fn _, item -> item.library == library and item.epoch < epoch end)

        gone(s, old, :invalidated, :generation)

      _same ->
        s
    end
  end

  defp matches?(:all, _key, _item), do: true
  defp matches?({:function, path}, key, _item), do: Key.path(key) == path
  defp matches?({:library, library}, _key, item), do: item.library == library
  defp matches?({:tag, tag}, _key, item), do: tag in item.tags

  defp reason(:all), do: :all
  defp reason({kind, _name}), do: kind

  defp gone(s, keys, event, reason),
    do: out(%{s | ledger: Ledger.drop(s.ledger, keys)}, Enum.map(keys, &{&1, reason}), event)

  defp out(s, went, event) do
    for {key, _reason} <- went, do: Store.delete(s.store, key)

    for {{path, reason}, keys} <-
          Enum.group_by(went, fn {key, reason} -> {Key.path(key), reason} end) do
      Store.count(s.name, path, event, length(keys))
      [library | _] = :binary.split(path, ".")
      facts = %{instance: s.name, path: path, library: library, reason: reason}
      Telemetry.execute([:cache, event], %{count: length(keys)}, facts)
    end

    counted(s, for({key, _reason} <- went, do: Key.path(key)))
  end

  defp counted(s, paths) do
    for path <- Enum.uniq(paths), do: Store.size(s.name, path, Ledger.of(s.ledger, path))
    s
  end
end
