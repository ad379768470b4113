defmodule Mix.Tasks.Envmgr.Status do
  @shortdoc "Shows whether each environment is what envmgr.toml says"

  @help """
  Shows whether each environment is what envmgr.toml says.

      mix envmgr.status

  Exit status 1 when an environment is not as it should be.

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr status`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("status", arguments, @help)
end
