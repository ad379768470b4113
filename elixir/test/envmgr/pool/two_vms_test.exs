defmodule Envmgr.Pool.TwoVMsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Pool.Place
  alias Envmgr.Test.Project

  # What another VM does with the same project: it says which processes are its own, and one of its workers is stuck.
  @other """
  Logger.configure(level: :error)
  {:ok, _} = Application.ensure_all_started(:envmgr)
  {:ok, _} = Envmgr.start_link(name: :other, project: hd(System.argv()), watch: false)
  call = &Envmgr.execute!(&1, &2, name: :other)
  pids = [System.pid(), call.("probe.pid", []), call.("probe.start", []), call.("probe.start", [true])]
  Envmgr.async("probe.hold", [], name: :other)
  Process.sleep(50)
  IO.puts(Enum.join(pids ++ [Envmgr.Pool.Place.mark(:other)], " "))
  Process.sleep(:infinity)
  """

  for fork <- [true, "tests do without"] do
    test "of one project never touch each other's workers, nor leave any (fork: #{inspect(fork)})" do
      {name, project} = Project.start(workers: 1, fork: unquote(fork))
      call = &Envmgr.execute!(&1, &2, name: name)
      {ours, child} = {call.("probe.pid", []), call.("probe.start", [])}

      {port, [vm, worker, near, far, mark]} = other(project)
      theirs = Enum.map([worker, near, far], &String.to_integer/1)
      assert Enum.all?(theirs, &Project.alive?/1)
      System.cmd("kill", ["-KILL", vm])
      assert_receive {^port, {:exit_status, _}}
      Project.eventually(fn -> not Enum.any?(theirs, &Project.alive?/1) end)

      assert call.("probe.pid", []) == ours
      assert Project.alive?(child)

      # What it left in the file system goes with the next boot, perhaps that of another test's instance.
      {_name, _project} = Project.start(workers: 1)
      Project.eventually(fn -> not File.exists?(Path.join(Place.temporary(), mark)) end)
      assert call.("probe.pid", []) == ours
    end
  end

  defp other(project) do
    ebin = Application.app_dir(:envmgr, "ebin")
    elixir = System.find_executable("elixir")
    arguments = ["-pa", ebin, "-e", @other, "--", project]

    options = [
      :binary,
      :exit_status,
      line: 1_000,
      args: arguments,
      env: [{'ENVMGR_PROJECT', false}]
    ]

    port = Port.open({:spawn_executable, elixir}, options)
    assert_receive {^port, {:data, {:eol, said}}}, 60_000
    {port, String.split(said)}
  end
end
