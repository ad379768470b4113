defmodule Mix.Tasks.Envmgr.Lock do
  @shortdoc "Resolves requirements into locks"

  @help """
  Resolves requirements into locks.

      mix envmgr.lock [LIB…] [--upgrade] [--exclude-newer T] [--verify-with pip-tools]

  Without LIB, of every environment. A lock keeps its T until `--upgrade` or another one.

  - `--upgrade`: the newest versions that will do, not the locked ones
  - `--exclude-newer T`: ignores what was published after T, a date or a time
  - `--verify-with pip-tools`: resolves independently, and compares pins and hashes

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr lock`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("lock", arguments, @help)
end
