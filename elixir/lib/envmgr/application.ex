defmodule Envmgr.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    options = Envmgr.Options.default!()
    options = checked(options) |> Map.from_struct() |> Map.delete(:secret)
    children = [Envmgr.Telemetry.Handlers, {Envmgr, Map.to_list(options)}]
    Supervisor.start_link(children, strategy: :one_for_one, name: Envmgr.Supervisor)
  rescue
    error in [ArgumentError, Envmgr.Error] -> Envmgr.Release.Boot.refused(error)
  end

  # Before there is a supervisor that would tell of it, too.
  defp checked(%{check: :raise, project: project} = options) when project != nil do
    Envmgr.Release.check!(project)
    %{options | check: false}
  end

  defp checked(options), do: options
end
