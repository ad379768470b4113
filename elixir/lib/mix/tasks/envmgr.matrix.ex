defmodule Mix.Tasks.Envmgr.Matrix do
  @shortdoc "Runs compatibility matrices"

  @help """
  Runs compatibility matrices.

      mix envmgr.matrix …

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
