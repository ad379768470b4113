defmodule Envmgr.Command.Answer do
  # What the command line says with `--format json`: data, or one error with all its problems.
  @moduledoc false

  alias Envmgr.{Commands, Error, JSON}

  @shown_lines 20

  @doc "The data that a command answered, from its whole output and its exit status."
  @spec parse(String.t(), non_neg_integer()) :: {:ok, term()} | {:error, Error.t()}
  def parse(output, status) do
    lines = String.split(output, "\n", trim: true)

    # Warnings of Python or a wrapper script may stand around the one line that counts.
    case lines |> Enum.reverse() |> Enum.find_value(&answer/1) do
      nil -> {:error, unreadable(lines, status)}
      answer -> answer
    end
  end

  defp answer("{" <> _ = line) do
    case JSON.decode(line) do
      {:ok, %{"schema" => 1, "ok" => true, "data" => data}} -> {:ok, data}
      {:ok, %{"schema" => 1, "ok" => false, "error" => error}} -> {:error, error(error)}
      _other -> nil
    end
  end

  defp answer(_line), do: nil

  defp error(%{"code" => code, "message" => message} = error) do
    %Error{
      code: :sync,
      message: Commands.spoken(message),
      hint: if(error["hint"] not in [nil, ""], do: Commands.spoken(error["hint"])),
      details: Map.put(error["details"] || %{}, "code", code)
    }
  end

  defp unreadable(lines, status) do
    said =
      lines |> Enum.take(-@shown_lines) |> Enum.map_join(&("\n  " <> String.trim_trailing(&1)))

    %Error{
      code: :sync,
      message: "the command envmgr ended with status #{status} and no answer#{said}",
      hint:
        Commands.spoken("try `envmgr status`") <>
          "; the command is that of `config :envmgr, command:`, " <>
          "the variable ENVMGR, .envmgr/tool or PATH",
      details: %{"code" => nil, "status" => status}
    }
  end
end
