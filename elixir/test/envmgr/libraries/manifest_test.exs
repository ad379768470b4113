defmodule Envmgr.Libraries.ManifestTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.Manifest
  alias Envmgr.Values.Encoder

  defp parse(environment \\ %{}, library \\ %{}) do
    library = Map.merge(%{"module" => "m", "timeout" => 1, "catalog" => "c"}, library)

    manifest =
      Map.merge(
        %{
          "schema" => 1,
          "environment" => "e",
          "generation" => 1,
          "command" => ["python"],
          "pools" => %{"default" => %{"min" => 1, "max" => 1}},
          "libraries" => %{"m" => library}
        },
        environment
      )

    {:ok, data} = Encoder.encode(manifest)
    {:ok, parsed} = Manifest.parse(IO.iodata_to_binary(data), "/srv/app")
    parsed
  end

  test "compression and serializers, and none of them in a manifest of an earlier version" do
    assert %{compression: "none", libraries: %{"m" => %{serializers: none}}} = parse()
    assert none == %{}
    parsed = parse(%{"compression" => "zlib"}, %{"serializers" => %{"a.B" => "ref"}})
    assert %{compression: "zlib", libraries: %{"m" => %{serializers: %{"a.B" => "ref"}}}} = parsed
  end

  test "other aliases ask for no other workers" do
    parsed = parse(%{}, %{"aliases" => %{"n" => "m"}})
    assert %{libraries: %{"m" => %{aliases: %{"n" => "m"}}}} = parsed
    assert Manifest.same_workers?(parse(), parsed)
  end

  test "other strategies and another compression ask for other workers" do
    assert Manifest.same_workers?(
             parse(),
             parse(%{"pools" => %{"default" => %{"min" => 1, "max" => 3}}}, %{"timeout" => 9})
           )

    refute Manifest.same_workers?(parse(), parse(%{}, %{"serializers" => %{"a.B" => "ref"}}))
    refute Manifest.same_workers?(parse(), parse(%{"compression" => "zlib"}))
  end
end
