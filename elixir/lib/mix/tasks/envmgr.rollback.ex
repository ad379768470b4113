defmodule Mix.Tasks.Envmgr.Rollback do
  @shortdoc "Activates an older generation of an environment"

  @help """
  Activates an older generation of an environment.

      mix envmgr.rollback ENV [--to N] [--project DIR]

  Without `--to`, the generation before. Needs no network and builds nothing; running pools notice within a second.
  Arguments go to `envmgr rollback`. Ends with its exit status.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("rollback", arguments, @help)
end
