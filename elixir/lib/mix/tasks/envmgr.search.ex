defmodule Mix.Tasks.Envmgr.Search do
  @shortdoc "Finds functions by words of their names and summaries"

  @help """
  Finds functions by words of their names and summaries.

      mix envmgr.search WORDS… [--library LIB] [--kind KIND] [--module PATH] [--deprecated | --no-deprecated] [--limit N]

      mix envmgr.search read csv

  - `--library LIB`: only in this one
  - `--kind KIND`, `--module PATH`, `--deprecated`, `--no-deprecated`: as of `mix envmgr.functions`
  - `--limit N`: at most so many; default 20

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr search`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("search", arguments, @help)
end
