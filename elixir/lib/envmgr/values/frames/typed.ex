defmodule Envmgr.Values.Frames.Typed do
  # Elixir values as an Arrow column: the type that holds all of them, and what Arrow has of each.
  @moduledoc false

  alias Envmgr.{Bytes, Timedelta}
  alias Envmgr.Arrow.Field
  alias Envmgr.Values.Frames.{Decimals, Times}

  @doc "The field, and the values as Arrow has them. Raises `ArgumentError` where they have no common type."
  @spec field(String.t(), list()) :: {Field.t(), list()}
  def field(name, values) do
    case values |> Enum.reduce([], &gather/2) |> Enum.sort() do
      [] -> {%Field{name: name, type: :null}, values}
      [:float, :int] -> typed(name, :float, values)
      [kind] -> typed(name, kind, values)
      kinds -> raise ArgumentError, "no Arrow type holds both #{words(kinds)}"
    end
  end

  defp gather(nil, kinds), do: kinds

  defp gather(value, kinds) do
    kind = kind(value)
    if kind in kinds, do: kinds, else: [kind | kinds]
  end

  defp kind(n) when is_integer(n), do: :int
  defp kind(x) when is_float(x), do: :float
  defp kind(x) when x in [:nan, :infinity, :neg_infinity], do: :float
  defp kind(text) when is_binary(text), do: :text
  defp kind(bool) when is_boolean(bool), do: :bool
  defp kind(%Bytes{}), do: :bytes
  defp kind(%Date{}), do: :date
  defp kind(%Time{}), do: :time
  defp kind(%NaiveDateTime{}), do: :naive
  defp kind(%DateTime{time_zone: zone}), do: {:aware, zone}
  defp kind(%Timedelta{}), do: :duration
  defp kind(%Envmgr.Decimal{}), do: :decimal
  defp kind(%{__struct__: Decimal}), do: :decimal
  defp kind(%module{}), do: {:struct, module}
  defp kind(items) when is_list(items), do: :list
  defp kind(map) when is_map(map), do: :map
  defp kind(tuple) when is_tuple(tuple), do: :tuple
  defp kind(other), do: {:other, other}

  defp typed(name, :int, values) do
    {least, most} = values |> Enum.reject(&is_nil/1) |> Enum.min_max()

    cond do
      least >= -0x8000000000000000 and most < 0x8000000000000000 ->
        {field(name, {:int, 64}, []), values}

      least >= 0 and most <= 0xFFFFFFFFFFFFFFFF ->
        {field(name, {:uint, 64}, []), values}

      true ->
        raise ArgumentError, "integers beyond 64 bits have no Arrow type"
    end
  end

  defp typed(name, :float, values), do: {field(name, {:float, 64}, []), values}
  defp typed(name, :text, values), do: {field(name, :utf8, []), values}
  defp typed(name, :bool, values), do: {field(name, :bool, []), values}
  defp typed(name, :bytes, values), do: {field(name, :binary, []), each(values, & &1.data)}

  defp typed(name, :date, values),
    do: {field(name, {:date, "D"}, []), each(values, &Times.days/1)}

  defp typed(name, :time, values),
    do: {field(name, {:time, "us", 64}, []), each(values, &Times.count/1)}

  defp typed(name, :naive, values),
    do: {field(name, {:timestamp, "us", nil}, []), each(values, &Times.count/1)}

  defp typed(name, {:aware, zone}, values),
    do: {field(name, {:timestamp, "us", Times.zone(zone)}, []), each(values, &Times.count/1)}

  defp typed(name, :duration, values),
    do: {field(name, {:duration, "us"}, []), each(values, &Times.count/1)}

  defp typed(name, :decimal, values) do
    parts =
      each(
        values,
        &(Decimals.parts(&1) || raise(ArgumentError, "#{inspect(&1)} has no Arrow type"))
      )

    scale = for({_coefficient, scale} <- parts, do: scale) |> Enum.max() |> max(0)
    numbers = each(parts, fn {coefficient, own} -> coefficient * 10 ** (scale - own) end)
    most = for(n when n != nil <- numbers, do: abs(n)) |> Enum.max()
    if scale > 38 or most >= 10 ** 38, do: raise(ArgumentError, "decimals of more than 38 digits")
    {field(name, {:decimal, 38, scale, 128}, []), numbers}
  end

  defp typed(name, :list, values) do
    {child, items} = field("item", Enum.flat_map(values, &(&1 || [])))
    {field(name, {:list, 32}, [child]), spread(values, items)}
  end

  defp typed(name, :map, values) do
    names = values |> Enum.flat_map(&Map.keys(&1 || %{})) |> Enum.uniq() |> Enum.sort()

    texts =
      Enum.map(names, &if(is_binary(&1) or is_atom(&1), do: to_string(&1), else: strange(&1)))

    {children, columns} =
      Enum.zip(names, texts)
      |> Enum.map(fn {key, text} -> field(text, Enum.map(values, &(&1 && &1[key]))) end)
      |> Enum.unzip()

    rows =
      if columns == [], do: Enum.map(values, fn _ -> [] end), else: Enum.zip_with(columns, & &1)

    maps = Enum.zip_with(values, rows, &(&1 && Map.new(Enum.zip(texts, &2))))
    {field(name, :struct, children), maps}
  end

  defp typed(_name, :tuple, _values), do: raise(ArgumentError, "tuples have no Arrow type")
  defp typed(_name, kind, _values), do: raise(ArgumentError, "#{word(kind)} has no Arrow type")

  defp field(name, type, children), do: %Field{name: name, type: type, children: children}

  defp each(values, make), do: Enum.map(values, &if(&1 == nil, do: nil, else: make.(&1)))

  # The items in lists as long as these.
  defp spread([nil | rest], items), do: [nil | spread(rest, items)]

  defp spread([list | rest], items) do
    {mine, items} = Enum.split(items, length(list))
    [mine | spread(rest, items)]
  end

  defp spread([], []), do: []

  defp strange(key),
    do: raise(ArgumentError, "a map with the key #{inspect(key)} has no Arrow type")

  defp words(kinds), do: Enum.map_join(kinds, " and ", &word/1)
  defp word({:struct, module}), do: inspect(module)
  defp word({:aware, zone}), do: "times in #{zone}"
  defp word({:other, value}), do: inspect(value)

  defp word(kind),
    do:
      Map.fetch!(
        %{
          int: "integers",
          float: "floats",
          text: "strings",
          bool: "booleans",
          bytes: "bytes",
          date: "dates",
          time: "times of day",
          naive: "times without a zone",
          duration: "durations",
          decimal: "decimals",
          list: "lists",
          map: "maps",
          tuple: "tuples"
        },
        kind
      )
end
