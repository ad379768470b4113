defmodule Mix.Tasks.Envmgr.Install do
  @shortdoc "Installs the command envmgr and what envmgr.toml names"

  @help """
  Installs the command envmgr and what envmgr.toml names.

      mix envmgr.install [--project DIR] [--from SOURCE] [--offline] [LIB…] [--frozen]

  Finds the command (`config :envmgr, command:`, the variable `ENVMGR`, `.envmgr/tool` of the project, `PATH`), or installs it into
  `.envmgr/tool` with Python 3.11 or later, or uv. One in `.envmgr/tool` of another version than this library is installed afresh. Then
  runs `envmgr sync`, which locks what has no lock, builds, verifies and activates. What is there already is left alone: a second run
  changes nothing.

  - `--from SOURCE`: installs the command into `.envmgr/tool` from a wheel, a directory (of sources, or of wheels: then nothing else is
    asked), or a requirement such as `envmgr-elixir==0.1.0`; default: this library's version, from PyPI
  - `--offline`: no network, neither for the command nor for `envmgr sync`

  Further arguments go to `envmgr sync` (`mix help envmgr.sync`). Ends with its exit status; 4 when the command cannot be installed.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command
  alias Envmgr.Command.{Arguments, Installing, Tool}

  @impl true
  def run(arguments) do
    {options, rest} = Arguments.split!(arguments, @help)
    {from, rest} = Arguments.take(rest, "--from")
    project = Tool.project!(options)
    command = Installing.ensure!(project, from, "--offline" in rest)
    Command.finish(Command.run(command ++ ["sync", "--project", project] ++ rest))
  end
end
