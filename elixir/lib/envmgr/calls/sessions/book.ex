defmodule Envmgr.Calls.Sessions.Book do
  # Which sessions there are, in the instance's table, and how many each worker has: read without a process.
  #
  # A session writes its own row. Whoever takes the row away, the session or after its crash the keeper, tells the workers.
  @moduledoc false

  alias Envmgr.Calls.Sessions.{Changes, Fate}

  @spec register(atom(), String.t(), pid()) :: true
  def register(table, id, pid), do: :ets.insert(table, {{:session, id}, pid, []})

  @doc "A session's last word."
  @spec over(atom(), pid(), Fate.t()) :: :ok
  def over(table, pid, fate) do
    case :ets.lookup(table, :sessions) do
      [{:sessions, keeper}] -> send(keeper, {:over, pid, fate})
      [] -> :ok
    end

    :ok
  end

  @spec find(atom(), String.t()) :: pid() | nil
  def find(table, id) do
    case :ets.lookup(table, {:session, id}) do
      [{_key, pid, _owners}] -> pid
      [] -> nil
    end
  end

  @spec all(atom()) :: [{String.t(), pid()}]
  def all(table),
    do: for([id, pid] <- :ets.match(table, {{:session, :"$1"}, :"$2", :_}), do: {id, pid})

  @doc "The session has a place in these workers, one of them new."
  @spec enter(atom(), String.t(), [pid()], pid()) :: true
  def enter(table, id, owners, owner) do
    :ets.update_counter(table, {:sessions, owner}, 1, {{:sessions, owner}, 0})
    :ets.update_element(table, {:session, id}, {3, owners})
  end

  @doc "A worker has ended."
  @spec ended(atom(), String.t(), [pid()], pid()) :: true
  def ended(table, id, owners, owner) do
    :ets.delete(table, {:sessions, owner})
    :ets.update_element(table, {:session, id}, {3, owners})
  end

  @doc "How many sessions have a place in a worker."
  @spec count(atom(), pid()) :: non_neg_integer()
  def count(table, owner) do
    case :ets.lookup(table, {:sessions, owner}) do
      [{_key, count}] -> count
      [] -> 0
    end
  end

  @doc "Takes a session's row away, if it is still of this process; its workers forget it."
  @spec clean(atom(), String.t(), pid()) :: :ok
  def clean(table, id, pid) do
    with [[owners]] <- :ets.match(table, {{:session, id}, pid, :"$1"}),
         1 <- :ets.select_delete(table, [{{{:session, id}, pid, :_}, [], [true]}]) do
      message = Changes.ended(id)

      for owner <- owners do
        send(owner, {:session, message})
        leave(table, owner)
      end
    end

    :ok
  end

  # Not of a worker that has ended. One that no session is in has no row: nobody would take it away at its end.
  defp leave(table, owner) do
    if :ets.update_counter(table, {:sessions, owner}, -1) == 0,
      do: :ets.select_delete(table, [{{{:sessions, owner}, 0}, [], [true]}])
  rescue
    ArgumentError -> :ok
  end
end
