defmodule Envmgr.Calls.Cache.Flight do
  # One computation for all who want the same result at the same time: the first caller leads, the others wait for him. After
  # "singleflight" of Go's x/sync.
  @moduledoc false

  alias Envmgr.Calls.Beside
  alias Envmgr.Calls.Cache.{Key, Store}
  alias Envmgr.Calls.Waiting

  @typedoc "A result is computed once for all who want it since the last invalidation."
  @type key :: {Key.t(), version :: non_neg_integer()}
  @type flight :: {key(), id :: reference(), leader :: pid()}

  @typedoc "`:kept`: the result is in the table; `:again`: somebody else is to try; `:alone`: each by himself."
  @type landing :: :kept | {:value, term(), map()} | {:error, struct()} | :again | :alone

  @doc "The caller leads, or somebody else does. `:alone`: the tables went with their process."
  @spec join(Store.t(), key()) :: {:lead | :follow, flight()} | :alone
  def join(store, key) do
    flight = {key, make_ref(), self()}

    if :ets.insert_new(store.flights, flight) do
      {:lead, flight}
    else
      case :ets.lookup(store.flights, key) do
        [other] -> {:follow, other}
        [] -> join(store, key)
      end
    end
  rescue
    ArgumentError -> :alone
  end

  @doc "Tells those who wait. The flight is over before they hear of it."
  @spec land(Store.t(), flight(), landing()) :: :ok
  def land(store, {_key, id, _leader} = flight, landing) do
    :ets.delete_object(store.flights, flight)
    for {_id, reply} <- :ets.take(store.waiting, id), do: send(reply, {reply, landing})
    :ok
  rescue
    ArgumentError -> :ok
  end

  @doc "Waits for the leader. Whose leader ended, by whatever, is to join again."
  @spec follow(Store.t(), flight(), Beside.t() | nil, timeout()) ::
          landing() | :late | :cancelled | :left
  def follow(store, {key, id, leader} = flight, beside, timeout) do
    reply = :erlang.monitor(:process, leader, alias: :reply_demonitor)
    :ets.insert(store.waiting, {id, reply})

    # Who landed before this saw nobody waiting.
    case :ets.lookup(store.flights, key) do
      [^flight] -> reply |> Waiting.await(beside, timeout) |> landed(store, flight, reply)
      _other -> landed(:again, store, flight, reply)
    end
  rescue
    ArgumentError -> :alone
  end

  defp landed({:got, {:down, _reason}}, store, flight, _reply) do
    land(store, flight, :again)
    :again
  end

  defp landed({:got, landing}, _store, _flight, _reply), do: landing

  defp landed(unwanted, store, {_key, id, _leader}, reply) do
    :erlang.demonitor(reply, [:flush])
    :ets.delete_object(store.waiting, {id, reply})

    receive do
      {^reply, _landing} -> unwanted
    after
      0 -> unwanted
    end
  end
end
