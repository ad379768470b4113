defmodule Envmgr.Values.Failure do
  # A worker's error map (docs/protocol.md, section 3) as an `%Envmgr.Error{}`.
  @moduledoc false

  alias Envmgr.{Commands, Error}

  @codes %{
    "exception" => :exception,
    "cancelled" => :cancelled,
    "pipeline" => :pipeline,
    "conversion" => :conversion,
    "stale-ref" => :stale_ref,
    "unresolved" => :unresolved,
    "ref-limit" => :ref_limit,
    "start" => :start
  }

  @classes %{
    "usage" => :usage,
    "conversion" => :conversion,
    "library" => :library,
    "resource" => :resource,
    "policy" => :policy,
    "internal" => :internal
  }

  @doc "The error that `failure` describes, on top of what the pool knows (`fields`). Takes any map: what is malformed is missing."
  @spec error(map(), keyword()) :: Error.t()
  def error(failure, fields) do
    struct!(
      %Error{
        code: Map.get(@codes, failure["code"], :exception),
        message: text(failure["message"]) || "",
        hint: Commands.spoken(text(failure["hint"])),
        class: @classes[failure["class"]],
        retry: failure["retry"] == true,
        type: text(failure["type"]),
        module: text(failure["module"]),
        mro: texts(failure["mro"]),
        notes: texts(failure["notes"]),
        chain: chain(failure["chain"]),
        group: group(failure["group"]),
        traceback: text(failure["traceback"]),
        frames: frames(failure["frames"]),
        signature: text(failure["signature"]),
        arguments: arguments(failure["arguments"]),
        step: text(failure["step"]),
        correlation: text(failure["correlation"]),
        details: details(text(failure["path"]))
      },
      fields
    )
    |> quiet()
    |> Error.classified()
  end

  defp details(nil), do: %{}
  defp details(path), do: %{path: path}

  # Only what the library raised, or what stopped a start, is a Python exception to its reader.
  defp quiet(%Error{code: code} = error) when code in [:exception, :start, :pipeline], do: error
  defp quiet(error), do: %{error | type: nil, module: nil, mro: []}

  defp chain(chain) when is_list(chain) do
    for [relation, %{} = other] <- chain,
        do: {if(relation == "cause", do: :cause, else: :context), other(other)}
  end

  defp chain(_none), do: []

  defp group(group) when is_list(group), do: for(%{} = member <- group, do: other(member))
  defp group(_none), do: nil

  defp other(other) do
    found = %{
      type: text(other["type"]),
      module: text(other["module"]),
      message: text(other["message"]) || "",
      notes: texts(other["notes"]),
      frames: frames(other["frames"])
    }

    if inner = group(other["group"]), do: Map.put(found, :group, inner), else: found
  end

  defp arguments(arguments) when is_list(arguments) do
    for [name, summary] <- arguments,
        is_binary(name) or is_integer(name),
        is_binary(summary),
        do: {name, summary}
  end

  defp arguments(_none), do: []

  defp frames(frames) when is_list(frames) do
    for [file, line, function, source | _] <- frames, do: {file, line, function, source}
  end

  defp frames(_none), do: []

  defp texts(texts) when is_list(texts), do: Enum.filter(texts, &is_binary/1)
  defp texts(_none), do: []

  defp text(text) when is_binary(text), do: text
  defp text(_other), do: nil
end
