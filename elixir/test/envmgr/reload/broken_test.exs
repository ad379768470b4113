defmodule Envmgr.Reload.BrokenTest do
  # envmgr.toml that is broken, or was changed while nobody looked, with the real command line.
  use ExUnit.Case, async: true
  import Envmgr.Test.Reload
  import ExUnit.CaptureLog

  alias Envmgr.Error
  alias Envmgr.Test.Project

  @math "[library.math]\nstdlib = true\n"
  @json "[library.json]\nstdlib = true\n"

  test "a broken edit is told once with all its problems; the good one goes on until it is mended" do
    project = Project.real(@math)
    name = start(project)
    until(fn -> state(name) == :current end)
    pids = Enum.map(workers(name, "math"), & &1.os_pid)
    broken = "[library.math]\nstdlb = true\n[library.json]\nworkers = 0\n"

    log =
      capture_log(fn ->
        Project.configure(project, broken)
        until(fn -> state(name) == :failed end)
        # The same content, written again.
        Project.configure(project, broken)
        Process.sleep(700)
      end)

    # Other tests log at the same time.
    assert [_, told] = String.split(log, "serves as before: 2 problems in #{project}")
    assert told =~ "envmgr.toml:2:1: unknown key `stdlb`"
    assert told =~ "envmgr.toml:4:11:"
    assert %{error: %Error{code: :sync} = error, watch: true} = Envmgr.configuration(name)

    assert %{"code" => "E-CONFIG", "problems" => [%{"line" => 2}, %{"line" => 4}]} = error.details

    assert Enum.map(workers(name, "math"), & &1.os_pid) == pids

    log =
      capture_log(fn ->
        Project.configure(project, "# " <> broken)
        until(fn -> Envmgr.configuration(name).error not in [nil, error] end)
      end)

    assert log =~ "serves as before: 2 problems in #{project}"
    Project.configure(project, @math <> @json)
    until(serves?(name, "json.dumps"))
    until(fn -> state(name) == :current end)
  end

  test "what changed while nobody looked is told at the start, and built at the next change" do
    project = Project.real(@math)
    Project.configure(project, @math <> @json)

    {name, log} =
      with_log(fn ->
        name = start(project)
        until(fn -> state(name) == :outdated end)
        name
      end)

    assert log =~ "json: it has no lock"
    assert log =~ "Envmgr.reload()"
    assert Map.keys(Envmgr.stats(name)) == ["math"]
    Project.configure(project, @math <> @json <> "workers = 1\n")
    until(serves?(name, "json.dumps"))
  end
end
