defmodule Envmgr.CellTest do
  # What an instance serves in a check that `envmgr matrix run` has started.
  use ExUnit.Case, async: false

  alias Envmgr.Options

  @cell "ENVMGR_CELL_PROJECT"

  setup do
    before = System.get_env(@cell)

    on_exit(fn -> if before, do: System.put_env(@cell, before), else: System.delete_env(@cell) end)
  end

  test "the cell is served by instances that ask for no project" do
    System.put_env(@cell, "/cell")
    assert %{project: "/cell", watch: false} = Options.new!([])
    assert %{project: "/cell", watch: false} = Options.new!(project: nil)
    assert %{project: "/other", watch: true} = Options.new!(project: "/other")
    assert %{project: nil} = Options.new!(project: false)
  end

  test "the default instance serves it whatever is configured" do
    configured = Application.fetch_env(:envmgr, :project)

    on_exit(fn ->
      case configured do
        {:ok, project} -> Application.put_env(:envmgr, :project, project)
        :error -> Application.delete_env(:envmgr, :project)
      end
    end)

    Application.put_env(:envmgr, :project, "/configured")
    System.put_env(@cell, "/cell")
    assert %{project: "/cell", watch: false} = Options.default!()
    System.put_env(@cell, "")
    assert %{project: "/configured", watch: true} = Options.default!()
    Application.put_env(:envmgr, :project, false)
    System.put_env(@cell, "/cell")
    assert %{project: nil} = Options.default!()
  end

  if System.get_env(@cell) do
    @tag :cell
    test "calls go to it" do
      assert {:ok, "x"} = Envmgr.execute("six.ensure_str", ["x"])
      assert {:ok, 2.0} = Envmgr.execute("math.sqrt", [4])
      assert {:error, %{code: :unknown_function}} = Envmgr.execute("six.no_such_thing", [])
    end
  end
end
