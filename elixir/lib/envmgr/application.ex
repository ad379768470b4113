defmodule Envmgr.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    options = Envmgr.Options.default!()

    Supervisor.start_link([{Envmgr, Map.to_list(Map.from_struct(options))}],
      strategy: :one_for_one
    )
  end
end
