defmodule Envmgr.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    options = Envmgr.Options.default!() |> Map.from_struct() |> Map.delete(:secret)
    Supervisor.start_link([{Envmgr, Map.to_list(options)}], strategy: :one_for_one)
  end
end
