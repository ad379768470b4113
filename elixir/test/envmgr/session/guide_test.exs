defmodule Envmgr.Session.GuideTest do
  # docs/sessions.md: its code is the adapter of these tests, and what it says comes out.
  use ExUnit.Case, async: true

  alias Envmgr.Test.Project

  @guide Path.expand("../../../../docs/sessions.md", __DIR__)
  @adapter Path.expand("../../support/python/basket.py", __DIR__)

  defp blocks(language) do
    for [_, code] <- Regex.scan(~r/```#{language}\n(.*?)```/s, File.read!(@guide)), do: code
  end

  test "the guide" do
    assert [code] = blocks("python")
    assert code == "# basket.py\n" <> File.read!(@adapter)

    {name, _project} =
      Project.start(workers: 2, libraries: %{"basket" => Project.library("basket")})

    assert [_, _] = examples = blocks("elixir")

    for example <- examples do
      example
      |> String.replace("with_session(fn", "with_session([name: #{inspect(name)}], fn")
      |> String.replace("open!(", "open!(name: #{inspect(name)}, ")
      |> Code.eval_string()
    end

    assert Envmgr.Session.list(name) == []
  end
end
