defmodule Mix.Tasks.Envmgr.Gc do
  @shortdoc "Frees what no rollback can reach and no worker uses"

  @help """
  Frees what no rollback can reach and no worker uses.

      mix envmgr.gc [--keep N]

  - `--keep N`: generations to keep on either side of the active one; default 3

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr gc`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("gc", arguments, @help)
end
