defmodule Mix.Tasks.Envmgr.Sync do
  @shortdoc "Builds, verifies and activates what envmgr.toml and the locks say"

  @help """
  Builds, verifies and activates what envmgr.toml and the locks say.

      mix envmgr.sync [LIB…] [--frozen] [--offline]

  Without LIB, every environment; those that are configured no more are deactivated.

  - `--frozen`: locks as they are; a stale one is an error (status 4)
  - `--offline`: no network: locks as they are, files from uv's cache
  - `--keep-rollbacks`: leaves alone what was rolled back since envmgr.toml and its lock last changed

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr sync`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("sync", arguments, @help)
end
