defmodule Envmgr.Telemetry do
  @moduledoc """
  What happens in an instance, as events.
  """

  @doc "Tells of an event: `[:envmgr | name]`."
  @spec execute([atom()], map(), map()) :: :ok
  def execute(name, measurements, metadata) do
    if Code.ensure_loaded?(:telemetry),
      do: apply(:telemetry, :execute, [[:envmgr | name], measurements, metadata])

    :ok
  end
end
