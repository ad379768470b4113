defmodule Envmgr.Reload.Status do
  # What is known of envmgr.toml, where `Envmgr.configuration/1` finds it. One writer, Reload.Server.
  @moduledoc false

  alias Envmgr.Error

  @type state :: :unknown | :current | :outdated | :syncing | :failed

  @spec publish(atom(), boolean(), state(), Error.t() | nil) :: true
  def publish(table, watch, state, error \\ nil) do
    facts = %{watch: watch, state: state, error: error, since: DateTime.utc_now()}
    :ets.insert(table, {:configuration, facts})
  end

  @spec read(atom()) :: map()
  def read(table) do
    case :ets.lookup(table, :configuration) do
      [{:configuration, facts}] -> facts
      [] -> %{watch: false, state: :unknown, error: nil, since: nil}
    end
  end
end
