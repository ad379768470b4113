defmodule Envmgr.Values.GuideTest do
  # docs/serializers.md: its library is made, and its Elixir runs.
  use ExUnit.Case, async: true

  import Envmgr.Test.Guide

  @guide "serializers.md"

  test "the guide's structs go to Python and come back" do
    [points] = blocks(@guide, "ini")
    [toml] = blocks(@guide, "toml")

    strategies =
      Map.new(Regex.scan(~r/"(\S+)" = "(\S+)"/, toml), fn [_, type, how] -> {type, how} end)

    files = [
      {"shop-1.0.dist-info/entry_points.txt", points},
      {"shop-1.0.dist-info/METADATA", "Name: shop\nVersion: 1.0\n"}
      | @guide |> blocks("python") |> files()
    ]

    project = project("shop", files, %{"serializers" => strategies})
    # The structs are compiled: test/support/guide.ex.
    [_structs, elixir] = blocks(@guide, "elixir")
    assert run(elixir, project) == "tea"
    Supervisor.stop(:ets.info(Shop, :owner))
  end
end
