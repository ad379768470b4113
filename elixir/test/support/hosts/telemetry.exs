# What of `:telemetry` Envmgr uses, with handlers where the real one has them; compiled by the test of forwarding alone.
defmodule :telemetry do
  @moduledoc false

  @table :telemetry_handler_table

  # `{event, id, function, config}`: of the real table the key is the event's name too.
  def open, do: :ets.new(@table, [:named_table, :duplicate_bag, :public])

  def attach(id, event, function, config) do
    :ets.insert(@table, {event, id, function, config})
    :ok
  end

  def detach(id) do
    :ets.match_delete(@table, {:_, id, :_, :_})
    :ok
  end

  def execute(event, measurements, metadata) do
    for {_event, _id, function, config} <- :ets.lookup(@table, event),
        do: function.(event, measurements, metadata, config)

    :ok
  end
end
