defmodule Envmgr.Pool.StrategiesTest do
  use ExUnit.Case, async: true

  alias Envmgr.Test.Project

  defp start(strategy) do
    probe = Project.library("probe", %{"serializers" => %{"probe.Thing" => strategy}})
    {name, _project} = Project.start(libraries: %{"probe" => probe})
    name
  end

  test "workers do what the manifest says of types" do
    assert {:ok, "<probe.Thing object" <> _} =
             Envmgr.execute("probe.Thing", [7], name: start("repr"))

    assert {:ok, %Envmgr.Ref{}} = Envmgr.execute("probe.Thing", [7], name: start("ref"))
  end

  test "a pickle is opened by the workers of one instance, and by no other's" do
    one = start("pickle")
    {:ok, pickle} = Envmgr.execute("probe.Thing", [7], name: one)

    assert %{__struct__: Envmgr.Pickle, type: "probe.Thing", environment: "key1"} = pickle
    assert {:ok, ^pickle} = Envmgr.execute("probe.echo", [pickle], name: one)
    refute inspect(pickle) =~ inspect(pickle.data)

    for {name, refused} <- [
          {start("pickle"), pickle},
          {one, %{pickle | data: pickle.data <> "."}},
          {one, %{pickle | type: "probe.Other"}}
        ] do
      assert {:error, error} = Envmgr.execute("probe.echo", [refused], name: name)
      assert Exception.message(error) =~ "was not made by a worker of this application"
    end
  end
end
