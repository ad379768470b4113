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

    take(arguments, [])
  end

  defp take(["--project", directory | rest], kept),
    do: {[project: directory], Enum.reverse(kept, rest)}

  defp take(["--project=" <> directory | rest], kept),
    do: {[project: directory], Enum.reverse(kept, rest)}

  defp take([argument | rest], kept), do: take(rest, [argument | kept])
  defp take([], kept), do: {[], Enum.reverse(kept)}
end
