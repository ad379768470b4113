defmodule Mix.Tasks.Envmgr.Calls do
  @shortdoc "Finds the Python functions that the application's code calls"

  @help """
  Finds the Python functions that the application's code calls.

      mix envmgr.calls [--deps] [--output FILE] [--format text|json] [--project DIR] [--quiet]

  Reads the compiled modules of this project (of an umbrella, all of its applications) and writes what they call, and where, into
  `.envmgr/calls.json`: `envmgr plan` and `envmgr upgrade` tell by it what an upgrade means for this application. Runs nothing of it.

  - `--deps`: the modules of dependencies, too
  - `--output FILE`: another file; `-` for none
  - `--format json`: the same on stdout

  A path is found where code says it: a literal, a module attribute, texts joined of these, the branches of an `if` or `case`, values of a literal map,
  elements of a literal list, and what the callers of a wrapper pass to it. So are the arguments: `(_, _, axis:)` are two by position and
  one by name, dots stand for what is made when it runs. Of methods and attributes only their names are known. Calls whose
  path is made when they run are listed: what they call is known by the statistics of running VMs (`mix envmgr.functions --called`) alone.

  Exit status 1 when there is nothing to read, 2 for wrong usage.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.{Command, JSON, Near}
  alias Envmgr.Command.{Arguments, Compiled, Tool}

  @switches [deps: :boolean, output: :string, format: :string, quiet: :boolean]
  @usage 2

  @impl true
  def run(arguments) do
    {place, rest} = Arguments.split!(arguments, @help)
    options = options!(rest)
    project = Tool.project!(place)
    compile(options[:format])
    directories = Compiled.Beams.directories(options[:deps] == true)
    beams = Enum.flat_map(directories, &Compiled.Beams.in_directory/1)

    if beams == [],
      do: Command.fail("there are no compiled modules in #{Enum.join(directories, ", ")}")

    found = Compiled.read(beams, project)
    document = Compiled.Saved.document(found, directories)
    written = write(options[:output] || Compiled.Saved.path(project), document)
    say(options, found, document, written)
  end

  defp options!(arguments) do
    case OptionParser.parse(arguments, strict: @switches) do
      {options, [], []} ->
        if options[:format] in [nil, "text", "json"],
          do: options,
          else: Command.fail("--format is text or json", usage(), @usage)

      {_, _, [{switch, _} | _]} ->
        near = Near.hint(switch, for({name, _type} <- @switches, do: "--#{name}"))

        Command.fail(
          "unknown or malformed option #{switch}#{if near, do: ", " <> near}",
          usage(),
          @usage
        )

      {_, [word | _], _} ->
        Command.fail("#{word}: no argument is expected", usage(), @usage)
    end
  end

  # What mix says of compiling goes to stdout, where a program reads the answer.
  defp compile("json") do
    shell = Mix.shell()
    Mix.shell(Mix.Shell.Quiet)
    Mix.Task.run("compile")
    Mix.shell(shell)
  end

  defp compile(_text), do: Mix.Task.run("compile")

  defp usage, do: "mix envmgr.calls [--deps] [--output FILE] [--format text|json]"

  defp write("-", _document), do: nil

  defp write(path, document) do
    case Compiled.Saved.write(path, document) do
      :ok -> path
      {:error, reason} -> Command.fail("#{path} cannot be written: #{:file.format_error(reason)}")
    end
  end

  defp say(options, found, document, written) do
    if options[:format] == "json" do
      answer = %{schema: 1, command: "calls", ok: true, data: document}
      IO.puts(JSON.encode(answer))
    else
      IO.puts(Enum.join(Compiled.Words.lines(found), "\n"))

      if written && !options[:quiet],
        do: IO.puts(:stderr, "written: #{Path.relative_to_cwd(written)}")
    end
  end
end
