defmodule Envmgr.Values.RefusalsTest do
  # Where in a value what is wrong is, and what is said of it.
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Custom, Dict, EnumMember, MaskedArray, Object, Record, Set, Slice}
  alias Sample.{All, Bare, Own}
  alias Envmgr.Values.{Decoder, Encoder, Locate, Refusal, Unread}
  alias Envmgr.Wire.Msgpack

  @bad Bare

  defp bad, do: struct!(@bad)

  defp located(args, kwargs \\ [], into \\ nil) do
    assert {:error, %Refusal{} = refusal} = Encoder.arguments(args, kwargs, nil, into: into)
    Locate.arguments(args, kwargs, nil, into, refusal)
  end

  test "the place is that of the smallest part" do
    for {args, kwargs, place} <- [
          {[1, bad()], [], "args[1]"},
          {[], [{"axis", %{"x" => [0, 1, bad()]}}], ~s(axis["x"][2])},
          {[%{"rows" => [1, bad()]}], [], ~s(args[0]["rows"][1])},
          {[{1, bad()}], [], "args[0][1]"},
          {[%{bad() => 1}], [], "args[0] (a key)"},
          {[MapSet.new([bad()])], [], "args[0]{…}"},
          {[%Set{items: [1, bad()]}], [], "args[0]{…}"},
          {[%Dict{pairs: [{"a", 1}, {"b", bad()}]}], [], ~s(args[0]["b"])},
          {[%Dict{pairs: [{bad(), 1}]}], [], "args[0] (a key)"},
          {[%Record{kind: :object, type: "m.P", fields: [{"x", 1}, {"y", [bad()]}]}], [],
           "args[0].y[0]"},
          {[%Array{dtype: "object", shape: {2, 2}, data: [1, 2, bad(), 4]}], [], "args[0][1, 0]"},
          {[%Object{type: "a.b", parts: %{"p" => bad()}}], [], ~s(args[0]["p"])},
          {[%EnumMember{type: "a.b", name: "N", value: bad()}], [], "args[0].value"},
          {[%Custom{serializer: "s", type: "a.b", value: {bad()}}], [], "args[0].value[0]"},
          {[%Slice{stop: bad()}], [], "args[0].stop"},
          {[%MaskedArray{array: 1, fill_value: [bad()]}], [], "args[0].fill_value[0]"},
          {[%All{inner: [bad()]}], [], ~s(args[0]["inner"][0])},
          {[%Own{run: fn _ -> {1, bad()} end}], [], "args[0][1]"}
        ] do
      assert {^place, %Refusal{hint: "@derive {Envmgr.Encoder" <> _}} = located(args, kwargs)
    end
  end

  test "the words say what, why and what to do" do
    for {term, text, hint} <- [
          {self(), "a pid cannot become a Python value: it means something in the BEAM alone",
           "send what Python is to know of it, as a number or a string"},
          {make_ref(),
           "a reference cannot become a Python value: it means something in the BEAM alone",
           "send what Python is to know of it, as a number or a string"},
          {<<1::3>>,
           "a bitstring of odd length cannot become a Python value: it means something in the BEAM alone",
           "send what Python is to know of it, as a number or a string"},
          {<<255>>, "a binary cannot become a str: it is not valid UTF-8",
           "wrap it with Envmgr.bytes/1 to send bytes"},
          {%{[1] => 1}, "a map cannot become a dict: [1] cannot be hashed by Python",
           "as keys and elements a tuple stands for a list, a frozen Envmgr.Set for a MapSet"},
          {bad(),
           "a struct Sample.Bare cannot become a Python value: nothing says what it is in Python",
           "@derive {Envmgr.Encoder, only: [...]} above its defstruct sends a dict of these fields; " <>
             "defimpl Envmgr.Encoder, for: Sample.Bare sends what its encode/1 returns"}
        ] do
      assert {"args[0]", %Refusal{} = refusal} = located([term])
      assert Refusal.text(refusal) == text
      assert refusal.hint == hint
    end
  end

  test "keys that Python holds equal, of whatever types" do
    half = %Envmgr.Fraction{numerator: 2, denominator: 4}

    for {a, b} <- [
          {0.5, half},
          {half, %Envmgr.Decimal{text: "0.50"}},
          {2, %Envmgr.Complex{re: 2.0, im: 0.0}},
          {1, %Array{dtype: "float32", shape: {}, data: <<1.0::float-little-32>>, scalar: true}},
          {"a", :a},
          {%Set{items: [1, 2], frozen: true}, %Set{items: [2.0, 1], frozen: true}},
          {~U[2026-01-01 00:00:00Z],
           %{~U[2026-01-01 01:00:00Z] | utc_offset: 3600, time_zone: "UTC+01:00", zone_abbr: "X"}}
        ] do
      assert {"args[0]", %Refusal{reason: "Python holds" <> _}} = located([%{a => 1, b => 2}])
    end

    for {a, b} <- [
          {:nan, {:nan}},
          {0.5, 0.25},
          {"1", 1},
          {{1, "a"}, {1, "b"}},
          {:infinity, :neg_infinity}
        ] do
      assert {:ok, _} = Encoder.encode(%{a => 1, b => 2})
    end
  end

  describe "bombs" do
    test "texts that are shared are no longer together than a frame" do
      text = String.duplicate("ä", 50_000)
      long = "it takes more than the #{Envmgr.Wire.max_frame()} bytes of a frame"

      for levels <- [20, 60] do
        bomb = Enum.reduce(1..levels, text, fn _, x -> [x, x] end)
        {time, answer} = :timer.tc(fn -> Encoder.encode(bomb) end)
        assert {:error, %Refusal{whole: true, reason: ^long}} = answer
        assert time < 120_000_000
      end
    end

    test "bytes of the second lane that are shared go out a few times, and not without end" do
      bytes = Envmgr.bytes(:binary.copy("x", 16 * 1_048_576))
      lane = &Encoder.arguments([&1], [], nil, lane: 131_072, into: nil)
      assert {:ok, _payload, buffers} = lane.(List.duplicate(bytes, 32))
      assert length(buffers) == 32
      bomb = Enum.reduce(1..60, bytes, fn _, x -> [x, x] end)
      assert {:error, %Refusal{whole: true, reason: "it takes more" <> _}} = lane.(bomb)
      assert {:ok, _payload, []} = lane.([1])
    end

    test "parts that are shared are counted as often as they are sent" do
      bomb = Enum.reduce(1..50, [1], fn _, x -> [x, x] end)
      maps = Enum.reduce(1..50, %{}, fn _, x -> %{"a" => x, "b" => x} end)
      tuples = Enum.reduce(1..50, {}, fn _, x -> {x, x, x} end)
      dicts = Enum.reduce(1..50, 1, fn _, x -> %Dict{pairs: [{"a", x}, {"b", x}]} end)
      slices = Enum.reduce(1..50, 1, fn _, x -> %Slice{start: x, stop: x, step: nil} end)
      leaf = %Set{items: [0], frozen: true}
      sets = Enum.reduce(1..50, leaf, fn _, x -> %Set{items: [x, {x}], frozen: true} end)

      for term <- [bomb, maps, tuples, %{tuples => 1}, dicts, slices, sets, [bomb]] do
        {time, answer} = :timer.tc(fn -> Encoder.encode(term, nil, nil, 100_000) end)
        assert {:error, %Refusal{whole: true, reason: "it has more than 100000 parts"}} = answer
        assert time < 60_000_000
      end

      wide = List.duplicate(List.duplicate(List.duplicate(1, 1_000), 1_000), 1_000)
      assert {:error, %Refusal{whole: true}} = Encoder.encode(wide, nil, nil, 100_000)
      assert {:ok, _} = Encoder.encode(List.duplicate(1, 99_000), nil, nil, 100_000)
      times = List.duplicate(~N[2026-01-01 00:00:00.000001], 30_000)
      assert {:ok, _} = Encoder.encode([times, List.duplicate(1, 9_000)], nil, nil, 100_000)
      # Nothing is left of it for the next value.
      assert {:ok, _} = Encoder.encode(List.duplicate(1, 99_000), nil, nil, 100_000)
    end

    test "a struct that encodes to itself" do
      assert {"args[0]", %Refusal{whole: true}} = located([%Own{run: & &1}])
    end

    test "an encode/1 that fails is told" do
      assert {"args[0]", %Refusal{reason: reason}} =
               located([%Own{run: fn _ -> raise "no way" end}])

      assert reason =~ "no way"
    end

    test "the place of a value that is too deep is the whole of it" do
      deep = Enum.reduce(1..600, 1, fn _, x -> [x] end)
      assert {~s(args[1]), %Refusal{hint: "send a flatter" <> _}} = located([1, deep])
    end
  end

  describe "an answer" do
    test "is searched for the part that cannot be read" do
      for {value, place} <- [
            {[1, [2, :hole]], "value[1][1]"},
            {%{"rows" => List.duplicate(1, 17) ++ [:hole]}, ~s(value["rows"][17])},
            {{1, :hole}, "value[1]"},
            {%Set{items: [:hole], frozen: true}, "value{…}"},
            {%Record{kind: :object, type: "m.P", fields: [{"x", 1}, {"y", [:hole]}]},
             "value.y[0]"},
            {%Dict{pairs: [{"a", 1}, {"b", :hole}]}, ~s(value["b"])},
            {%Object{type: "a.b", parts: %{"p" => :hole}}, ~s(value["p"])},
            {%EnumMember{type: "a.b", name: "N", value: :hole}, "value.value"},
            {%Array{dtype: "object", shape: {2}, data: [1, :hole]}, "value[1]"},
            {:hole, "value"}
          ] do
        {:ok, data} = Encoder.encode(value)
        # The atom `hole` becomes an extension that nobody knows.
        data =
          data
          |> IO.iodata_to_binary()
          |> String.replace(<<0xD6, 6, "hole">>, <<0xD6, 99, "hole">>)

        assert {:error, reason} = Decoder.decode(data)

        assert Unread.answer(data, nil, {}, [], reason) ==
                 {place, "extension type 99 is unknown or malformed"}
      end
    end

    test "of a frame names its column" do
      column = [0x93, Msgpack.str(5), "price", 0xA1, "o", 0x92, 1, <<0xD4, 99, 1>>]

      parts =
        IO.iodata_to_binary([0x95, 0xA1, "k", 0x81, 0xA4, "rows", 2, 0x91, column, 0xC0, 0xC0])

      data = Msgpack.ext(15, byte_size(parts)) <> parts
      assert {:error, reason} = Decoder.decode(data)

      assert {~s(value["price"][1]), "extension type 99" <> _} =
               Unread.answer(data, nil, {}, [], reason)
    end
  end
end
