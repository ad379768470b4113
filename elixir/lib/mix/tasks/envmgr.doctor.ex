defmodule Mix.Tasks.Envmgr.Doctor do
  @shortdoc "Checks this machine and this project, and says what to do"

  @help """
  Checks this machine and this project, and says what to do.

      mix envmgr.doctor [--project DIR] [--format text|json|msgpack] [--quiet]

  Looks at the command envmgr and whether it fits this library, at Python, uv, the disk, the file system, envmgr.toml, the locks and what is
  active. Each finding says what to do. Changes nothing. Works without envmgr.toml, too: then it looks at the machine alone.

  All of it is done by `envmgr doctor`. Exit status 1 when something fails; what is only to know does not.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.{Command, Wire}
  alias Envmgr.Command.{Arguments, Tool}

  @impl true
  def run(arguments) do
    {options, rest} = Arguments.split!(arguments, @help)
    project = Tool.project(options)
    place = if project, do: ["--project", project], else: []
    library = ["--library", "#{Tool.library_version()}/#{Wire.protocol()}"]
    command = Tool.find!(project || File.cwd!())
    Command.finish(Command.run(command ++ ["doctor" | place] ++ library ++ rest))
  end
end
