defmodule Envmgr.Values.Frames.Objects do
  # What objects from parts (docs/types.md) are in Elixir.
  @moduledoc false

  alias Envmgr.{Array, Arrow, Object, Series}
  alias Envmgr.Values.Frames.{Elements, Times}

  @units ~w(s ms us ns)

  @doc "See `Envmgr.Object.to_elixir/1`."
  @spec to_elixir(Object.t()) :: term()
  def to_elixir(%Object{
        type: "pandas.Timestamp",
        parts: %{"value" => value, "unit" => unit} = parts
      })
      when is_integer(value) and unit in @units do
    micros = Times.microseconds(unit).(value)

    case parts do
      %{"zone" => zone} when zone != nil -> Times.aware(zone).(micros)
      _naive -> Times.naive(micros)
    end
  end

  def to_elixir(%Object{type: "pandas.Timedelta", parts: %{"value" => value, "unit" => unit}})
      when is_integer(value) and unit in @units,
      do: Times.span(Times.microseconds(unit).(value))

  def to_elixir(%Object{
        type: "pandas.Interval",
        parts: %{"left" => left, "right" => right, "closed" => closed}
      }),
      do: {value(left), value(right), closed}

  def to_elixir(%Object{type: "pyarrow.array", parts: %{"class" => "Scalar"}} = object),
    do: object |> elements(nil) |> hd()

  def to_elixir(%Object{type: type} = object)
      when type in ["pandas.Categorical", "pandas.array", "pyarrow.array"],
      do: elements(object, object.parts["dtype"])

  def to_elixir(%Object{type: "scipy.sparse", parts: %{"class" => class} = parts}),
    do: Envmgr.Values.Frames.Sparse.entries(class, parts)

  def to_elixir(%Object{} = object), do: object

  @doc "The elements of an object that is an array; raises `ArgumentError` for any other."
  @spec elements(Object.t(), String.t() | nil) :: list()
  def elements(%Object{type: type, parts: parts}, _dtype)
      when type in ["pandas.Categorical", "pandas.level"] do
    with %{"codes" => %Array{} = codes, "categories" => %Series{} = categories} <- parts do
      categories = categories |> Series.to_list() |> List.to_tuple()
      for code <- Array.to_list(codes), do: category(categories, code)
    else
      _malformed -> malformed("pandas.Categorical")
    end
  end

  def elements(%Object{type: "pandas.array", parts: parts}, dtype),
    do: array(parts, parts["dtype"] || dtype)

  def elements(%Object{type: "pyarrow.array", parts: %{"ipc" => _} = parts}, _dtype),
    do: array(parts, nil)

  def elements(%Object{type: type}, _dtype),
    do: raise(ArgumentError, "the elements of a #{type} cannot be listed")

  defp category(_categories, -1), do: nil

  defp category(categories, code) when code >= 0 and code < tuple_size(categories),
    do: elem(categories, code)

  defp category(_categories, _code), do: malformed("pandas.Categorical")

  defp array(%{"ipc" => ipc}, _dtype) do
    with {:ok, table} <- Arrow.read(bytes(ipc)) do
      Elements.to_list(0, nil, table)
    else
      {:error, reason} -> raise ArgumentError, reason
    end
  end

  defp array(%{"values" => values, "mask" => mask}, dtype) when mask != nil do
    masked = fn value, missing -> if missing, do: nil, else: value end
    Enum.zip_with(list(values, dtype), list(mask, nil), masked)
  end

  defp array(
         %{"values" => values, "indices" => indices, "length" => length, "fill" => fill},
         dtype
       )
       when is_integer(length) and length >= 0 do
    indices |> list(nil) |> Enum.zip(list(values, dtype)) |> spread(0, length, value(fill))
  end

  defp array(%{"left" => left, "right" => right, "closed" => closed}, _dtype) do
    Enum.zip_with(list(left, nil), list(right, nil), fn
      missing, _right when missing in [nil, :nan] -> nil
      left, right -> {left, right, closed}
    end)
  end

  defp array(%{"values" => values}, dtype), do: list(values, dtype)
  defp array(_parts, _dtype), do: malformed("pandas.array")

  defp spread([{index, value} | rest], index, length, fill) when index < length,
    do: [value | spread(rest, index + 1, length, fill)]

  defp spread(entries, at, length, fill) when at < length,
    do: [fill | spread(entries, at + 1, length, fill)]

  defp spread([], _at, _length, _fill), do: []
  defp spread(_entries, _at, _length, _fill), do: malformed("pandas.array")

  defp list(%Series{} = series, _dtype), do: Series.to_list(series)
  defp list(values, dtype), do: Elements.to_list(values, dtype, nil)

  defp value(%Object{} = object), do: to_elixir(object)
  defp value(other), do: [other] |> Elements.to_list(nil, nil) |> hd()

  defp bytes(%Envmgr.Bytes{data: data}), do: data
  defp bytes(data), do: data

  defp malformed(type), do: raise(ArgumentError, "a malformed #{type}")
end
