defmodule Mix.Tasks.Envmgr.Call do
  @shortdoc "Calls a Python function through a pool"

  @help """
  Calls a Python function through a pool, as the application would.

      mix envmgr.call PATH [ARGS_JSON] [--kwargs JSON] [--timeout MS] [--project DIR]

      mix envmgr.call math.sqrt '[16.0]'
      mix envmgr.call json.dumps '[{"b": 1}]' --kwargs '{"indent": 2}'

  Prints the value as Elixir writes it. An error goes to stderr, with exit status 1; wrong usage ends with 2.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.{Command, JSON}
  alias Envmgr.Command.{Arguments, Tool}

  @switches [kwargs: :string, timeout: :integer]
  @usage 2

  @impl true
  def run(arguments) do
    {options, rest} = Arguments.split!(arguments, @help)
    {path, args, kwargs, call_options} = parse!(rest)
    project = Tool.project!(options)
    Mix.Task.run("app.config")
    # The application's own instance, of the project that was asked for.
    Application.put_env(:envmgr, :project, project)
    Application.put_env(:envmgr, :watch, false)
    {:ok, _} = Application.ensure_all_started(:envmgr)
    answer = Envmgr.execute(path, {args, kwargs}, call_options)
    # Only the answer is for stdout, where Logger writes that the application ended.
    Logger.configure(level: :error)
    Application.stop(:envmgr)
    show(answer)
  end

  defp parse!(arguments) do
    case OptionParser.parse(arguments, strict: @switches) do
      {options, [path], []} ->
        parsed(path, "[]", options)

      {options, [path, args], []} ->
        parsed(path, args, options)

      {_, _, [{switch, _} | _]} ->
        Command.fail("unknown or malformed option #{switch}", usage(), @usage)

      _other ->
        Command.fail("one PATH and at most one ARGS_JSON are expected", usage(), @usage)
    end
  end

  defp parsed(path, args, options) do
    kwargs = json!(options[:kwargs] || "{}", "--kwargs", &is_map/1, "an object")

    {path, json!(args, "ARGS_JSON", &is_list/1, "an array"), kwargs,
     Keyword.take(options, [:timeout])}
  end

  defp json!(text, name, fits?, kind) do
    case JSON.decode(text) do
      {:ok, value} ->
        if fits?.(value), do: value, else: Command.fail("#{name} is not #{kind}", usage(), @usage)

      {:error, reason} ->
        Command.fail("#{name}: #{reason}", usage(), @usage)
    end
  end

  defp show({:ok, value}) do
    IO.puts(inspect(value, pretty: true, limit: :infinity, printable_limit: :infinity))
  end

  defp show({:error, error}) do
    if error.traceback, do: IO.puts(:stderr, error.traceback)
    Command.fail(Exception.message(error))
  end

  defp usage, do: "mix envmgr.call PATH [ARGS_JSON] [--kwargs JSON]"
end
