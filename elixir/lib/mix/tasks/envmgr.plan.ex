defmodule Mix.Tasks.Envmgr.Plan do
  @shortdoc "Shows what an upgrade would change"

  @help """
  Shows what an upgrade would change.

      mix envmgr.plan LIB[==V]

  Changes nothing. Without a version, the newest that envmgr.toml allows. Needs the network.

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr plan`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("plan", arguments, @help)
end
