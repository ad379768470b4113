defmodule Mix.Tasks.Envmgr.Plan do
  @shortdoc "Shows what an upgrade would change, and what that means for this application"

  @help """
  Shows what an upgrade would change, and what that means for this application.

      mix envmgr.plan LIB[==V] [--osv FILE]

  Changes nothing. Without a version, the newest that envmgr.toml allows. Needs the network. What the application calls is known by what running
  VMs have counted, and by `mix envmgr.calls`.

  - `--osv FILE`: a snapshot of OSV's advisories (its `PyPI/all.zip`, a directory or a file of JSON): known vulnerabilities

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
