defmodule Envmgr.Record do
  @moduledoc """
  A Python object by its fields: a dataclass, a named tuple, or an object that a strategy sends by its attributes (`:object`).

  `type` is its class as `module.qualname`; `fields` are pairs of name and value in Python's order. Read a field by its name; finding
  one is linear in the fields.

      iex> point = %Envmgr.Record{kind: :dataclass, type: "my_mod.Point", fields: [{"x", 1}, {"y", 2}]}
      iex> point["y"]
      2
      iex> put_in(point["x"], 3).fields
      [{"x", 3}, {"y", 2}]
  """

  @behaviour Access

  @enforce_keys [:kind, :type, :fields]
  defstruct [:kind, :type, :fields]

  @type t :: %__MODULE__{
          kind: :dataclass | :namedtuple | :object,
          type: String.t(),
          fields: [{String.t(), term()}]
        }

  @doc """
  The fields as a map.

      iex> Envmgr.Record.to_map(%Envmgr.Record{kind: :namedtuple, type: "m.P", fields: [{"x", 1}]})
      %{"x" => 1}
  """
  @spec to_map(t()) :: %{String.t() => term()}
  def to_map(%__MODULE__{fields: fields}), do: Map.new(fields)

  @doc """
  The value of a field.

      iex> Envmgr.Record.fetch(%Envmgr.Record{kind: :namedtuple, type: "m.P", fields: [{"x", 1}]}, "z")
      :error
  """
  @impl Access
  @spec fetch(t(), String.t()) :: {:ok, term()} | :error
  def fetch(%__MODULE__{fields: fields}, name) do
    case List.keyfind(fields, name, 0) do
      {_name, value} -> {:ok, value}
      nil -> :error
    end
  end

  @doc false
  @impl Access
  def get_and_update(%__MODULE__{fields: fields} = record, name, function) do
    old = with {:ok, value} <- fetch(record, name), do: value, else: (:error -> nil)

    case function.(old) do
      {got, value} -> {got, %{record | fields: List.keystore(fields, name, 0, {name, value})}}
      :pop -> pop(record, name)
    end
  end

  @doc false
  @impl Access
  def pop(%__MODULE__{fields: fields} = record, name) do
    case List.keytake(fields, name, 0) do
      {{_name, value}, rest} -> {value, %{record | fields: rest}}
      nil -> {nil, record}
    end
  end

  defimpl Inspect do
    def inspect(record, opts) do
      fields =
        Enum.map_join(record.fields, ", ", fn {name, value} ->
          "#{name}: #{Kernel.inspect(value, limit: opts.limit, printable_limit: opts.printable_limit)}"
        end)

      "#Envmgr.Record<#{record.type} #{fields}>"
    end
  end
end
