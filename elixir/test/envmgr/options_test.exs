defmodule Envmgr.OptionsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Options

  test "every problem is told, with the near name" do
    error =
      assert_raise ArgumentError, fn ->
        Options.new!(projct: "x", start_timeout: 0, name: nil, watch: 1)
      end

    assert error.message =~ "unknown option :projct, did you mean project?"
    assert error.message =~ "0 is no value of :start_timeout"
    assert error.message =~ "nil is no value of :name"
    assert error.message =~ "1 is no value of :watch"
  end

  test "a secret is new each time, and is not shown" do
    one = Options.new!(project: false)
    assert <<_::256>> = one.secret.()
    assert one.secret.() == one.secret.()
    assert one.secret.() != Options.new!(project: false).secret.()

    for shown <- [inspect(one, structs: false, limit: :infinity), :io_lib.format("~p", [one])],
        do: refute(IO.iodata_to_binary(shown) =~ ~r/secret\W+(<<|"|~)/)

    assert_raise ArgumentError, ~r/unknown option :secret/, fn -> Options.new!(secret: "x") end
  end

  test "decoders are functions of one argument by type" do
    decoders = %{"m.P" => & &1}
    assert Options.new!(decoders: decoders, project: false).decoders == decoders

    decoders = %{"m.P" => Envmgr.Bytes}
    assert Options.new!(decoders: decoders, project: false).decoders == decoders

    for wrong <- [
          %{"m.P" => fn -> 1 end},
          %{"m.P" => String},
          %{"m.P" => nil},
          %{P => & &1},
          [{"m.P", & &1}],
          nil
        ] do
      assert_raise ArgumentError, ~r/decoders/, fn -> Options.new!(decoders: wrong) end
    end
  end

  test "the nearest envmgr.toml above is the project" do
    root = Envmgr.Test.Project.new([{"envmgr.toml", ""}])
    below = Path.join(root, "a/b")
    File.mkdir_p!(below)
    assert Options.nearest(below) == root
    assert Options.new!(project: below).project == below
    assert Options.new!(project: false).project == nil
  end
end
