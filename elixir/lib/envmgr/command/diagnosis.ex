defmodule Envmgr.Command.Diagnosis do
  # What the command line refused, as Mix and editors show it: a diagnostic for each problem that has a place.
  @moduledoc false

  alias Envmgr.{Commands, Error}
  alias Mix.Task.Compiler.Diagnostic

  @spec of(Error.t(), project :: String.t()) :: [Diagnostic.t(), ...]
  def of(error, project) do
    toml = Path.join(project, "envmgr.toml")

    case error.details["problems"] do
      [_ | _] = problems -> Enum.map(problems, &problem(&1, error, toml))
      _none -> [diagnostic(toml, 0, words(error.message, error.hint), error)]
    end
  end

  defp problem(%{"message" => message} = problem, error, toml) do
    near = if problem["suggestion"], do: "did you mean `#{problem["suggestion"]}`?"
    hint = if problem["hint"] not in [nil, ""], do: Commands.spoken(problem["hint"])
    words = [message, near, hint] |> Enum.reject(&is_nil/1) |> Enum.join("\n")
    diagnostic(problem["file"] || toml, position(problem), words, error)
  end

  # Lines count from 1, columns of a range from 0.
  defp position(%{"line" => line, "column" => column, "length" => length})
       when is_integer(line) and is_integer(column) and is_integer(length),
       do: {line, column - 1, line, column - 1 + length}

  defp position(_beside_the_file), do: 0

  defp diagnostic(file, position, message, error) do
    %Diagnostic{
      compiler_name: "envmgr",
      file: file,
      position: position,
      severity: :error,
      message: message,
      details: error.details["code"]
    }
  end

  defp words(message, nil), do: message
  defp words(message, hint), do: "#{message}\n\nhint: #{hint}"
end
