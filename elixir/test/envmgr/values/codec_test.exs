defmodule Envmgr.Values.CodecTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Bytes, Dict, Ref, Set}
  alias Envmgr.Test.Values
  alias Envmgr.Values.{Decoder, Encoder, Refusal}

  @seed {2026, 11, 22}
  @examples 1_500

  defp encode!(value) do
    assert {:ok, data} = Encoder.encode(value)
    IO.iodata_to_binary(data)
  end

  test "random values come back as they went" do
    :rand.seed(:exsss, @seed)

    for _ <- 1..@examples do
      value = Values.any(4)
      assert Decoder.decode(encode!(value)) === {:ok, value}
    end
  end

  test "sizes around every boundary come back as they went" do
    for size <- [0, 1, 2, 4, 8, 15, 16, 17, 31, 32, 33, 255, 256, 257, 65_535, 65_536, 65_537] do
      text = String.duplicate("x", size)
      assert Decoder.decode(encode!(text)) === {:ok, text}
      assert Decoder.decode(encode!(%Bytes{data: text})) === {:ok, %Bytes{data: text}}
      list = List.duplicate(1, size)
      assert Decoder.decode(encode!(list)) === {:ok, list}
      assert Decoder.decode(encode!(List.to_tuple(list))) === {:ok, List.to_tuple(list)}
      map = Map.new(1..size//1, &{&1, nil})
      assert Decoder.decode(encode!(map)) === {:ok, map}
      array = %Array{dtype: "uint8", shape: {size}, data: text}
      assert Decoder.decode(encode!(array)) === {:ok, array}
    end

    for bits <- [5, 7, 8, 15, 16, 31, 32, 63, 64, 65, 2048], step <- -1..1, sign <- [1, -1] do
      n = sign * 2 ** bits + step
      assert Decoder.decode(encode!(n)) === {:ok, n}
    end
  end

  test "cut, changed and random bytes are errors, never crashes" do
    :rand.seed(:exsss, @seed)

    for _ <- 1..@examples do
      data = encode!(Values.any(3))
      cut = binary_part(data, 0, :rand.uniform(byte_size(data)) - 1)
      assert {:error, reason} = Decoder.decode(cut)
      assert is_binary(reason)

      at = :rand.uniform(byte_size(data)) - 1
      <<head::binary-size(at), _, tail::binary>> = data
      assert {tag, _} = Decoder.decode(<<head::binary, :rand.uniform(256) - 1, tail::binary>>)
      assert tag in [:ok, :error]
      assert {tag, _} = Decoder.decode(:rand.bytes(:rand.uniform(40)))
      assert tag in [:ok, :error]
    end
  end

  test "nesting is bounded in both directions" do
    deep = Enum.reduce(1..600, 1, fn _, value -> [value] end)

    assert {:error, %Refusal{reason: "the value is nested deeper than 512 levels", whole: true}} =
             Encoder.encode(deep)

    assert {:error, "the value is nested deeper than 512 levels"} =
             Decoder.decode(String.duplicate(<<0x91>>, 600) <> <<1>>)

    tuples = Enum.reduce(1..600, {1}, fn _, value -> {value} end)
    assert {:error, %Refusal{whole: true}} = Encoder.encode(tuples)
  end

  test "claimed lengths cost nothing" do
    assert {:error, _} = Decoder.decode(<<0xDD, 0xFFFFFFFF::32>>)
    assert {:error, _} = Decoder.decode(<<0xC6, 0xFFFFFFFF::32, 1>>)
    assert {:error, _} = Decoder.decode(<<0xC9, 0xFFFFFFFF::32, 3>>)
  end

  test "a name that is no atom arrives as a string" do
    name = "no atom has this name #{System.unique_integer()}"
    assert Decoder.decode(<<0xC7, byte_size(name), 6, name::binary>>) == {:ok, name}
    assert_raise ArgumentError, fn -> String.to_existing_atom(name) end
    assert Decoder.decode(<<0xD6, 6, "true">>) == {:ok, "true"}
    long = String.duplicate("a", 300)
    assert Decoder.decode(<<0xC8, 300::16, 6, long::binary>>) == {:ok, long}
  end

  test "keys that Python holds equal are refused" do
    for keys <- [
          [1, 1.0],
          [true, 1],
          [false, 0, -0.0],
          [:a, "a"],
          [{1}, {1.0}],
          [2 ** 60, 1.0 * 2 ** 60]
        ] do
      for value <- [Map.new(keys, &{&1, nil}), MapSet.new(keys)] do
        assert {:error, %Refusal{reason: "Python holds the keys" <> _}} = Encoder.encode(value)
      end
    end

    assert {:ok, _} =
             Encoder.encode(%{
               1 => 1,
               1.5 => 1,
               "1" => 1,
               nil => 1,
               {1} => 1,
               Envmgr.bytes("1") => 1
             })
  end

  test "what is equal in Elixir alone is kept" do
    nan = <<0xCB, 0x7FF8::16, 0::48>>
    set = <<0xC7, 19, 4, 0x92, nan::binary, nan::binary>>
    assert Decoder.decode(set) == {:ok, %Set{items: [:nan, :nan]}}
    assert encode!(%Set{items: [:nan, :nan]}) == set
    dict = <<0x82, nan::binary, 1, nan::binary, 2>>
    assert Decoder.decode(dict) == {:ok, %Dict{pairs: [{:nan, 1}, {:nan, 2}]}}
    assert Decoder.decode(encode!(%Dict{pairs: [{:nan, 1}, {:nan, 2}]})) == Decoder.decode(dict)
  end

  test "refs ask for their worker" do
    ref = %Ref{id: 1, type: "x.Y", owner: self()}
    assert Encoder.encode([ref]) == {:ref, ref}
    assert {:ok, data} = Encoder.encode([ref], self())
    home = %{owner: self(), library: "x", generation: 1, environment: "e", name: Envmgr}

    assert {:ok, [%Ref{id: 1, type: "x.Y", generation: 1}]} =
             Decoder.decode(IO.iodata_to_binary(data), home)

    assert {:error, "a ref outside" <> _} = Decoder.decode(IO.iodata_to_binary(data))
    other = spawn(fn -> :ok end)

    assert {:error, %Refusal{reason: "the object lives in another worker", python: "x.Y"}} =
             Encoder.encode([ref], other)
  end

  test "a small value does not keep a large frame alive" do
    large = encode!([String.duplicate("x", 100_000), String.duplicate("y", 100)])
    assert {:ok, [_, small]} = Decoder.decode(large)
    assert :binary.referenced_byte_size(small) == 100
  end
end
