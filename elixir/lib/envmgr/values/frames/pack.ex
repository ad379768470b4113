defmodule Envmgr.Values.Frames.Pack do
  # A list of Elixir values as a column's data: an array where NumPy has the dtype and all values are there, else the
  # list itself.
  @moduledoc false

  alias Envmgr.{Array, Object, Series, Timedelta}
  alias Envmgr.Values.Frames.{Infer, Times}

  @null -0x8000000000000000
  @nan <<0x7FF8000000000000::little-64>>
  @nan32 <<0x7FC00000::little-32>>

  @numbers ~w(bool float32 float64) ++
             for(sign <- ~w(int uint), bits <- [8, 16, 32, 64], do: "#{sign}#{bits}")

  @lists ~w(str string object boolean Float32 Float64) ++
           for(sign <- ~w(Int UInt), bits <- [8, 16, 32, 64], do: "#{sign}#{bits}")

  @doc "`{dtype, data, rows}` of a column from Elixir: a list, or an array of one dimension, which stays as it is."
  @spec data(list() | Array.t(), String.t() | nil) ::
          {String.t(), Array.t() | Object.t() | list(), non_neg_integer()}
  def data(%Array{shape: {rows}, dtype: dtype} = array, nil) when is_binary(dtype),
    do: {word(dtype), array, rows}

  def data(%Array{shape: {_rows}} = array, type), do: array |> Array.to_list() |> data(type)

  def data(values, type) when is_list(values) do
    {dtype, data} = column(values, type)
    {dtype, data, length(values)}
  end

  def data(other, _type),
    do:
      raise(ArgumentError, "a list or an array of one dimension is wanted, not #{inspect(other)}")

  # NumPy's notation of times in pandas' words.
  defp word(<<"<M8[", unit::binary>>), do: "datetime64[" <> unit
  defp word(<<"<m8[", unit::binary>>), do: "timedelta64[" <> unit
  defp word(dtype), do: dtype

  @doc "Whether `column/2` takes this dtype."
  @spec known?(String.t() | nil) :: boolean()
  def known?(dtype) when dtype in @lists or dtype in @numbers or dtype == "category", do: true
  def known?("datetime64[" <> _), do: true
  def known?("timedelta64[" <> _), do: true
  def known?(_other), do: false

  @doc """
  `{dtype, data}` of a column with these values; `dtype` nil infers it.

  Raises `ArgumentError` where a value does not fit a dtype that was asked for.
  """
  @spec column(list(), String.t() | nil) :: {String.t(), Array.t() | Object.t() | list()}
  def column(values, nil), do: column(values, Infer.dtype(values))
  def column(values, "category"), do: {"category", categorical(values)}
  def column(values, "bool"), do: {"bool", array("bool", values, bools(values, <<>>))}

  for sign <- ~w(int uint), bits <- [8, 16, 32, 64] do
    def column(values, unquote("#{sign}#{bits}") = dtype) do
      {least, most} = unquote(Macro.escape({sign, bits})) |> limits()
      {dtype, array(dtype, values, integers(values, unquote(bits), least, most, <<>>))}
    end
  end

  def column(values, "float64"), do: {"float64", array("float64", values, floats(values, <<>>))}
  def column(values, "float32"), do: {"float32", array("float32", values, singles(values, <<>>))}
  def column(values, dtype) when dtype in @lists, do: {dtype, checked(values, dtype)}
  def column(values, "datetime64[" <> rest = dtype), do: {dtype, times(values, "M8", rest, dtype)}

  def column(values, "timedelta64[" <> rest = dtype),
    do: {dtype, times(values, "m8", rest, dtype)}

  def column(_values, dtype) do
    raise ArgumentError,
          "#{inspect(dtype)} is no dtype that a frame is made with: give one of bool, boolean, int8 … uint64, " <>
            "Int8 … UInt64, float32, float64, Float32, Float64, str, category, datetime64[us], " <>
            "datetime64[us, UTC], timedelta64[us], object"
  end

  defp array(dtype, values, data), do: %Array{dtype: dtype, shape: {length(values)}, data: data}

  defp bools([true | rest], acc), do: bools(rest, <<acc::binary, 1>>)
  defp bools([false | rest], acc), do: bools(rest, <<acc::binary, 0>>)
  defp bools([], acc), do: acc
  defp bools([other | _rest], _acc), do: refuse(other, "bool", "boolean")

  defp integers([n | rest], bits, least, most, acc)
       when is_integer(n) and n >= least and n <= most,
       do: integers(rest, bits, least, most, <<acc::binary, n::little-size(bits)>>)

  defp integers([], _bits, _least, _most, acc), do: acc

  defp integers([other | _rest], bits, least, _most, _acc),
    do:
      if(least < 0,
        do: refuse(other, "int#{bits}", "Int#{bits}"),
        else: refuse(other, "uint#{bits}", "UInt#{bits}")
      )

  # pandas' float columns have NaN for what is missing; "Float64" tells the two apart.
  defp floats([x | rest], acc) when is_number(x),
    do: floats(rest, <<acc::binary, x::float-little-64>>)

  defp floats([special | rest], acc),
    do: floats(rest, <<acc::binary, special(special, @nan, 0x7FF0000000000000, 64)::binary>>)

  defp floats([], acc), do: acc

  defp singles([x | rest], acc) when is_number(x),
    do: singles(rest, <<acc::binary, x::float-little-32>>)

  defp singles([special | rest], acc),
    do: singles(rest, <<acc::binary, special(special, @nan32, 0x7F800000, 32)::binary>>)

  defp singles([], acc), do: acc

  defp special(missing, nan, _infinity, _bits) when missing in [nil, :nan], do: nan
  defp special(:infinity, _nan, infinity, bits), do: <<infinity::little-size(bits)>>

  defp special(:neg_infinity, _nan, infinity, bits),
    do: <<Bitwise.bor(infinity, Bitwise.bsl(1, bits - 1))::little-size(bits)>>

  defp special(other, _nan, _infinity, bits), do: refuse(other, "float#{bits}", nil)

  defp times(values, letter, rest, dtype) do
    {unit, per} = unit(rest, dtype)

    counts =
      for value <- values, into: <<>> do
        <<if(value == nil, do: @null, else: count(value, letter, per, dtype))::little-64>>
      end

    array("<#{letter}[#{unit}]", values, counts)
  end

  defp unit(rest, dtype) do
    case rest |> String.trim_trailing("]") |> String.split(",", parts: 2) |> hd() do
      "ns" ->
        {"ns", {1000, 1}}

      "us" ->
        {"us", {1, 1}}

      "ms" ->
        {"ms", {1, 1000}}

      "s" ->
        {"s", {1, 1_000_000}}

      other ->
        raise ArgumentError, "#{inspect(other)} is no unit of #{dtype}: give s, ms, us or ns"
    end
  end

  defp count(value, letter, {times, per}, dtype) do
    micros =
      if fits?(value, letter, dtype), do: Times.count(value), else: refuse(value, dtype, nil)

    count = Integer.floor_div(micros * times, per)

    if count > @null and count < -@null,
      do: count,
      else: raise(ArgumentError, "#{inspect(value)} is beyond what #{dtype} holds")
  end

  defp fits?(%Timedelta{}, "m8", _dtype), do: true
  defp fits?(%DateTime{}, "M8", dtype), do: String.contains?(dtype, ",")
  defp fits?(%NaiveDateTime{}, "M8", dtype), do: not String.contains?(dtype, ",")
  defp fits?(_value, _letter, _dtype), do: false

  defp checked(values, dtype) do
    case Enum.find(values, &(not held?(dtype, &1))) do
      nil -> values
      other -> refuse(other, dtype, nil)
    end
  end

  defp held?(_dtype, nil), do: true
  defp held?("object", _value), do: true
  defp held?("boolean", value), do: is_boolean(value)
  defp held?(dtype, value) when dtype in ["str", "string"], do: is_binary(value)

  defp held?("Float" <> _bits, value),
    do: is_number(value) or value in [:nan, :infinity, :neg_infinity]

  defp held?(dtype, value) do
    {least, most} = dtype |> String.downcase() |> bounds()
    is_integer(value) and value >= least and value <= most
  end

  defp bounds("int" <> bits), do: limits({"int", String.to_integer(bits)})
  defp bounds("uint" <> bits), do: limits({"uint", String.to_integer(bits)})

  defp limits({"int", bits}), do: {-Bitwise.bsl(1, bits - 1), Bitwise.bsl(1, bits - 1) - 1}
  defp limits({"uint", bits}), do: {0, Bitwise.bsl(1, bits) - 1}

  # Categories in the order in which they are met first.
  defp categorical(values) do
    {codes, {numbers, _count}} =
      Enum.map_reduce(values, {%{}, 0}, fn
        nil, seen ->
          {-1, seen}

        value, {numbers, count} when is_map_key(numbers, value) ->
          {numbers[value], {numbers, count}}

        value, {numbers, count} ->
          {count, {Map.put(numbers, value, count), count + 1}}
      end)

    categories = numbers |> Enum.sort_by(&elem(&1, 1)) |> Enum.map(&elem(&1, 0))
    categories(codes, categories, false)
  end

  @doc "A `pandas.Categorical` of these codes (-1: missing)."
  @spec categories([integer()], list(), boolean()) :: Object.t()
  def categories(codes, categories, ordered?) do
    {_dtype, codes} = column(codes, "int32")

    %Object{
      type: "pandas.Categorical",
      parts: %{
        "codes" => codes,
        "categories" => Series.index_of(categories),
        "ordered" => ordered?
      }
    }
  end

  defp refuse(nil, dtype, nullable) when is_binary(nullable),
    do: raise(ArgumentError, "#{dtype} holds no missing value (nil): give #{nullable}")

  defp refuse(value, dtype, _nullable),
    do: raise(ArgumentError, "#{inspect(value)} is no value of dtype #{dtype}")
end
