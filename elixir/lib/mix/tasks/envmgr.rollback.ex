defmodule Mix.Tasks.Envmgr.Rollback do
  @shortdoc "Activates an older generation of an environment"

  @help """
  Activates an older generation of an environment.

      mix envmgr.rollback ENV [--to N]

  - `--to N`: that generation; default: the one before

  Needs no network and builds nothing; running pools notice within a second.

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr rollback`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("rollback", arguments, @help)
end
