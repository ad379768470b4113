defmodule Mix.Tasks.Envmgr.Init do
  @shortdoc "Starts an envmgr.toml in this project"

  @help """
  Starts an envmgr.toml in this project.

      mix envmgr.init [--project DIR] [--name N] [--from SOURCE]

  In this order, each only where it is not done yet, and said:

  - installs the command envmgr, as `mix envmgr.install` does (`--from SOURCE`: as there)
  - writes envmgr.toml into DIR (default: this directory); `--name N`: the project's name, default the directory's
  - `config :envmgr, project: …` behind `import Config` of config/config.exs, where that file says nothing of `:envmgr`
  - `/.envmgr/` in an existing .gitignore

  Nothing that is there is changed otherwise; a second run changes nothing.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.Command
  alias Envmgr.Command.{Arguments, Installing, Scaffold}

  @impl true
  def run(arguments) do
    {options, rest} = Arguments.split!(arguments, @help)
    {from, rest} = Arguments.take(rest, "--from")
    project = Path.expand(options[:project] || File.cwd!())
    toml = Path.join(project, "envmgr.toml")
    command = Installing.ensure!(project, from, false)

    if File.exists?(toml),
      do: say("kept #{Path.relative_to_cwd(toml)}"),
      else: Command.finish(Command.run(command ++ ["init", "--project", project] ++ rest))

    config = Mix.Project.config()[:config_path] || "config/config.exs"
    for line <- Scaffold.write(project, Path.expand(config)), do: say(line)

    say("""

    next: `mix envmgr.add LIB` for each library, then `mix envmgr.install`
    to build what changed whenever the project is compiled, in mix.exs:
        compilers: [:envmgr] ++ Mix.compilers()\
    """)
  end

  defp say(line), do: IO.puts(line)
end
