defmodule Envmgr.Values.Failure do
  # A worker's error map (docs/protocol.md, section 3) as an `%Envmgr.Error{}`.
  @moduledoc false

  alias Envmgr.Error

  @codes %{
    "exception" => :exception,
    "conversion" => :conversion,
    "stale-ref" => :stale_ref,
    "unresolved" => :unresolved,
    "ref-limit" => :ref_limit,
    "start" => :start
  }

  @hints %{
    "stale-ref" => "the object was released; get a new one",
    "ref-limit" => "let objects go with Envmgr.release/1"
  }

  @doc "The error that `failure` describes, on top of what the pool knows (`fields`)."
  @spec error(map(), keyword()) :: Error.t()
  def error(failure, fields) do
    code = Map.get(@codes, failure["code"], :exception)

    struct!(
      %Error{
        code: code,
        message: text(failure["message"]) || "",
        hint: @hints[failure["code"]],
        type: text(failure["type"]),
        module: text(failure["module"]),
        traceback: text(failure["traceback"]),
        frames: frames(failure["frames"]),
        step: text(failure["step"]),
        details: details(text(failure["path"]))
      },
      fields
    )
    |> quiet()
  end

  defp details(nil), do: %{}
  defp details(path), do: %{path: path}

  # Only what the library raised, or what stopped a start, is a Python exception to its reader.
  defp quiet(%Error{code: code} = error) when code in [:exception, :start], do: error
  defp quiet(error), do: %{error | type: nil, module: nil}

  defp frames(frames) when is_list(frames) do
    for [file, line, function, source | _] <- frames, do: {file, line, function, source}
  end

  defp frames(_none), do: []

  defp text(text) when is_binary(text), do: text
  defp text(_other), do: nil
end
