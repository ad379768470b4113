defmodule Mix.Tasks.Envmgr.Matrix do
  @shortdoc "Runs compatibility matrices, and shows what came of them"

  @help """
  Runs compatibility matrices, and shows what came of them (docs/matrices.md).

      mix envmgr.matrix list [NAME] [--upgrade] [--github [--shards N]]
      mix envmgr.matrix run NAME [--cell ID] [--shard I/N] [--again] [--upgrade]
      mix envmgr.matrix report [NAME] [--as FORM] [--against FILE]
      mix envmgr.matrix merge FILES
      mix envmgr.matrix bisect LIB --good A --bad B
      mix envmgr.matrix schema

  Matrices are the files `matrices/NAME.toml`. `list` shows them, or the cells of one with the releases that were found; `run` tries
  the cells of which something has changed; `report` shows what is known of them; `merge` unites what several machines found out;
  `bisect` finds the release that broke a check. `mix envmgr matrix COMMAND --help` says all options of one.

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr matrix`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("matrix", arguments, @help)
end
