defmodule Mix.Tasks.Envmgr.History do
  @shortdoc "Lists every activation of an environment"

  @help """
  Lists every activation of an environment.

      mix envmgr.history ENV

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr history`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("history", arguments, @help)
end
