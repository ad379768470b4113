defmodule Envmgr.Arrow.Column do
  # One field's part of one batch: buffers as they lie in the stream. Arrow has no offset here: row 0 is the buffers'
  # first. `validity` is nil where no value is missing. `buffers` are, by type: the data; or offsets and data; or offsets
  # alone; or views and then their data.
  @moduledoc false

  alias Envmgr.Arrow.Type

  @enforce_keys [:type, :length]
  defstruct [:type, :length, :names, validity: nil, nulls: 0, buffers: [], children: []]

  @typedoc "A type, or where to look the values up: the dictionary's key and the type of the indices."
  @type type :: Type.t() | {:dictionary, {integer(), non_neg_integer()}, Type.t()}

  @type t :: %__MODULE__{
          type: type(),
          length: non_neg_integer(),
          names: [String.t()] | nil,
          validity: binary() | nil,
          nulls: non_neg_integer(),
          buffers: [binary()],
          children: [t()]
        }

  @doc "The column, when each buffer is as long as its rows need; else throws."
  @spec checked(t()) :: t()
  def checked(%__MODULE__{length: length, validity: validity} = column) do
    if validity && bit_size(validity) < length, do: short(column)
    if fits?(column.type, column), do: column, else: short(column)
  end

  @doc "The dictionaries that it uses, at any depth."
  @spec keys(t()) :: [{integer(), non_neg_integer()}]
  def keys(%__MODULE__{type: {:dictionary, key, _index}}), do: [key]
  def keys(%__MODULE__{children: children}), do: Enum.flat_map(children, &keys/1)

  @doc "Whether its rows take bytes. Those of a column that has none cost memory in Elixir only."
  @spec hollow?(t()) :: boolean()
  def hollow?(%__MODULE__{validity: validity}) when is_binary(validity), do: false
  def hollow?(%__MODULE__{type: :struct, children: []}), do: true
  def hollow?(%__MODULE__{type: type}), do: type in [:null, {:fixed_binary, 0}, {:fixed_list, 0}]

  defp fits?({:dictionary, _key, index}, column), do: fits?(index, column)
  defp fits?(:null, _column), do: true
  defp fits?({:unread, _name, _buffers}, _column), do: true
  defp fits?(:struct, column), do: Enum.all?(column.children, &(&1.length >= column.length))

  defp fits?({:fixed_list, size}, %{children: [child]} = column),
    do: child.length >= size * column.length

  defp fits?(type, %{buffers: [first | _], length: length}) do
    case {Type.offset(type), Type.width(type)} do
      {nil, width} -> bit_size(first) >= width * length
      {_bits, nil} when length == 0 -> true
      {bits, nil} -> bit_size(first) >= bits * (length + 1)
    end
  end

  defp short(column) do
    throw({:arrow, "a malformed Arrow batch: a buffer is too short for #{column.length} rows"})
  end
end
