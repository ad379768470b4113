defmodule Mix.Tasks.Envmgr do
  @shortdoc "Runs the project's envmgr command, or lists its tasks"

  @help """
  Runs the project's envmgr command with any of its words.

      mix envmgr WORD … [--project DIR]

      mix envmgr config check
      mix envmgr bundle data --output data.tar

  For words that have no task of their own: `mix envmgr --help` lists all of them. Its exit status is the task's (docs/errors.md).
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command
  alias Envmgr.Command.{Arguments, Tool}

  @impl true
  def run([]) do
    IO.puts(@help)
    Mix.Task.run("help", ["--search", "envmgr."])
  end

  def run(arguments) do
    {options, rest} = Arguments.project(arguments)
    project = Tool.project(options)
    place = if project, do: ["--project", project], else: []
    Command.finish(Command.run(Tool.find!(project || File.cwd!()) ++ place ++ rest))
  end
end
