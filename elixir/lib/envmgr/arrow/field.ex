defmodule Envmgr.Arrow.Field do
  # A named type. `metadata` says what only its writer knows, such as the extension type; it goes along. `dictionary` is `{id, index type, ordered}` where batches hold indices and `type` is what they lead to.
  @moduledoc false

  alias Envmgr.Arrow.Type

  @enforce_keys [:name, :type]
  defstruct [:name, :type, nullable: true, children: [], dictionary: nil, metadata: []]

  @type t :: %__MODULE__{
          name: String.t(),
          type: Type.t(),
          nullable: boolean(),
          children: [t()],
          dictionary: {integer(), Type.t(), boolean()} | nil,
          metadata: [{binary(), binary()}]
        }

  @doc "The type as pyarrow writes it."
  @spec text(t()) :: String.t()
  def text(%__MODULE__{dictionary: {_id, index, ordered}} = field) do
    values = text(%{field | dictionary: nil})

    "dictionary<values=#{values}, indices=#{Type.text(index)}, ordered=#{if ordered, do: 1, else: 0}>"
  end

  def text(%__MODULE__{type: {:list, bits}, children: [item]}),
    do: "#{if bits == 64, do: "large_"}list<#{named(item)}>"

  def text(%__MODULE__{type: {:fixed_list, size}, children: [item]}),
    do: "fixed_size_list<#{named(item)}>[#{size}]"

  def text(%__MODULE__{type: :struct, children: children}),
    do: "struct<#{Enum.map_join(children, ", ", &named/1)}>"

  def text(%__MODULE__{type: :map, children: [%{children: [key, value]}]}),
    do: "map<#{text(key)}, #{text(value)}>"

  def text(%__MODULE__{type: type}), do: Type.text(type)

  defp named(field), do: "#{field.name}: #{text(field)}"
end
