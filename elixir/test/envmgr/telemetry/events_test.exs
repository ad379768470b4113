defmodule Envmgr.Telemetry.EventsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Telemetry
  alias Envmgr.Telemetry.Events

  test "each key of the table is explained, and no other" do
    used =
      for {_name, _when, measured, about} <- Events.table(), key <- measured ++ about, do: key

    assert Keyword.keys(Events.keys()) == used |> Enum.uniq() |> Enum.sort()
  end

  test "each event stands there once, and has a bit of its own in a small integer" do
    names = for {name, _, _, _} <- Events.table(), do: name
    assert names == Enum.uniq(names)
    bits = Enum.map(names, &Events.bit/1)
    assert Enum.sum(bits) == Bitwise.bsl(1, length(names)) - 1
    assert length(names) < 57

    assert Events.bit([:call]) ==
             [:start, :stop, :exception] |> Enum.map(&Events.bit([:call, &1])) |> Enum.sum()

    assert Events.bit([:nothing, :like, :it]) == 0
    assert Enum.all?(names, &([:envmgr | &1] in Telemetry.events()))
  end

  test "docs/telemetry.md has the table as it is" do
    assert String.contains?(File.read!("../docs/telemetry.md"), "\n\n#{Events.text()}\n\n"),
           "put there what `mix run --no-start -e 'IO.puts(Envmgr.Telemetry.Events.text())'` prints"
  end

  @told ~r/\b(?:execute|tell|finish)\(\s*(?:\w+,\s*)?\[(:[a-z]+, :[a-z_]+)\]/

  test "what the library tells is in the table" do
    # A name that is made of parts is proved by the tests of its events.
    told =
      for file <- Path.wildcard("lib/**/*.ex"),
          [_, name] <- Regex.scan(@told, code(file)),
          name = name |> String.split(", ") |> Enum.map(&String.to_atom(String.trim(&1, ":"))),
          do: {file, name}

    assert [] = for({file, name} <- told, Events.bit(name) == 0, do: {file, name})
    assert {"lib/envmgr/pool/life.ex", [:worker, :ready]} in told
  end

  defp code(file), do: file |> File.read!() |> String.replace(~r/#[^{\n].*/, "")
end
