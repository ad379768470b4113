defmodule Envmgr.Pool.ZygoteTest do
  use ExUnit.Case, async: true

  alias Envmgr.Test.Project

  setup context do
    {name, project} = Project.start([fork: true, workers: 2] ++ Map.get(context, :project, []))
    %{name: name, project: project, call: &Envmgr.execute(&1, &2, name: name)}
  end

  test "workers are forks of one process", %{name: name, call: call} do
    assert {:ok, 4.0} = call.("math.sqrt", [16.0])
    Project.eventually(fn -> length(workers(name)) == 2 end)
    assert [zygote] = workers(name) |> Enum.map(&parent/1) |> Enum.uniq()
    assert parent(zygote) != zygote
    assert File.read!("/proc/#{zygote}/cmdline") =~ "worker.py\0zygote"
  end

  defp workers(name), do: for(%{os_pid: pid} <- Envmgr.stats(name)["std"].workers, do: pid)

  defp parent(pid) do
    [_, _state, parent | _] = Regex.run(~r/\) (\S+) (\d+) /, File.read!("/proc/#{pid}/stat"))

    String.to_integer(parent)
  end
end
