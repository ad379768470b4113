defmodule Envmgr.CommandsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Commands

  test "commands are told as they are given where the reader is" do
    text = "run `envmgr lock` and `envmgr sync x`"
    assert Commands.spoken(text) == "run `mix envmgr lock` and `mix envmgr sync x`"
    assert Commands.spoken(text, :bare) == text

    assert Commands.spoken(text, :release) ==
             "run `envmgr lock` where its environments are built and `envmgr sync x`"

    for place <- [:mix, :bare, :release],
        words <- [nil, "the option timeout"],
        do: assert(Commands.spoken(words, place) == words)

    assert Commands.install() == "`mix envmgr.install`"
    assert Commands.install(:bare) == "`envmgr sync`"
    assert Commands.install(:release) == "`envmgr sync` where its environments are built"
    assert Commands.command() == "run `mix envmgr.install`"
    assert Commands.command(:release) =~ "config :envmgr, command:"
  end
end
