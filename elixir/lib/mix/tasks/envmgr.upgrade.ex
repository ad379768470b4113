defmodule Mix.Tasks.Envmgr.Upgrade do
  @shortdoc "Moves a library to another version, proved before it serves"

  @help """
  Moves a library to another version, proved before it serves.

      mix envmgr.upgrade LIB[==V] [--osv FILE] [--accept-impact]

  Without a version, to the newest that envmgr.toml allows. Running pools have the new generation within a second. Exit status 1 when it was
  refused: a function breaks that the application calls (`mix envmgr.plan` shows how), a matrix is red, a vulnerability comes in. Exit status 5 when a
  proof failed and it was undone.

  - `--accept-impact`: upgrade in spite of it
  - `--osv FILE`: a snapshot of OSV's advisories (its `PyPI/all.zip`, a directory or a file of JSON): known vulnerabilities

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr upgrade`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("upgrade", arguments, @help)
end
