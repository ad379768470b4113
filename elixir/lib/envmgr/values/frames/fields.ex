defmodule Envmgr.Values.Frames.Fields do
  # A column whose data is in place, as an Arrow column. Numbers and times of NumPy are Arrow's already: their bytes are
  # taken as they are.
  @moduledoc false

  alias Envmgr.{Array, Object, Series}
  alias Envmgr.Arrow.{Bits, Column, Field, Packing}
  alias Envmgr.Values.Frames.{Elements, Times, Typed}

  @nat <<0x8000000000000000::little-64>>
  @units ~w(s ms us ns)

  @words for(bits <- [8, 16, 32, 64], kind <- [:int, :uint], do: {"#{kind}#{bits}", {kind, bits}})
         |> Map.new()
         |> Map.merge(Map.new([16, 32, 64], &{"float#{&1}", {:float, &1}}))

  @doc """
  `{field, column, dictionary}`; `dictionary` is nil or the column of the values of dictionary `{id, 1}`.

  Raises `ArgumentError` where the values have no common type.
  """
  @spec column(String.t(), String.t() | nil, term(), integer()) ::
          {Field.t(), Column.t(), Column.t() | nil}
  def column(name, dtype, data, id)

  def column(name, _dtype, %Array{dtype: dtype, data: data, shape: {rows}}, _id)
      when is_map_key(@words, dtype) and is_binary(data) do
    type = @words[dtype]
    {%Field{name: name, type: type}, %Column{type: type, length: rows, buffers: [data]}, nil}
  end

  def column(name, dtype, %Array{dtype: <<"<", letter, "8[", rest::binary>>} = array, id)
      when letter in 'Mm' do
    unit = String.trim_trailing(rest, "]")

    if unit in @units,
      do: times(name, type(letter, unit, dtype), array),
      else: listed(name, dtype, array, id)
  end

  def column(name, _dtype, %Object{type: "pandas.Categorical", parts: parts} = object, id) do
    case parts do
      %{"codes" => %Array{} = codes, "categories" => %Series{} = categories} ->
        {values, dictionary, nil} = column(name, categories.dtype, Series.to_list(categories), id)
        indices = for code <- Array.to_list(codes), do: if(code == -1, do: nil, else: code)
        field = %{values | dictionary: {id, {:int, 32}, parts["ordered"] == true}}
        {field, Packing.indices(id, indices), dictionary}

      _malformed ->
        listed(name, nil, object, id)
    end
  end

  def column(name, dtype, data, id), do: listed(name, dtype, data, id)

  defp listed(name, dtype, data, _id) do
    {field, values} = Typed.field(name, Elements.to_list(data, dtype, nil))
    {field, column} = field |> narrowed(dtype) |> Packing.column(values)
    {field, column, nil}
  end

  # What the dtype says of a list that the values do not: "Int8", or a column without any.
  defp narrowed(%Field{type: type} = field, word) do
    wanted = word && @words[String.downcase(word)]

    case {type, wanted} do
      {{kind, 64}, {_kind, _bits}} when kind in [:int, :uint, :float] -> %{field | type: wanted}
      {:null, {_kind, _bits}} -> %{field | type: wanted}
      {:null, nil} when word in ["str", "string"] -> %{field | type: :utf8}
      {:null, nil} when word in ["bool", "boolean"] -> %{field | type: :bool}
      _own -> field
    end
  end

  defp type(?m, unit, _dtype), do: {:duration, unit}

  defp type(?M, unit, dtype) do
    case String.split(dtype || "", [", ", "]"]) do
      [_unit, zone, ""] -> {:timestamp, unit, Times.zone(zone)}
      _naive -> {:timestamp, unit, nil}
    end
  end

  defp times(name, type, %Array{data: data, shape: {rows}}) do
    column = %Column{type: type, length: rows, buffers: [data]}
    {%Field{name: name, type: type}, without_nat(column, data), nil}
  end

  defp without_nat(column, data) do
    if :binary.match(data, @nat) == :nomatch do
      column
    else
      there = for <<count::binary-8 <- data>>, do: count != @nat
      nulls = Enum.count(there, &(not &1))
      if nulls == 0, do: column, else: %{column | validity: Bits.write(there, & &1), nulls: nulls}
    end
  end
end
