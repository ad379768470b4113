defmodule Envmgr.Wire.MessagesTest do
  use ExUnit.Case, async: true

  alias Envmgr.Wire.{Messages, Msgpack}

  test "what the pool writes" do
    bytes = fn message -> Base.encode16(IO.iodata_to_binary(message), case: :lower) end
    tail = Messages.call_tail("math.sqrt", 0, <<0x92, 0x90, 0x80>>, 3)
    assert bytes.(Messages.call(1, tail)) == "950101a96d6174682e7371727400c403929080"

    assert bytes.(Messages.call(70_000, Messages.call_tail({5, "x"}, 3, "", 0))) ==
             "9501ce000111709205a17803c400"

    assert bytes.(Messages.cancel(200)) == "9207ccc8"
    assert bytes.(Messages.release([1, 2])) == "930a00920102"
    assert bytes.(Messages.recall([1, 300])) == "9314009201cd012c"
    assert bytes.(Messages.ping(9)) == "920e09"
    assert bytes.(Messages.more(3, 1_000)) == "930503cd03e8"
    assert bytes.(Messages.callback_result(7, 1, [<<1>>, 2])) == "94090701c4020102"
    assert bytes.(Messages.session("s", [<<0x80>>])) == "940b00a173c40180"
    assert bytes.(Messages.bye()) == "920f00"
    assert Messages.flags(:ref, :attribute) == 3
    assert Messages.flags(:value, :call) == 0
    assert Messages.stream(Messages.flags(:ref, :call)) == 9
  end

  test "a frame is walked message by message" do
    frame =
      <<0x93, 2, 1, 0xC4, 1, 7>> <>
        <<0x93, 3, 0xCD, 300::16, 0xC5, 2::16, 1, 2>> <>
        <<0x94, 12, 0, 1, 0xA2, "hi">> <>
        <<0x92, 14, 0xCE, 70_000::32>> <> <<0x93, 0, 0, 0x81, 0xA3, "pid", 0xCD, 500::16>>

    assert {{:result, 1, <<7>>}, rest} = Messages.next(frame)
    assert {{:error, 300, <<1, 2>>}, rest} = Messages.next(rest)
    assert {{:log, 0, 1, "hi"}, rest} = Messages.next(rest)
    assert {{:ping, 70_000}, rest} = Messages.next(rest)
    assert {{:hello, <<0x81, _::binary>>}, ""} = Messages.next(rest)
  end

  test "what a call says that goes on beside others" do
    frame =
      <<0x92, 17, 5, 0x93, 4, 5, 0xC4, 1, 7, 0x92, 6, 5>> <>
        <<0x95, 8, 0, 1, 0xCF, 1::32, 2::32, 0xC4, 1, 9>> <>
        <<0x93, 18, 0, 0x92, 3, 0xCF, 1::32, 2::32>> <>
        <<0x93, 20, 0, 0x92, 3, 0xCD, 300::16>> <>
        <<0x94, 11, 6, 0xA1, "s", 0xC4, 1, 0x80>> <>
        <<0x96, 12, 4, 3, 0xA2, "hi", 0xA1, "x", 30>>

    assert {{:aside, 5}, rest} = Messages.next(frame)
    assert {{:chunk, 5, <<7>>}, rest} = Messages.next(rest)
    assert {{:end, 5}, rest} = Messages.next(rest)
    assert {{:callback, 0, 1, key, <<9>>}, rest} = Messages.next(rest)
    assert key == 2 ** 32 + 2
    assert {{:drop, [3, ^key]}, rest} = Messages.next(rest)
    assert {{:returned, [3, 300]}, rest} = Messages.next(rest)
    assert {{:session, 6, "s", <<0x80>>}, rest} = Messages.next(rest)
    assert {{:log, 4, 3, "hi", "x", 30}, ""} = Messages.next(rest)
  end

  test "what a zygote says" do
    frame =
      <<0x93, 19, 3, 0xCE, 70_000::32, 0x94, 19, 4, 0xC0, 0xA2, "no">> <>
        <<0x94, 19, 0, 5, 0xF7, 0x94, 19, 0, 6, 0xCC, 200, 0x94, 19, 0, 7, 0xD0, -64::signed>>

    assert {{:forked, 3, 70_000}, rest} = Messages.next(frame)
    assert {{:unforked, 4, "no"}, rest} = Messages.next(rest)
    assert {{:ended, 5, -9}, rest} = Messages.next(rest)
    assert {{:ended, 6, 200}, rest} = Messages.next(rest)
    assert {{:ended, 7, -64}, ""} = Messages.next(rest)
    assert Messages.next(<<0x94, 19, 0, 5, 0xC0>>) == :malformed
    assert Messages.next(<<0x94, 19, 4, 0xC0, 5>>) == :malformed
    assert Messages.next(<<0x93, 19, 0xC0>>) == :malformed
  end

  test "a frame cut anywhere, or with an unknown message, is malformed" do
    frame = <<0x93, 2, 0xCD, 300::16, 0xC6, 3::32, 1, 2, 3>>

    for size <- 0..(byte_size(frame) - 1),
        do: assert(Messages.next(binary_part(frame, 0, size)) == :malformed)

    assert Messages.next(<<0x93, 11, 1, 0>>) == :malformed
    assert Messages.next(<<0x96, 12, 4, 2, 0xA0, 0xA0, 0>>) == :malformed
    assert Messages.next(<<0x94, 12, 0, 3, 0xA0>>) == :malformed
    assert Messages.next(<<0x93, 0, 0, 0x81, 1>>) == :malformed
  end

  test "any value is stepped over" do
    :rand.seed(:exsss, {1, 2, 3})

    for value <-
          [
            nil,
            1,
            -1,
            300,
            70_000,
            2 ** 40,
            -200,
            -40_000,
            -(2 ** 40),
            1.5,
            "x",
            String.duplicate("x", 300)
          ] ++
            [
              [1, [2]],
              %{1 => {2}},
              Enum.to_list(1..70_000),
              Map.new(1..20, &{&1, &1}),
              Envmgr.bytes("x"),
              2 ** 70,
              :ok
            ] ++
            [
              Envmgr.bytes(:rand.bytes(70_000)),
              Map.new(1..70_000, &{&1, nil}),
              MapSet.new(1..300),
              {}
            ] do
      {:ok, data} = Envmgr.Values.Encoder.encode(value)
      data = IO.iodata_to_binary(data)
      assert Msgpack.skip(data <> "rest") == {:ok, "rest"}
      assert Msgpack.skip(binary_part(data, 0, byte_size(data) - 1)) == :error
    end

    assert Msgpack.skip(<<0xC1>>) == :error
  end

  test "flags of a call add up" do
    flags = Messages.flags(:ref, :attribute)
    assert {flags, Messages.stream(flags)} == {3, 11}
    assert {Messages.each(flags), flags |> Messages.in_turn() |> Messages.each()} == {19, 51}
    assert Messages.as_ref?(51) and not Messages.as_ref?(50)
  end
end
