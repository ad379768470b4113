defprotocol Envmgr.Encoder do
  @moduledoc """
  What a struct of yours is in Python.

  Derived, it is a dict of its fields, by their names:

      defmodule Point do
        @derive {Envmgr.Encoder, only: [:x, :y]}
        defstruct [:x, :y, :secret]
      end

  `except: [...]` sends all but these; neither sends all. Or say it yourself:

      defimpl Envmgr.Encoder, for: Point do
        def encode(point), do: {point.x, point.y}
      end

  The way back is a decoder, registered by the Python type (`Envmgr.start_link/1`).
  """

  @doc "The term that is sent in the struct's place: any that Envmgr sends, other such structs too."
  @spec encode(t()) :: term()
  def encode(struct)
end

defimpl Envmgr.Encoder, for: Any do
  defmacro __deriving__(module, struct, options) do
    fields = struct |> Map.from_struct() |> Map.keys()
    sent = sent(fields, options)

    for name <- sent, name not in fields do
      raise ArgumentError,
            "#{inspect(module)} has no field #{inspect(name)} to derive Envmgr.Encoder for"
    end

    pairs =
      for name <- sent, do: {Atom.to_string(name), quote(do: Map.fetch!(struct, unquote(name)))}

    quote do
      defimpl Envmgr.Encoder, for: unquote(module) do
        def encode(struct), do: unquote({:%{}, [], pairs})
      end
    end
  end

  def encode(struct), do: raise(Protocol.UndefinedError, protocol: Envmgr.Encoder, value: struct)

  defp sent(fields, options) do
    case Keyword.new(options) do
      [only: names] -> names
      [except: names] -> fields -- names
      [] -> fields
    end
  end
end
