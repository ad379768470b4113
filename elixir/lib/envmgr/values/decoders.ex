defmodule Envmgr.Values.Decoders do
  # The decoders that the user registered for an instance, by Python type: what they return takes the place of a record,
  # enum member, object or custom value. In a persistent term, as they are read for each such value and never change.
  @moduledoc false

  alias Envmgr.{Custom, Dict, EnumMember, Object, Record}

  @typedoc "A module stands for its struct, filled with the fields of the same names."
  @type t :: %{String.t() => (struct() -> term()) | module()}

  @doc "Makes the decoders those of the instance `name`."
  @spec register(atom(), t()) :: :ok
  def register(name, decoders) when map_size(decoders) == 0 do
    _ = :persistent_term.erase({__MODULE__, name})
    :ok
  end

  def register(name, decoders) do
    made = Map.new(decoders, fn {type, decoder} -> {type, function(decoder)} end)
    :persistent_term.put({__MODULE__, name}, made)
  end

  @doc "Whether this can be a decoder."
  @spec fits?(term()) :: boolean()
  def fits?(decoder) when is_atom(decoder),
    do: Code.ensure_loaded?(decoder) and function_exported?(decoder, :__struct__, 0)

  def fits?(decoder), do: is_function(decoder, 1)

  defp function(module) when is_atom(module) do
    empty = struct(module)
    names = for name <- empty |> Map.from_struct() |> Map.keys(), do: {name, Atom.to_string(name)}
    fn value -> fill(empty, names, fields(value)) end
  end

  defp function(function), do: function

  defp fill(empty, names, fields) do
    struct(empty, for({key, name} <- names, is_map_key(fields, name), do: {key, fields[name]}))
  end

  defp fields(%Record{} = record), do: Record.to_map(record)
  defp fields(%Object{parts: parts}), do: parts
  defp fields(%Custom{value: %Dict{pairs: pairs}}), do: Map.new(pairs)
  defp fields(%Custom{value: %{} = map}) when not is_struct(map), do: map
  defp fields(value), do: raise(ArgumentError, "it has no fields: #{inspect(value, limit: 5)}")

  @doc "The value that takes this one's place. Throws like the decoder of values when the user's function fails."
  @spec apply(map() | nil, struct()) :: term()
  def apply(nil, value), do: value

  def apply(%{name: name}, value) do
    case :persistent_term.get({__MODULE__, name}, nil) do
      nil -> value
      decoders -> replace(decoders, names(value), value)
    end
  end

  defp names(%Custom{serializer: serializer, type: type}), do: [serializer, type]
  defp names(%module{type: type}) when module in [Record, EnumMember, Object], do: [type]

  defp replace(decoders, [name | others], value) do
    case decoders do
      %{^name => decoder} -> call(decoder, name, value)
      _none -> replace(decoders, others, value)
    end
  end

  defp replace(_decoders, [], value), do: value

  defp call(decoder, name, value) do
    decoder.(value)
  catch
    kind, reason ->
      throw(
        {:envmgr,
         "the decoder of #{name} failed: #{Exception.format_banner(kind, reason, __STACKTRACE__)}"}
      )
  end
end
