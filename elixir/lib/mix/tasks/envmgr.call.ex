defmodule Mix.Tasks.Envmgr.Call do
  @shortdoc "Calls a Python function through a pool"

  @help """
  Calls a Python function through a pool, as the application would.

      mix envmgr.call PATH [ARGS_JSON] [--kwargs JSON] [--chain JSON] [--trace] [--timeout MS] [--project DIR]

      mix envmgr.call math.sqrt '[16.0]'
      mix envmgr.call json.dumps '[{"b": 1}]' --kwargs '{"indent": 2}'
      mix envmgr.call collections.Counter '["hello"]' --chain '[["method", "most_common", [1]], ["item", 0]]'

  ARGS_JSON is an array of arguments, or an object of arguments by name. --chain is a list of steps, each on the value of the one
  before: ["method", NAME, ARGS, KWARGS], ["attr", NAME], ["item", KEY], ["op", OPERATOR, VALUE]; what follows NAME and OPERATOR may
  be missing.

  Prints the value as Elixir writes it; with --trace also what is known of the call (times, what it printed and logged), on
  stderr. An error goes to stderr, with exit status 1; wrong usage ends with 2.
  """
  @moduledoc @help

  use Mix.Task

  alias Envmgr.{Command, JSON, Near}
  alias Envmgr.Command.{Arguments, Tool}

  @switches [kwargs: :string, chain: :string, trace: :boolean, timeout: :integer]
  @usage 2

  @impl true
  def run(arguments) do
    {options, rest} = Arguments.split!(arguments, @help)
    {target, args, call_options} = parse!(rest)
    project = Tool.project!(options)
    Mix.Task.run("app.config")
    # The application's own instance, of the project that was asked for.
    Application.put_env(:envmgr, :project, project)
    Application.put_env(:envmgr, :watch, false)
    # Logger writes to stdout: how workers start is not what was asked for.
    if Logger.level() == :debug, do: Logger.configure(level: :info)
    {:ok, _} = Application.ensure_all_started(:envmgr)
    answer = Envmgr.execute(target, args, call_options)
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
        Command.fail("unknown or malformed option #{switch}#{near(switch)}", usage(), @usage)

      _other ->
        Command.fail("one PATH and at most one ARGS_JSON are expected", usage(), @usage)
    end
  end

  defp near(switch) do
    near = Near.hint(switch, for({name, _type} <- @switches, do: "--#{name}"))
    if near, do: ", " <> near
  end

  defp parsed(path, args, options) do
    kwargs = json!(options[:kwargs] || "{}", "--kwargs", &is_map/1, "an object")
    args = json!(args, "ARGS_JSON", &(is_list(&1) or is_map(&1)), "an array or an object")
    args = if is_map(args), do: {[], Map.merge(args, kwargs)}, else: {args, kwargs}
    steps = json!(options[:chain] || "[]", "--chain", &is_list/1, "an array")
    call_options = Keyword.take(options, [:timeout]) ++ traced(options[:trace])

    if steps == [],
      do: {path, args, call_options},
      else: {[{:call, path, args} | Enum.map(steps, &step!/1)], [], call_options}
  end

  defp traced(true), do: [trace: true, output: :metadata]
  defp traced(_not), do: []

  # What is wrong with a step is told by the call, but for what JSON cannot say.
  defp step!(["method", name | rest]), do: {:method, name, arguments(rest)}
  defp step!(["attr", name]), do: {:attr, name}
  defp step!(["item", key]), do: {:item, key}
  defp step!(["op", operator]), do: {:op, operator}
  defp step!(["op", operator, value]), do: {:op, operator, value}

  defp step!(other),
    do: Command.fail("--chain: #{inspect(other)} is no step", usage(), @usage)

  defp arguments([args, kwargs]) when is_list(args) and is_map(kwargs), do: {args, kwargs}
  defp arguments([args]), do: args
  defp arguments([]), do: []
  defp arguments(other), do: other

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

  defp show({:ok, value, metadata}) do
    show({:ok, value})
    IO.puts(:stderr, inspect(metadata, pretty: true, limit: :infinity))
  end

  defp show({:error, error}) do
    output(error.details[:output])
    if error.traceback, do: IO.puts(:stderr, error.traceback)
    Command.fail(Exception.message(error))
  end

  defp output(nil), do: :ok
  defp output(said), do: IO.puts(:stderr, inspect(said, pretty: true, limit: :infinity))

  defp usage, do: "mix envmgr.call PATH [ARGS_JSON] [--kwargs JSON] [--chain JSON]"
end
