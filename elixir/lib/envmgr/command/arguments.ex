defmodule Envmgr.Command.Arguments do
  # What every mix task takes, apart from what it hands on.
  @moduledoc false

  @doc "Takes `--project DIR` out; prints the help and ends the task for `--help`."
  @spec split!([String.t()], String.t()) :: {keyword(), [String.t()]}
  def split!(arguments, help) do
    if Enum.any?(arguments, &(&1 in ["--help", "-h"])) do
      IO.puts(help)
      exit({:shutdown, 0})
    end

    project(arguments)
  end

  @doc "Takes `--project DIR` out."
  @spec project([String.t()]) :: {keyword(), [String.t()]}
  def project(arguments) do
    case take(arguments, "--project") do
      {nil, rest} -> {[], rest}
      {directory, rest} -> {[project: directory], rest}
    end
  end

  @doc "Takes an option with its value out; nil when it is not there."
  @spec take([String.t()], String.t()) :: {String.t() | nil, [String.t()]}
  def take(arguments, option), do: take(arguments, option, [])

  defp take([option, value | rest], option, kept), do: {value, Enum.reverse(kept, rest)}

  defp take([argument | rest], option, kept) do
    case String.split(argument, "=", parts: 2) do
      [^option, value] -> {value, Enum.reverse(kept, rest)}
      _other -> take(rest, option, [argument | kept])
    end
  end

  defp take([], _option, kept), do: {nil, Enum.reverse(kept)}
end
