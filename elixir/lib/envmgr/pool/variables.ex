defmodule Envmgr.Pool.Variables do
  # What Python has changed of a session's variables, on its way to the session's process.
  @moduledoc false

  @doc "Hands it on, as of the calling owner. False where the session is over."
  @spec deliver(atom(), String.t(), binary()) :: boolean()
  def deliver(table, session, payload) do
    case :ets.lookup(table, {:session, session}) do
      [{_key, pid, _owners}] ->
        send(pid, {:variables, self(), payload})
        true

      [] ->
        false
    end
  end
end
