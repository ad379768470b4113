defmodule Mix.Tasks.Envmgr.Health do
  @shortdoc "Shows whether each environment is what was built"

  @help """
  Shows whether each environment is what was built.

      mix envmgr.health [ENV…] [--deep] [--repair]

  - `--deep`: reads every byte, opens every extension module, imports, calls
  - `--repair`: builds afresh what is not sound, and activates it

  Exit status 1 when an environment is not sound.

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr health`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("health", arguments, @help)
end
