defmodule Mix.Tasks.Envmgr.Functions do
  @shortdoc "Lists what libraries offer"

  @help """
  Lists what libraries offer.

      mix envmgr.functions [LIB] [--called] [--kind KIND] [--module PATH] [--deprecated | --no-deprecated]

  - `--called`: what the application has called in the last thirty days, the most called first: how often, how long, how it fails
  - `--kind KIND`: only functions, classes, …: `function`, `class`, `method`, `property`, `constant`, `module`, `ufunc`, …
  - `--module PATH`: only what stands under it, such as `numpy.linalg`
  - `--deprecated`, `--no-deprecated`: only what is deprecated, or is not

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr functions`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("functions", arguments, @help)
end
