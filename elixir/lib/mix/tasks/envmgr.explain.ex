defmodule Mix.Tasks.Envmgr.Explain do
  @shortdoc "Tells whether libraries can share an environment, and why not"

  @help """
  Tells whether libraries can share an environment, and why not.

      mix envmgr.explain [LIB…] [--apply]

  LIB is a library, an environment, or a requirement such as `"numpy>=2.1"`.

  - `--apply`: writes the fewest environments into envmgr.toml

  Exit status 3 when an environment cannot be resolved as it is configured.

  Options of every task: `--project DIR` (default: `config :envmgr, project:`, or the nearest envmgr.toml above), `--profile NAME`,
  `--set KEY=VALUE` (may be repeated), `--format text|json|msgpack`, `--quiet`.

  All of it goes to `envmgr explain`, whose exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command.Tool

  @impl true
  def run(arguments), do: Tool.forward("explain", arguments, @help)
end
