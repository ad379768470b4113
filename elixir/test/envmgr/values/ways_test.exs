defmodule Envmgr.Values.WaysTest do
  # What decides besides the value: hints, users' structs and decoders, the second lane.
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Bytes, Custom, EnumMember, MemoryView, Object, Record, Set}
  alias Envmgr.Libraries.Signature
  alias Sample.{All, Except, Only, Own}
  alias Envmgr.Values.{Decoder, Decoders, Encoder, Refusal}

  defp encode!(value, into \\ nil) do
    assert {:ok, data} = Encoder.encode(value, nil, into)
    IO.iodata_to_binary(data)
  end

  defp payload(args, kwargs, into) do
    assert {:ok, data, []} = Encoder.arguments(args, kwargs, nil, into: into)
    IO.iodata_to_binary(data)
  end

  describe "hints" do
    test "a parameter's type decides what a list or binary is" do
      assert encode!([1, 2], "tuple") == encode!({1, 2})
      assert encode!([1, 2], "set") == encode!(MapSet.new([1, 2]))
      assert encode!([], "set") == encode!(MapSet.new())
      assert encode!([1, 1.0, true, 2], "set") == encode!(MapSet.new([1, 2]))
      assert encode!([1, 2], "frozenset") == encode!(%Set{items: [1, 2], frozen: true})
      assert encode!(MapSet.new([1]), "frozenset") == encode!(%Set{items: [1], frozen: true})
      assert encode!([1, [2]], "ndarray") == <<0xD6, 26, 0x92, 1, 0x91, 2>>
      assert encode!(<<255>>, "bytes") == encode!(%Bytes{data: <<255>>})
    end

    test "what is no list or binary is as it is" do
      for into <- ~w(tuple set ndarray bytes frozenset what),
          value <- [nil, 1, 1.5, :a, {1}, MapSet.new([1]), %{"a" => [1]}, %Bytes{data: "a"}],
          not (into == "frozenset" and is_struct(value, MapSet)) do
        assert encode!(value, into) == encode!(value)
      end

      assert encode!("text", "tuple") == encode!("text")
      assert encode!([1], "bytes") == encode!([1])
      assert encode!([[1]], "tuple") == encode!({[1]})
      assert {:error, %Refusal{}} = Encoder.encode([1 | 2], nil, "set")
      assert {:error, %Refusal{}} = Encoder.encode([[1]], nil, "set")
    end

    test "they are found by position, in *args, by name and in **kwargs" do
      parameters = [
        ["a", 0, nil, "tuple"],
        ["b", 1, nil],
        ["args", 2, nil, "set"],
        ["c", 3, nil, "bytes"],
        ["kwargs", 4, nil, "ndarray"]
      ]

      into = Signature.hints(parameters)

      assert payload([[1], [1], [1], [1]], [{"c", "x"}, {"b", [1]}, {"d", [1]}], into) ==
               <<0x92, 0x94, encode!({1})::binary, 0x91, 1, encode!(MapSet.new([1]))::binary,
                 encode!(MapSet.new([1]))::binary, 0x83, 0xA1, "c", 0xC4, 1, "x", 0xA1, "b", 0x91,
                 1, 0xA1, "d", 0xD5, 26, 0x91, 1>>

      assert Signature.hints([["a", 1, nil, nil], ["b", 2, nil]]) == nil
      assert Signature.hints(nil) == nil
      assert Signature.hints([["a", 1, nil, "set"]]) == {{"set"}, nil, %{"a" => "set"}, nil}
    end

    test "signatures are read with and without them" do
      assert Signature.text("f", [["a", 0, nil, "set"], ["b", 3, "1", nil]]) == "f(a, /, *, b=1)"
      assert Signature.positional([["a", 0, nil, "set"], ["b", 1, "1", nil]]) == {1, 2}
      assert [] = Signature.problems([["a", 1, nil, "set"]], 0, ["a"])
      assert Signature.parameter(["a", 1, nil, "set"]).name == "a"
    end
  end

  describe "users' structs" do
    test "are dicts of the fields that are derived, or what encode/1 says" do
      assert encode!(%Only{x: 1, y: [2], secret: 3}) == encode!(%{"x" => 1, "y" => [2]})
      assert encode!(%Except{x: 1, secret: 3}) == encode!(%{"x" => 1})
      all = %All{x: 1, inner: %Only{x: 1, y: 2}}
      assert encode!(all) == encode!(%{"x" => 1, "inner" => %{"x" => 1, "y" => 2}})
      assert encode!([%Own{run: fn _ -> {1, 2} end}]) == encode!([{1, 2}])
    end

    test "may call Python while they are encoded" do
      large = :binary.copy("x", 100)

      inner = fn _own ->
        large_bytes = [%Bytes{data: large}]
        assert {:ok, _, [bytes: ^large]} = Encoder.arguments(large_bytes, [], nil, lane: 10)
        %Bytes{data: :binary.copy("z", 100)}
      end

      args = [%Bytes{data: :binary.copy("y", 100)}, %Own{run: inner}]

      assert {:ok, _, [bytes: "y" <> _, bytes: "z" <> _]} =
               Encoder.arguments(args, [], nil, lane: 10)
    end

    test "with a type they are objects of it" do
      point = [{"x", 1}, {"y", 2}]

      assert encode!(%Sample.Point{x: 1, y: 2}) ==
               encode!(%Record{kind: :dataclass, type: "m.P", fields: point})

      assert encode!(%Sample.Size{x: 1, y: 2}) ==
               encode!(%Record{kind: :namedtuple, type: "m.S", fields: Enum.reverse(point)})

      assert encode!(%Sample.Money{amount: 1, currency: "EUR"}) ==
               encode!(%Custom{
                 serializer: "money",
                 type: "m.M",
                 value: %{"amount" => 1, "currency" => "EUR"}
               })
    end

    test "what cannot be derived is told" do
      # Protocols are consolidated by now, of which the compiler warns.
      ExUnit.CaptureIO.capture_io(:stderr, fn ->
        for {options, words} <- [
              {"only: [:z]", "has no field :z"},
              {"only: [:x], except: []", "only and except at once"},
              {"onyl: [:x]", "unknown options [:onyl]"},
              {"type: :point", "type: :point is no name of a class"},
              {"kind: :object", "kind and serializer need a type"},
              {"type: \"m.P\", kind: :class", "kind: :class is none of"}
            ] do
          wrong = "defmodule Wrong do @derive {Envmgr.Encoder, #{options}}; defstruct [:x] end"

          assert_raise ArgumentError, ~r/#{Regex.escape(words)}/, fn ->
            Code.eval_string(wrong)
          end
        end
      end)
    end
  end

  describe "decoders" do
    setup do
      name = :"decoders#{System.unique_integer([:positive])}"

      Decoders.register(name, %{
        "m.P" => &{:point, &1["x"]},
        "m.E" => fn member -> member.name end,
        "m.O" => fn object -> object.parts end,
        "csv" => fn custom -> {:csv, custom.value} end,
        "m.C" => fn custom -> {:type, custom.value} end,
        "m.Bad" => fn _value -> raise "broken" end,
        "m.Money" => Sample.Money,
        "m.Thrown" => fn _value -> throw(:ball) end
      })

      on_exit(fn -> Decoders.register(name, %{}) end)
      %{home: %{owner: self(), library: "m", generation: 1, environment: "e", name: name}}
    end

    test "put what they return in a value's place", %{home: home} do
      point = %Record{kind: :dataclass, type: "m.P", fields: [{"x", 1}]}

      for {value, seen} <- [
            {[point, {point}], [{:point, 1}, {{:point, 1}}]},
            {%EnumMember{type: "m.E", name: "RED", value: 1}, "RED"},
            {%Object{type: "m.O", parts: %{"a" => 1}}, %{"a" => 1}},
            {%Record{kind: :object, type: "m.Money", fields: [{"amount", 1}, {"x", 2}]},
             %Sample.Money{amount: 1, currency: nil}},
            {%Custom{serializer: "x", type: "m.Money", value: %{"currency" => "EUR"}},
             %Sample.Money{currency: "EUR"}},
            {%Object{type: "m.Money", parts: %{"amount" => 3}}, %Sample.Money{amount: 3}},
            {%Custom{serializer: "csv", type: "m.C", value: "a"}, {:csv, "a"}},
            {%Custom{serializer: "other", type: "m.C", value: "a"}, {:type, "a"}},
            {%Record{point | type: "m.Q"}, %Record{point | type: "m.Q"}}
          ] do
        assert Decoder.decode(encode!(value), home) == {:ok, seen}
        assert Decoder.decode(encode!(value), %{home | name: :nobody}) == {:ok, value}
        assert Decoder.decode(encode!(value)) == {:ok, value}
      end
    end

    test "one that fails is an error that names the type", %{home: home} do
      bad = %Record{kind: :dataclass, type: "m.Bad", fields: []}

      assert {:error, "the decoder of m.Bad failed: " <> why} =
               Decoder.decode(encode!([bad]), home)

      assert why =~ "broken"
      thrown = encode!(%Record{bad | type: "m.Thrown"})
      assert {:error, "the decoder of m.Thrown failed: " <> _} = Decoder.decode(thrown, home)
    end
  end

  describe "the second lane" do
    test "large binaries are put aside in order, and come back as they are" do
      large = :binary.copy(<<7>>, 1_000)

      values = [
        %Bytes{data: large},
        %Bytes{data: :binary.copy(<<8>>, 1_000), kind: :bytearray},
        %Array{dtype: "uint8", shape: {1000}, data: :binary.copy(<<9>>, 1_000), order: :f},
        %MemoryView{format: "B", shape: {1000}, data: large},
        %Array{dtype: "|V1000", shape: {}, data: large, scalar: true},
        %Bytes{data: "small"},
        %Array{dtype: "object", shape: {1}, data: [%Bytes{data: large}]}
      ]

      assert {:ok, data, buffers} =
               Encoder.arguments(values, [{"x", hd(values)}], nil, lane: 1_000)

      # By name, then by position.
      assert [:bytes, :bytes, :memory, :memory, :memory, :memory, :bytes] = Keyword.keys(buffers)

      buffers = Keyword.values(buffers)
      assert Enum.all?(buffers, &(byte_size(&1) == 1_000))
      data = IO.iodata_to_binary(data)
      assert byte_size(data) < 300

      assert {:ok, [^values, %{"x" => %Bytes{data: ^large}}]} =
               Decoder.decode(data, nil, List.to_tuple(buffers))

      assert {:ok, _, []} = Encoder.arguments(values, [], nil, lane: 1_001)
      assert {:ok, _, []} = Encoder.arguments(values, [], nil, lane: nil)
    end

    test "by their bytes" do
      data = :binary.copy("x", 300)
      head = <<0x93, 0, 0xCD, 300::16, 0>>

      assert {:ok, frame, [bytes: ^data]} =
               Encoder.arguments([%Bytes{data: data}], [], nil, lane: 300)

      assert IO.iodata_to_binary(frame) == <<0x92, 0x91, 0xC7, 6, 30, head::binary, 0x80>>

      array = %Array{dtype: "uint8", shape: {300}, data: data}
      assert {:ok, frame, [memory: ^data]} = Encoder.arguments([array], [], nil, lane: 300)

      assert IO.iodata_to_binary(frame) ==
               <<0x92, 0x91, 0xC7, 17, 30, 0x93, 0, 0xCD, 300::16, 14, 0x92, 0xA5, "uint8", 0x91,
                 0xCD, 300::16, 0x80>>
    end

    test "nothing is copied" do
      data = :binary.copy(<<1>>, 100_000)

      assert {:ok, _, [bytes: buffer]} =
               Encoder.arguments([%Bytes{data: data}], [], nil, lane: 1_000)

      assert :erts_debug.same(buffer, data)
      head = <<0xC7, 8, 30, 0x93, 0, 0xCE, 100_000::32, 0>>
      assert {:ok, [%Bytes{data: back}]} = Decoder.decode(<<0x91, head::binary>>, nil, {data})
      assert :erts_debug.same(back, data)
    end

    test "buffers that are not there are errors" do
      for {ext, buffers} <- [
            {<<0x93, 1, 1, 0>>, {"a"}},
            {<<0x93, 0, 2, 0>>, {"a"}},
            {<<0x93, -1::8, 1, 0>>, {"a"}},
            {<<0x93, 0, 1, 3>>, {"a"}},
            {<<0x93, 0, 1, 0, 1>>, {"a"}},
            {<<0x93, 0, 1, 14>>, {"a"}},
            {<<0x93, 0, 1, 30, 0x93, 0, 1, 0>>, {"a"}},
            {<<0x92, 0, 1>>, {"a"}}
          ] do
        data = Envmgr.Wire.Msgpack.ext(30, byte_size(ext)) <> ext
        assert {:error, _} = Decoder.decode(data, nil, buffers)
      end
    end

    test "a failure leaves nothing behind" do
      args = [%Bytes{data: :binary.copy("x", 100)}, self()]
      assert {:error, %Refusal{}} = Encoder.arguments(args, [], nil, lane: 10)
      broken = [hd(args), %{MapSet.new() | map: nil}]
      assert_raise BadMapError, fn -> Encoder.arguments(broken, [], nil, lane: 10) end
      assert {:ok, _, []} = Encoder.arguments([1], [], nil, lane: 10)
      assert Process.get() |> Keyword.keys() |> Enum.filter(&(&1 == :"$envmgr_encoding")) == []
    end
  end
end
