defmodule Envmgr.Calls.MetadataTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Envmgr.{Array, Ref}
  alias Envmgr.Test.Project

  setup do
    {name, _project} = Project.start(workers: 1)
    %{name: name}
  end

  test "is there when it is asked for", %{name: name} do
    assert {:ok, 1, metadata} = Envmgr.execute("probe.echo", [1], name: name, metadata: true)

    assert metadata == %{
             warnings: [],
             bytes: 1,
             library: "probe",
             environment: "std",
             generation: 1
           }

    assert {1, ^metadata} = Envmgr.execute!("probe.echo", [1], name: name, metadata: true)
    assert {:error, _} = Envmgr.execute("probe.fail", ["x"], name: name, metadata: true)

    assert {:ok, %Array{}, %{bytes: bytes}} =
             Envmgr.execute("probe.floats", [100_000], name: name, metadata: true)

    assert bytes in 800_000..800_100
  end

  test "says what stayed in Python, where and why; the log too", %{name: name} do
    log =
      capture_log(fn ->
        assert {:ok, %Ref{type: "builtins.dict"}, %{warnings: [warning]}} =
                 Envmgr.execute("probe.circle", [], name: name, metadata: true)

        assert warning =~ ~s(value["a"][2])
        assert {:ok, %Ref{}} = Envmgr.execute("probe.circle", [], name: name)
      end)

    # Another test may say it, too.
    assert length(String.split(log, ~s(probe.circle: value["a"][2]))) >= 3
  end

  test "an argument that Python refuses is named too", %{name: name} do
    value = %{"rows" => [1, %Envmgr.EnumMember{type: "nope.Color", name: "RED", value: 1}]}
    assert {:error, error} = Envmgr.execute("probe.echo", [value], name: name)
    assert error.code == :conversion
    assert error.details == %{path: ~s(args[0]["rows"][1])}
    assert String.starts_with?(error.message, error.details.path)
  end

  test "a wrong option is an error", %{name: name} do
    assert {:error, %{code: :arguments}} =
             Envmgr.execute("probe.echo", [1], name: name, metadata: 1)
  end
end
