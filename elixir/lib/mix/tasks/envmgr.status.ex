defmodule Mix.Tasks.Envmgr.Status do
  @shortdoc "Shows whether each environment is what envmgr.toml says"

  @help """
  Shows whether each environment is what envmgr.toml says.

      mix envmgr.status [--project DIR] [--format text|json|msgpack]

  Arguments go to `envmgr status`. Ends with its exit status: 1 when an environment is not as it should be.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("status", arguments, @help)
end
