defmodule Envmgr.Values.TypesTest do
  # The rows of docs/types.md, byte for byte, both ways.
  use ExUnit.Case, async: true

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

  alias Envmgr.Values.{Decoder, Encoder, Refusal}

  @hour 3_600_000_000

  @rows [
    {%Set{items: [1, 2], frozen: true}, 5, "920102"},
    {%Complex{re: 1.0, im: -2.0}, 7, "3ff0000000000000c000000000000000"},
    {%Complex{re: :nan, im: :neg_infinity}, 7, "7ff8000000000000fff0000000000000"},
    {%Envmgr.Decimal{text: "-1.250"}, 8, "2d312e323530"},
    {%Envmgr.Decimal{text: "sNaN12"}, 8, "734e614e3132"},
    {~D[1970-01-02], 9, "00000001"},
    {~D[0001-01-01], 9, "fff506c6"},
    {~D[9999-12-31], 9, "002cc0a0"},
    {~T[00:00:01], 10, "94ce000f42400 0c0c0"},
    {~T[23:59:59.999999], 10, "94cf000000141dd75fff00c0c0"},
    {%ZonedTime{time: ~T[00:00:00], fold: 1}, 10, "940001c0c0"},
    {%ZonedTime{time: ~T[00:00:00], zone: "Europe/Berlin"}, 10,
     "940000c0ad4575726f70652f4265726c696e"},
    {%ZonedTime{time: ~T[00:00:00], offset: -1}, 10, "940000ffc0"},
    {~N[1970-01-01 00:00:01], 11, "00000000000f424000"},
    {~N[1969-12-31 23:59:59.999999], 11, "ffffffffffffffff00"},
    {%ZonedDateTime{naive: ~N[1970-01-01 00:00:00], fold: 1}, 11, "000000000000000001"},
    {~U[1970-01-01 00:00:00Z], 12, "96000000a74574632f555443a355544300"},
    {%Timedelta{days: -1, seconds: 86_399, microseconds: 5}, 13, "ffffffff0001517f00000005"},
    {%Array{dtype: "uint8", shape: {2, 1}, data: <<1, 2>>, order: :f, class: "matrix"}, 14,
     "94a575696e7438920201a146a66d61747269780102"},
    {%Array{dtype: "object", shape: {2}, data: ["a", nil]}, 14, "92a66f626a656374910292a161c0"},
    {%Array{dtype: ["string", [nil]], shape: {1}, data: ["a"]}, 14,
     "9292a6737472696e6791c0910191a161"},
    {%Array{
       dtype: ["struct", 3, false, [["x", "uint8", 0, nil], ["y", ["sub", "|u1", [2]], 1, nil]]],
       shape: {1},
       data: <<1, 2, 3>>
     }, 14,
     "9294a673747275637403c29294a178a575696e743800c094a17993a3737562a37c7531910201c09101010203"},
    {%EnumMember{type: "m.E", name: nil, value: 3}, 17, "93a36d2e45c003"},
    {%Record{kind: :namedtuple, type: "m.P", fields: [{"x", 1}]}, 18, "9301a36d2e509192a17801"},
    {%Record{kind: :object, type: "m.P", fields: []}, 18, "9302a36d2e5090"},
    {%Bytes{data: <<0, 255>>, kind: :bytearray}, 19, "00ff"},
    {%Text{wtf8: <<0xED, 0xB2, 0x80>>}, 20, "edb280"},
    {0..9//3, 21, "93000a03"},
    {5..1//-2, 21, "930500fe"},
    {0..-1//1, 21, "93000001"},
    {%Slice{start: nil, stop: "b", step: 1.5}, 22, "93c0a162cb3ff8000000000000"},
    {%UUID{value: "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, 23,
     "6ba7b8109dad11d180b400c04fd430c8"},
    {%Fraction{numerator: -1, denominator: 3}, 24, "92ff03"},
    {%MemoryView{format: "B", shape: {2}, data: <<1, 2>>, readonly: true}, 25,
     "93a1429102c30102"},
    {%Dict{pairs: [], ordered: true}, 28, "920190"},
    {%Array{dtype: "<f16", shape: {}, data: <<0::128>>, scalar: true}, 31,
     "a43c6631360000000000000000000000000000 0000"},
    {%MaskedArray{
       array: %Array{dtype: "uint8", shape: {1}, data: <<1>>},
       mask: nil,
       fill_value: 9,
       hard: true
     }, 32, "94c70a0e92a575696e7438910101c009c3"},
    {%Object{type: "pandas.Period", parts: %{"freq" => "M"}}, 33,
     "92ad70616e6461732e506572696f6481a466726571a14d"},
    {%Envmgr.Path{type: "PosixPath", path: "/a"}, 34, "92a9506f736978506174 68a22f61"},
    {%Singleton{name: "Ellipsis"}, 35, "456c6c6970736973"},
    {%Pickle{type: "m.X", environment: "e", mac: <<1>>, data: <<2>>}, 36,
     "94a36d2e58a165c40101c40102"},
    {%Custom{serializer: "s", type: "m.X", value: [1]}, 37, "93a173a36d2e589101"}
  ]

  for {{value, code, hex}, i} <- Enum.with_index(@rows) do
    @row {value, code, hex |> String.replace(" ", "") |> Base.decode16!(case: :lower)}
    test "row #{i}: extension #{code}, #{inspect(value)}" do
      {value, code, data} = @row
      assert {:ok, encoded} = Encoder.encode(value)
      assert IO.iodata_to_binary(encoded) == ext(code, data)
      assert Decoder.decode(ext(code, data)) === {:ok, value}
      assert Decoder.decode(<<0x91, ext(code, data)::binary>>) === {:ok, [value]}
    end
  end

  test "a dict that is no OrderedDict is a map in its order, and read as pairs too" do
    dict = %Dict{pairs: [{"b", 1}, {2, nil}]}
    assert {:ok, encoded} = Encoder.encode(dict)
    assert IO.iodata_to_binary(encoded) == <<0x82, 0xA1, "b", 1, 2, 0xC0>>
    assert Decoder.decode(IO.iodata_to_binary(encoded), nil, {}, dicts: :ordered) == {:ok, dict}

    pairs = <<0x92, 0, 0x92, 0x92, 0xA1, "b", 1, 0x92, 2, 0xC0>>
    assert Decoder.decode(ext(28, pairs)) == {:ok, dict}
  end

  test "dicts are as deep as maps may be" do
    dict = Enum.reduce(1..400, 1, fn _, inner -> %Dict{pairs: [{"a", inner}]} end)
    map = Enum.reduce(1..400, 1, fn _, inner -> %{"a" => inner} end)
    assert {:ok, one} = Encoder.encode(dict)
    assert {:ok, other} = Encoder.encode(map)
    assert IO.iodata_to_binary(one) == IO.iodata_to_binary(other)
  end

  test "aware times" do
    berlin = %{
      ~U[2026-07-01 12:00:00Z]
      | time_zone: "Europe/Berlin",
        zone_abbr: "CEST",
        utc_offset: 3600,
        std_offset: 3600
    }

    us = DateTime.to_unix(~U[2026-07-01 12:00:00Z], :microsecond)
    assert parts(berlin) == [us, 2 * @hour, @hour, "Europe/Berlin", "CEST", 0]
    assert made([us, 2 * @hour, @hour, "Europe/Berlin", "CEST", 0]) === berlin

    fixed = %{
      berlin
      | time_zone: "UTC-02:30",
        zone_abbr: "UTC-02:30",
        utc_offset: -9000,
        std_offset: 0
    }

    assert parts(fixed) == [us, -9_000_000_000, 0, nil, "UTC-02:30", 0]
    assert made(parts(fixed)) === fixed
    named = %{fixed | zone_abbr: "NST"}
    assert made(parts(named)) === named
    seconds = %{fixed | time_zone: "UTC+00:00:01", zone_abbr: "UTC+00:00:01", utc_offset: 1}
    assert made(parts(seconds)) === seconds

    # timezone.utc, should it ever come without its name.
    assert made([us, 0, 0, nil, "UTC", 0]) == ~U[2026-07-01 12:00:00Z]

    for kept <- [
          [us, 1, 0, nil, "UTC+00:00:00.000001", 0],
          [us, @hour, 1, "Africa/Casablanca", "+01", 0],
          [us, 0, 0, "Europe/London", nil, 0],
          [us, @hour, 0, nil, "UTC+01:00", 1],
          [us, @hour, 0, "Europe/Berlin", "CET", 1]
        ] do
      assert %ZonedDateTime{} = time = made(kept)
      assert parts(time) == kept
    end

    for year <- [1, 9999] do
      edge = %{~U[2026-07-01 12:00:00Z] | year: year}
      assert made(parts(edge)) === edge
    end
  end

  test "microseconds decide the precision" do
    for {sent, back} <- [
          {~T[01:02:03.100], ~T[01:02:03.100000]},
          {~T[01:02:03.000000], ~T[01:02:03]},
          {~N[2026-01-01 01:02:03.5], ~N[2026-01-01 01:02:03.500000]},
          {~U[2026-01-01 01:02:03.000Z], ~U[2026-01-01 01:02:03Z]}
        ] do
      assert back(sent) === back
    end
  end

  test "what Python has no time for is refused with its reason" do
    for {value, reason} <- [
          {%{~D[2026-01-01] | year: 10_000}, "the year 10000 is outside Python's 1..9999"},
          {%{~N[2026-01-01 00:00:00] | year: 0}, "the year 0 is outside Python's 1..9999"},
          {%{~D[2026-01-01] | month: 13}, "there is no day 2026-13-1"},
          {%{~T[00:00:00] | second: 60}, "it is no time between 00:00:00 and 23:59:59.999999"},
          {%{~D[2026-01-01] | calendar: Other},
           "its calendar is Other, and Python has Calendar.ISO alone"},
          {%{~U[2026-01-01 00:00:00Z] | calendar: Other},
           "its calendar is Other, and Python has Calendar.ISO alone"}
        ] do
      assert {:error, %Refusal{reason: ^reason}} = Encoder.encode(value)
    end
  end

  test "malformed structs are refused, not sent" do
    for value <- [
          %Complex{re: "1", im: 0.0},
          %Envmgr.Decimal{text: "one"},
          %Fraction{numerator: 1, denominator: 0},
          %UUID{value: "6ba7"},
          %Timedelta{days: 0, seconds: -1},
          %Set{items: :none},
          %Set{items: [1, true]},
          %Set{items: [[1]], frozen: true},
          %Dict{pairs: [{1, 2}, {1.0, 3}]},
          %Dict{pairs: [1]},
          %Record{kind: :class, type: "m.P", fields: []},
          %Record{kind: :object, type: "m.P", fields: [{:x, 1}]},
          %Text{wtf8: <<255>>},
          %Bytes{data: "a", kind: :buffer},
          %Array{dtype: "int64", shape: {2}, data: <<0>>},
          %Array{dtype: "int64", shape: [2], data: <<0>>},
          %Array{dtype: "object", shape: {2}, data: [1]},
          %Array{dtype: "int8", shape: {}, data: <<0, 0>>, scalar: true},
          %Array{dtype: "int8", shape: {1}, data: <<0>>, order: "C"},
          %MemoryView{format: "B", shape: [1], data: <<0>>},
          %Singleton{name: nil},
          %ZonedTime{time: nil},
          %{~U[2026-01-01 00:00:00Z] | utc_offset: 86_400},
          %{~U[2026-01-01 00:00:00Z] | utc_offset: nil},
          %{~U[2026-01-01 00:00:00Z] | zone_abbr: nil},
          %{~N[2026-01-01 00:00:00] | microsecond: nil},
          %{__struct__: Range, first: 1.5, last: 2, step: 1},
          %ZonedDateTime{naive: ~N[2026-01-01 00:00:00], offset: 86_400_000_000}
        ] do
      assert {:error, %Refusal{elixir: "a" <> _, reason: <<_, _::binary>>}} =
               Encoder.encode(value)
    end
  end

  test "malformed extensions are errors" do
    for {code, hex} <- [
          {7, "00"},
          {8, "6f6e65"},
          {9, "7fffffff"},
          {10, "94ffc0c0c0"},
          {10, "9400"},
          {11, "7fffffffffffffff00"},
          {11, "000000000000000002"},
          {12, "96000000a16101"},
          {13, "000000000001518000000000"},
          {14, "92a5696e743634910100"},
          {14, "92a66f626a65637491029101"},
          {14, "9292a5737472756374c09100"},
          {17, "9301c001"},
          {18, "9303a36d2e5090"},
          {20, "ff"},
          {21, "93000100"},
          {23, "00"},
          {24, "920100"},
          {25, "93a142c0c3"},
          {28, "92029092"},
          {30, "93000000"},
          {31, "9100"},
          {32, "94c0c0c0c2"},
          {33, "92a1618101c0"},
          {36, "94a161a162a163a164"},
          {38, "00"}
        ] do
      data = Base.decode16!(hex, case: :lower)
      assert {:error, reason} = Decoder.decode(ext(code, data))
      assert is_binary(reason)
    end
  end

  test "ranges are Python's, element by element" do
    :rand.seed(:exsss, {2026, 4, 1})

    for _ <- 1..500 do
      range = Range.new(number(), number(), Enum.random([-7, -2, -1, 1, 2, 5]))
      {:ok, data} = Encoder.encode(range)

      <<0xC7, _, 21, list::binary>> =
        IO.iodata_to_binary([0xC7, 0, 21 | tl(data)]) |> then(&<<&1::binary>>)

      {:ok, [start, stop, step]} = Decoder.decode(list)
      length = max(0, div(stop - start + if(step > 0, do: step - 1, else: step + 1), step))
      assert Enum.to_list(range) == for(i <- 0..(length - 1)//1, do: start + i * step)
      assert back(range) === range
    end
  end

  test "dicts are ordered when asked for" do
    data = <<0x82, 0xA1, "b", 0x81, 1, 2, 0xA1, "a", 0xC0>>
    inner = %Dict{pairs: [{1, 2}]}

    assert Decoder.decode(data, nil, {}, dicts: :ordered) ==
             {:ok, %Dict{pairs: [{"b", inner}, {"a", nil}]}}

    {:ok, object} = Encoder.encode(%Object{type: "x.Y", parts: %{"a" => %{}}})
    object = IO.iodata_to_binary(object)

    assert Decoder.decode(object, nil, {}, dicts: :ordered) ==
             {:ok, %Object{type: "x.Y", parts: %{"a" => %Dict{pairs: []}}}}
  end

  defp number, do: :rand.uniform(41) - 21

  defp back(value) do
    assert {:ok, data} = Encoder.encode(value)
    assert {:ok, value} = Decoder.decode(IO.iodata_to_binary(data))
    value
  end

  defp parts(time) do
    assert {:ok, [_head | data]} = Encoder.encode(time)
    assert {:ok, parts} = Decoder.decode(IO.iodata_to_binary(data))
    parts
  end

  defp made(parts) do
    {:ok, list} = Encoder.encode(parts)
    assert {:ok, value} = Decoder.decode(ext(12, IO.iodata_to_binary(list)))
    value
  end

  defp ext(code, data), do: Envmgr.Wire.Msgpack.ext(code, byte_size(data)) <> data
end
