defmodule Envmgr.Test.Values do
  # Values of every type, by the seed of the process. What comes back from the wire is exactly the value.
  @moduledoc false

  alias Envmgr.{
    Array,
    Bytes,
    Complex,
    Custom,
    Dict,
    EnumMember,
    Fraction,
    MaskedArray,
    MemoryView,
    Object,
    Pickle,
    Record,
    Set,
    Singleton,
    Slice,
    Text,
    Timedelta,
    UUID,
    ZonedDateTime,
    ZonedTime
  }

  @day 86_400_000_000
  @texts ["", "a", "ä", "€", "𝄞", <<0>>, "plain words", String.duplicate("x", 300)]
  @floats [0.0, -1.5, 1.0e308, 5.0e-324, :nan, :infinity, :neg_infinity]
  @zones ["Europe/Berlin", "America/New_York", "UTC"]
  @arrays ~w(bool int8 int16 int32 int64 uint8 uint64 float16 float32 float64 complex64 complex128 >f8 >i2 <M8[ns] <m8[s] <U2 |S3 |V2)

  @doc "Any value that the wire carries."
  @spec any(non_neg_integer()) :: term()
  def any(depth), do: value(depth, [:common, :foreign])

  @doc "Any value that a Python with NumPy gives back as it got it."
  @spec common(non_neg_integer()) :: term()
  def common(depth), do: value(depth, [:common])

  @doc "The same without NumPy."
  @spec standard(non_neg_integer()) :: term()
  def standard(depth), do: value(depth, [:standard])

  defp value(0, kinds), do: leaf(kinds)

  defp value(depth, kinds) do
    case :rand.uniform(13) do
      1 -> some(depth, kinds)
      2 -> depth |> some(kinds) |> List.to_tuple()
      3 -> Map.new(keys(kinds), &{&1, value(depth - 1, kinds)})
      4 -> MapSet.new(keys(kinds))
      5 -> %Set{items: keys(kinds), frozen: true} |> alone()
      6 -> %Dict{pairs: Enum.map(keys(kinds), &{&1, value(depth - 1, kinds)}), ordered: true}
      7 -> %Slice{start: value(depth - 1, kinds), stop: leaf(kinds), step: nil}
      _ -> if :foreign in kinds and one_of(4), do: foreign(depth, kinds), else: leaf(kinds)
    end
  end

  # Python keeps no order of a set.
  defp alone(%Set{items: items} = set), do: %{set | items: Enum.take(items, 1)}

  defp some(depth, kinds), do: for(_ <- 1..:rand.uniform(5), do: value(depth - 1, kinds))

  defp keys(kinds) do
    for n <- 1..:rand.uniform(5) do
      case :rand.uniform(9) do
        1 -> "key #{n}"
        2 -> {n, "x", {nil}}
        3 -> n + 0.25
        4 -> %Bytes{data: <<n>>}
        5 -> Date.add(~D[2000-01-01], n)
        6 -> %Fraction{numerator: 3 * n + 1, denominator: 3}
        7 -> %Complex{re: 1.0 * n, im: 1.0}
        8 -> if :standard in kinds, do: 10 + n, else: array("int16", {}, <<40 + n::little-16>>)
        9 -> n * 7 + 100
      end
    end
  end

  defp leaf(kinds) do
    case :rand.uniform(28) do
      1 ->
        nil

      2 ->
        one_of(2)

      3 ->
        :rand.uniform(200) - 100

      4 ->
        (:rand.uniform(2 ** 80) - 2 ** 79) * Enum.random([1, 2 ** 200])

      5 ->
        :rand.normal() * 1.0e10

      6 ->
        Enum.random(@floats)

      7 ->
        Enum.random(@texts) <> Enum.random(@texts)

      8 ->
        %Bytes{data: :rand.bytes(:rand.uniform(300) - 1)}

      9 ->
        %Bytes{data: :rand.bytes(:rand.uniform(40) - 1), kind: :bytearray}

      10 ->
        Enum.random([:ok, :error, Envmgr])

      11 ->
        %Complex{re: Enum.random(@floats), im: Enum.random(@floats)}

      12 ->
        %Envmgr.Decimal{text: Enum.random(~w(0 -0 1.50 1E+30 1E-7 NaN sNaN7 -Infinity 0.000001))}

      13 ->
        date()

      14 ->
        clock()

      15 ->
        %ZonedTime{time: clock(), fold: bit(), offset: Enum.random([60_000_000, -1, @day - 1])}

      16 ->
        naive()

      17 ->
        %ZonedDateTime{naive: naive(), fold: 1}

      18 ->
        aware()

      19 ->
        Timedelta.from_microseconds(:rand.uniform(2 * 10 ** 17) - 10 ** 17)

      20 ->
        %Text{wtf8: "a" <> <<0xED, 0xA0 + :rand.uniform(31), 0x80 + :rand.uniform(60)>> <> "ä"}

      21 ->
        Range.new(number(), number(), Enum.random([-3, -1, 1, 2]))

      22 ->
        %UUID{value: uuid()}

      23 ->
        %Fraction{numerator: 2 ** :rand.uniform(90), denominator: 3 ** :rand.uniform(60)}

      24 ->
        %Envmgr.Path{type: "PurePosixPath", path: "/a/ä#{number()}"}

      25 ->
        %Singleton{name: Enum.random(["Ellipsis", "NotImplemented"])}

      26 ->
        %MemoryView{format: "B", shape: {6}, data: :rand.bytes(6), readonly: one_of(2)}

      _ ->
        if :standard in kinds, do: number(), else: arrays()
    end
  end

  defp arrays do
    case :rand.uniform(5) do
      1 ->
        %MaskedArray{
          array: numbers({3}),
          mask: %{numbers({3}) | dtype: "bool", data: <<0, 1, 0>>},
          fill_value: array("int8", {}, <<9>>)
        }

      2 ->
        array("object", {2}, [nil, {1, "x"}], [])

      3 ->
        %{array("int16", {2, 3}, :rand.bytes(12), []) | order: :f}

      4 ->
        array(
          ["struct", 3, false, [["x", "uint8", 0, nil], ["y", ">i2", 1, nil]]],
          {2},
          :rand.bytes(6),
          []
        )

      5 ->
        of(Enum.random(@arrays))
    end
  end

  defp numbers(shape), do: array("int8", shape, :rand.bytes(Tuple.product(shape)), [])

  defp of("bool"), do: array("bool", {2, 1}, <<1, 0>>, [])

  defp of("<U2"),
    do: array("<U2", {2}, <<?a::little-32, 0::32, ?ä::little-32, ?€::little-32>>, [])

  defp of(dtype) do
    shape = Enum.random([{}, {0}, {3}, {2, 2}, {1, 2, 3}])
    size = Envmgr.Values.Dtype.itemsize(dtype) * Tuple.product(shape)
    array(dtype, shape, :rand.bytes(size), [])
  end

  defp array(dtype, shape, data, more \\ [scalar: true]),
    do: struct!(%Array{dtype: dtype, shape: shape, data: data}, more)

  # What needs a class or a library on Python's side.
  defp foreign(depth, kinds) do
    inner = value(depth - 1, kinds)

    case :rand.uniform(10) do
      1 ->
        %EnumMember{type: "m.Colour", name: Enum.random([nil, "RED"]), value: inner}

      2 ->
        %Record{
          kind: Enum.random([:dataclass, :namedtuple, :object]),
          type: "m.P",
          fields: [{"x", inner}, {"y", 1}]
        }

      3 ->
        %Object{type: "pandas.Timestamp", parts: %{"value" => inner}}

      4 ->
        %Pickle{type: "m.X", environment: "e", mac: :rand.bytes(32), data: :rand.bytes(80)}

      5 ->
        %Custom{serializer: "s", type: "m.X", value: inner}

      6 ->
        %Set{items: [:nan, :nan, 1]}

      7 ->
        %Dict{pairs: [{:nan, inner}, {:nan, 2}]}

      8 ->
        array(["string", [nil]], {3}, ["a", nil, ""], [])

      9 ->
        Envmgr.Series.new([number(), nil, number()])

      10 ->
        Envmgr.Frame.new([
          {"a", [1.5, :nan]},
          {"b", ["x", nil]},
          {"c", Envmgr.Array.from_list([1, number()])}
        ])
    end
  end

  defp one_of(n), do: :rand.uniform(n) == 1
  defp bit, do: :rand.uniform(2) - 1
  defp number, do: :rand.uniform(41) - 21
  defp date, do: Date.add(~D[0001-01-01], :rand.uniform(3_652_058))

  # As they arrive: with microseconds or without any digits of them.
  defp clock do
    us = Enum.random([0, :rand.uniform(999_999)])
    Time.new!(:rand.uniform(24) - 1, 59, 0, {us, if(us == 0, do: 0, else: 6)})
  end

  defp naive, do: NaiveDateTime.new!(date(), clock())

  defp aware do
    time = DateTime.from_naive!(naive(), "Etc/UTC")

    case :rand.uniform(3) do
      1 ->
        time

      2 ->
        %{
          time
          | time_zone: "UTC-02:30",
            zone_abbr: Enum.random(["UTC-02:30", "NST"]),
            utc_offset: -9000
        }

      3 ->
        zoned(
          %{time | year: 1950 + :rand.uniform(80), month: 1, day: :rand.uniform(28)},
          Enum.random(@zones)
        )
    end
  end

  defp zoned(time, "Europe/Berlin" = zone),
    do: %{
      time
      | year: 2000 + rem(time.year, 30),
        time_zone: zone,
        zone_abbr: "CET",
        utc_offset: 3600
    }

  defp zoned(time, "America/New_York" = zone),
    do: %{
      time
      | year: 2000 + rem(time.year, 30),
        time_zone: zone,
        zone_abbr: "EST",
        utc_offset: -18_000
    }

  defp zoned(time, zone), do: %{time | time_zone: zone, zone_abbr: "UTC"}

  defp uuid do
    <<a::binary-size(8), b::binary-size(4), c::binary-size(4), d::binary-size(4), e::binary>> =
      Base.encode16(:rand.bytes(16), case: :lower)

    Enum.join([a, b, c, d, e], "-")
  end
end
