defmodule Mix.Tasks.Envmgr.Add do
  @shortdoc "Adds a library to envmgr.toml"

  @help """
  Adds a library to envmgr.toml.

      mix envmgr.add LIB [--version SPEC] [--python V] [--env E] [--package P] [--module M] [--stdlib]

      mix envmgr.add numpy --version '>=1.26,<3'

  - `--version SPEC`: versions that will do
  - `--python V`: interpreter of its environment, a version or a path
  - `--env E`: environment to share; default: one of its own
  - `--package P`: requirement that installs it; default: LIB
  - `--module M`: import name; default: found in the environment
  - `--stdlib`: a module of the interpreter itself

  `mix envmgr.install` builds it.

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr add`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("add", arguments, @help)
end
