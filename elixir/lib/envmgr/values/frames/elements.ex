defmodule Envmgr.Values.Frames.Elements do
  # A column's data, in whichever form it came, as a list of Elixir values.
  @moduledoc false

  alias Envmgr.{Array, Arrow, Object, Ref, Singleton}
  alias Envmgr.Values.Frames.{Objects, Terms, Times}

  @nat -0x8000000000000000

  @doc "The elements of `data`; a missing one is nil. Raises `ArgumentError` where they cannot be read."
  @spec to_list(term(), String.t() | nil, Arrow.Table.t() | nil) :: list()
  def to_list(data, dtype, body)

  def to_list(field, _dtype, %Arrow.Table{} = body) when is_integer(field) do
    case Arrow.column(body, field, &Terms.converter/1) do
      {:ok, values} -> values
      {:error, reason} -> raise ArgumentError, reason
    end
  end

  def to_list(%Array{dtype: "int64"} = array, "period[" <> freq, _body) do
    freq = String.trim_trailing(freq, "]")
    for n <- Array.to_list(array), do: period(n, freq)
  end

  def to_list(%Array{dtype: <<order, "M8[", _::binary>> = kept} = array, dtype, _body)
      when order in '<>|=',
      do: times(array, kept, order, clock(dtype))

  def to_list(%Array{dtype: <<order, "m8[", _::binary>> = kept} = array, _dtype, _body)
      when order in '<>|=',
      do: times(array, kept, order, &Times.span/1)

  def to_list(%Array{} = array, _dtype, _body), do: array |> Array.to_list() |> plain()
  def to_list(%Object{} = object, dtype, _body), do: Objects.elements(object, dtype)
  def to_list(%Range{} = range, _dtype, _body), do: Enum.to_list(range)
  def to_list(values, _dtype, _body) when is_list(values), do: plain(values)

  def to_list(%Ref{type: type}, dtype, _body) do
    raise ArgumentError,
          "a column of dtype #{dtype} stayed in Python as a #{type}, for which there is no other form: " <>
            "call its methods with Envmgr.method/4"
  end

  def to_list(_other, _dtype, _body), do: raise(ArgumentError, "a column that is malformed")

  # Most lists hold nothing that has another form here; they are given back as they are.
  defp plain(values) do
    if Enum.any?(values, &is_struct/1), do: Enum.map(values, &element/1), else: values
  end

  defp element(%Singleton{name: "pandas." <> _missing}), do: nil
  defp element(%Object{} = object), do: Objects.to_elixir(object)
  defp element(value), do: value

  defp times(%Array{data: data}, kept, order, make) do
    unit = binary_part(kept, 4, byte_size(kept) - 5)

    case Times.microseconds(unit) do
      nil ->
        raise ArgumentError, "no Elixir value for times of unit #{inspect(unit)}"

      micros ->
        data |> counts(order) |> Enum.map(&if(&1 == @nat, do: nil, else: make.(micros.(&1))))
    end
  end

  defp counts(data, ?>), do: for(<<n::signed-big-64 <- data>>, do: n)
  defp counts(data, _little), do: for(<<n::signed-little-64 <- data>>, do: n)

  defp period(@nat, _freq), do: nil

  defp period(ordinal, freq),
    do: %Object{type: "pandas.Period", parts: %{"ordinal" => ordinal, "freq" => freq}}

  # "datetime64[ns, Europe/Berlin]" counts from 1970 in UTC, "datetime64[ns]" on the clock.
  defp clock(dtype) do
    case String.split(dtype || "", [", ", "]"]) do
      ["datetime64[" <> _unit, zone, ""] -> Times.aware(zone)
      _naive -> &Times.naive/1
    end
  end
end
