defmodule EnvmgrTest do
  use ExUnit.Case, async: true

  alias Envmgr.Test.Project

  setup_all do
    {name, _project} = start_shared()
    %{name: name}
  end

  defp start_shared, do: Project.start()

  test "a function answers its value", %{name: name} do
    assert Envmgr.execute("math.sqrt", [16.0], name: name) == {:ok, 4.0}
  end
end
