defmodule Envmgr.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    options = Envmgr.Options.default!() |> Map.from_struct() |> Map.delete(:secret)
    children = [Envmgr.Telemetry.Handlers, {Envmgr, Map.to_list(options)}]
    Supervisor.start_link(children, strategy: :one_for_one, name: Envmgr.Supervisor)
  end
end
