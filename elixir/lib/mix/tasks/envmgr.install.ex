defmodule Mix.Tasks.Envmgr.Install do
  @shortdoc "Installs what envmgr.toml names, showing progress"

  @help """
  Installs what envmgr.toml names, showing progress.

      mix envmgr.install [--project DIR] [LIB…] [--frozen] [--offline]

  Finds the `envmgr` command (`config :envmgr, command:`, the variable `ENVMGR`, `.envmgr/tool` of the project, `PATH`) or installs it
  into `.envmgr/tool` with Python 3.11 or later, or uv. Then runs `envmgr sync`, which locks what has no lock, builds, verifies and
  activates. Further arguments go to `envmgr sync`. Ends with its exit status.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command
  alias Envmgr.Command.{Arguments, Tool}

  @impl true
  def run(arguments) do
    {options, rest} = Arguments.split!(arguments, @help)
    project = Tool.project!(options)
    command = Tool.find(project) || Tool.install!(project)
    Command.finish(Command.run(command ++ ["sync", "--project", project] ++ rest))
  end
end
