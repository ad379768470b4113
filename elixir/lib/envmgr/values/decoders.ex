defmodule Envmgr.Values.Decoders do
  # The decoders that the user registered for an instance, by Python type: what they return takes the place of a record,
  # enum member, object or custom value. In a persistent term, as they are read for each such value and never change.
  @moduledoc false

  alias Envmgr.{Custom, EnumMember, Object, Record}

  @type t :: %{String.t() => (struct() -> term())}

  @doc "Makes the decoders those of the instance `name`."
  @spec register(atom(), t()) :: :ok
  def register(name, decoders) when map_size(decoders) == 0 do
    _ = :persistent_term.erase({__MODULE__, name})
    :ok
  end

  def register(name, decoders), do: :persistent_term.put({__MODULE__, name}, decoders)

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
