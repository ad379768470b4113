defprotocol Envmgr.Encoder do
  @moduledoc """
  What a struct of yours is in Python.

  Derived, it is a dict of its fields, by their names:

      defmodule Point do
        @derive {Envmgr.Encoder, only: [:x, :y]}
        defstruct [:x, :y, :secret]
      end

  `except: [...]` sends all but these; neither sends all. With `type` it is an object of that class, made of these fields:

      @derive {Envmgr.Encoder, type: "geometry.Point"}
      @derive {Envmgr.Encoder, type: "geometry.Size", kind: :namedtuple}
      @derive {Envmgr.Encoder, type: "shop.Money", serializer: "money"}

  `kind` is `:dataclass` (the default), `:namedtuple`, or `:object`, of a class that envmgr.toml sends by its attributes (strategy `value`). With `serializer`, the
  named one of envmgr.toml makes the object of the dict of fields (docs/serializers.md). Or say it yourself:

      defimpl Envmgr.Encoder, for: Point do
        def encode(point), do: {point.x, point.y}
      end

  The way back is a decoder, registered by the Python type or the serializer's name (`Envmgr.start_link/1`).
  """

  @doc "The term that is sent in the struct's place: any that Envmgr sends, other such structs too."
  @spec encode(t()) :: term()
  def encode(struct)
end

defimpl Envmgr.Encoder, for: Any do
  @options [:only, :except, :type, :kind, :serializer]
  @kinds [:dataclass, :namedtuple, :object]

  defmacro __deriving__(module, struct, options) do
    fields = struct |> Map.from_struct() |> Map.keys()
    options = Keyword.new(options)
    check!(options, module)
    sent = sent(fields, options)

    for name <- sent, name not in fields do
      raise ArgumentError,
            "#{inspect(module)} has no field #{inspect(name)} to derive Envmgr.Encoder for"
    end

    pairs =
      for name <- sent, do: {Atom.to_string(name), quote(do: Map.fetch!(struct, unquote(name)))}

    quote do
      defimpl Envmgr.Encoder, for: unquote(module) do
        def encode(struct), do: unquote(made(pairs, Map.new(options)))
      end
    end
  end

  def encode(struct), do: raise(Protocol.UndefinedError, protocol: Envmgr.Encoder, value: struct)

  defp made(pairs, %{serializer: serializer, type: type}) do
    quote do
      %Envmgr.Custom{
        serializer: unquote(serializer),
        type: unquote(type),
        value: unquote({:%{}, [], pairs})
      }
    end
  end

  defp made(pairs, %{type: type} = options) do
    kind = Map.get(options, :kind, :dataclass)

    quote do
      %Envmgr.Record{kind: unquote(kind), type: unquote(type), fields: unquote(pairs)}
    end
  end

  defp made(pairs, _options), do: {:%{}, [], pairs}

  defp sent(fields, options) do
    case {options[:only], options[:except]} do
      {nil, nil} -> fields
      {only, nil} -> only
      {nil, except} -> fields -- except
    end
  end

  defp check!(options, module) do
    problem =
      cond do
        (unknown = Keyword.keys(options) -- @options) != [] ->
          "unknown options #{inspect(unknown)}"

        options[:only] && options[:except] ->
          "only and except at once"

        not (is_binary(options[:type]) or options[:type] == nil) ->
          "type: #{inspect(options[:type])} is no name of a class"

        options[:type] == nil and (options[:kind] || options[:serializer]) ->
          "kind and serializer need a type"

        options[:kind] != nil and options[:kind] not in @kinds ->
          "kind: #{inspect(options[:kind])} is none of #{inspect(@kinds)}"

        true ->
          nil
      end

    if problem,
      do: raise(ArgumentError, "deriving Envmgr.Encoder for #{inspect(module)}: #{problem}")
  end
end
