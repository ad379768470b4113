defmodule Envmgr.Values.Dtype do
  # NumPy's dtypes as they are written on the wire (docs/types.md, "NumPy").
  @moduledoc false

  @typedoc """
  `{kind, bytes an element, byte order}`; the others: `{:datetime | :timedelta, 8, order, {unit, count}}`, `{:struct, bytes, fields}` with
  fields `{name, parsed, offset}`, `{:sub, bytes, parsed, sizes}`, `:object`, `{:string, na}`.
  """
  @type parsed :: tuple() | :object

  @named Map.new(
           [{"bool", {:bool, 1, :little}}] ++
             for(b <- [8, 16, 32, 64], do: {"int#{b}", {:int, div(b, 8), :little}}) ++
             for(b <- [8, 16, 32, 64], do: {"uint#{b}", {:uint, div(b, 8), :little}}) ++
             for(b <- [16, 32, 64], do: {"float#{b}", {:float, div(b, 8), :little}}) ++
             for(b <- [64, 128], do: {"complex#{b}", {:complex, div(b, 8), :little}})
         )

  @kinds %{"b" => :bool, "i" => :int, "u" => :uint, "f" => :float, "c" => :complex}
         |> Map.merge(%{"S" => :bytes, "U" => :text, "V" => :void})

  @sizes %{
    bool: [1],
    int: [1, 2, 4, 8],
    uint: [1, 2, 4, 8],
    float: [2, 4, 8, 12, 16],
    complex: [8, 16, 24, 32]
  }

  @most_dimensions 64

  @doc "What a dtype says; nil for what is none that is known here."
  @spec parse(term()) :: parsed() | nil
  def parse("object"), do: :object
  def parse(dtype) when is_map_key(@named, dtype), do: Map.fetch!(@named, dtype)

  def parse(<<order, letter, rest::binary>>) when order in '<>|=' do
    order = if order == ?>, do: :big, else: :little
    notation(<<letter>>, rest, order)
  end

  def parse(["struct", size, aligned, fields])
      when is_integer(size) and size >= 0 and is_boolean(aligned) and is_list(fields) do
    read = Enum.map(fields, &field(&1, size))
    if nil not in read, do: {:struct, size, read}
  end

  def parse(["sub", dtype, sizes]) do
    with true <- shape?(sizes), {_, parsed, size} <- sized(dtype) do
      {:sub, size * Enum.product(sizes), parsed, sizes}
    else
      _ -> nil
    end
  end

  def parse(["string", nil]), do: {:string, nil}
  def parse(["string", [na]]), do: {:string, [na]}
  def parse(_other), do: nil

  @doc "The bytes of an element; nil where they are not fixed or not known."
  @spec itemsize(term()) :: non_neg_integer() | nil
  def itemsize(dtype) do
    with {:sized, _parsed, size} <- sized(dtype), do: size
  end

  @doc "Whether an array of this dtype has a list of values instead of bytes."
  @spec items?(term()) :: boolean()
  def items?(dtype), do: dtype == "object" or match?(["string", _], dtype)

  @doc "Whether these are the sizes of an array's dimensions."
  @spec shape?(term()) :: boolean()
  def shape?(sizes) when is_list(sizes) do
    not List.improper?(sizes) and length(sizes) <= @most_dimensions and
      Enum.all?(sizes, &(is_integer(&1) and &1 >= 0 and &1 <= 0x7FFFFFFFFFFFFFFF))
  end

  def shape?(_other), do: false

  defp field([name, dtype, offset, _title], size)
       when is_binary(name) and is_integer(offset) and offset >= 0 do
    case sized(dtype) do
      {:sized, parsed, inner} when offset + inner <= size -> {name, parsed, offset}
      _other -> nil
    end
  end

  defp field(_malformed, _size), do: nil

  defp sized(dtype) do
    case parse(dtype) do
      parsed when is_tuple(parsed) and elem(parsed, 0) != :string ->
        {:sized, parsed, elem(parsed, 1)}

      _other ->
        nil
    end
  end

  defp notation(letter, rest, order) when letter in ["M", "m"] do
    kind = if letter == "M", do: :datetime, else: :timedelta

    case Regex.run(~r/\A8(?:\[(\d{0,9})(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?\z/, rest) do
      [_] -> {kind, 8, order, nil}
      [_, "", unit] -> {kind, 8, order, {unit, 1}}
      [_, count, unit] -> {kind, 8, order, {unit, String.to_integer(count)}}
      nil -> nil
    end
  end

  defp notation("O", "", _order), do: :object
  defp notation("O", "8", _order), do: :object
  defp notation("?", "", order), do: {:bool, 1, order}

  defp notation(letter, rest, order) when is_map_key(@kinds, letter) do
    kind = Map.fetch!(@kinds, letter)

    case Integer.parse(rest) do
      {size, ""} when kind == :text and size >= 0 -> {:text, 4 * size, order}
      {size, ""} when kind in [:bytes, :void] and size >= 0 -> {kind, size, order}
      {size, ""} -> if size in Map.get(@sizes, kind, []), do: {kind, size, order}
      _other -> nil
    end
  end

  defp notation(_letter, _rest, _order), do: nil
end
