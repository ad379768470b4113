defmodule Envmgr.Values.GuideTest do
  # docs/serializers.md: its library is made, and its Elixir runs.
  use ExUnit.Case, async: false

  alias Envmgr.Test.Project

  @guide File.read!("../docs/serializers.md")

  test "the guide's structs go to Python and come back" do
    project = Project.new()
    path = Path.join(project, "site")

    for code <- blocks("python") do
      [_, name] = Regex.run(~r/\A# (\S+)\n/, code)
      write(Path.join(path, name), code)
    end

    [points] = blocks("ini")
    write(Path.join(path, "shop-1.0.dist-info/entry_points.txt"), points)
    write(Path.join(path, "shop-1.0.dist-info/METADATA"), "Name: shop\nVersion: 1.0\n")
    layer = Path.join(project, "layer")
    Project.build(layer, path, ["shop"])
    [toml] = blocks("toml")

    strategies =
      Map.new(Regex.scan(~r/"(\S+)" = "(\S+)"/, toml), fn [_, type, how] -> {type, how} end)

    shop =
      Project.library("shop", %{
        "serializers" => strategies,
        "catalog" => Path.join(layer, "shop.catalog")
      })

    Project.activate(project, "shop", workers: 1, path: path, libraries: %{"shop" => shop})
    # The structs are compiled: test/support/guide.ex.
    [_structs, elixir] = blocks("elixir")
    assert elixir =~ ~s(project: ".",)
    elixir = String.replace(elixir, ~s(project: "."), "project: #{inspect(project)}")
    assert {"tea", [_ | _]} = Code.eval_string(elixir)
    Supervisor.stop(:ets.info(Shop, :owner))
  end

  defp blocks(language) do
    for [_, code] <- Regex.scan(~r/```#{language}\n(.*?)```/s, @guide), do: code
  end

  defp write(path, content) do
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, content)
  end
end
