defmodule Mix.Tasks.Envmgr.Describe do
  @shortdoc "Explains a function, class or library"

  @help """
  Explains a function, class or library.

      mix envmgr.describe PATH

      mix envmgr.describe numpy.linalg.norm

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr describe`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("describe", arguments, @help)
end
