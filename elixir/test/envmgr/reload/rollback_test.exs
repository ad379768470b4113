defmodule Envmgr.Reload.RollbackTest do
  # An operator's rollback between a change and the sync that the watch runs for it, with the real command line.
  use ExUnit.Case, async: true
  import Envmgr.Test.Reload
  import ExUnit.CaptureLog

  alias Envmgr.Test.Project

  @math "[library.math]\nstdlib = true\n"

  test "a sync that nobody asked for leaves it alone; one that was asked for, and a later edit, end it" do
    project = Project.real(@math)
    name = start(project)
    until(fn -> state(name) == :current end)

    # From the shell, before the watch's own sync has its turn.
    Project.tool(project, """
    if [ $1 = sync ] && mkdir #{project}/raced; then
      for words in sync "rollback math"; do #{command(project, "$words")}; done
    fi >/dev/null 2>&1
    exec #{Project.command()} "$@"
    """)

    log =
      capture_log(fn ->
        Project.configure(project, @math <> "workers = 3\n")
        until(fn -> File.dir?(Path.join(project, "raced")) and state(name) != :syncing end)
        assert %{state: :outdated, error: nil} = Envmgr.configuration(name)
      end)

    assert log =~ "math was rolled back and stays at generation 1; Envmgr.reload()"
    until(fn -> generation(name) == 1 end)

    assert Envmgr.reload(name) == :ok
    assert {state(name), generation(name)} == {:current, 3}

    {_told, 0} = System.shell(command(project, "rollback math --to 1"))
    until(fn -> generation(name) == 1 end)
    Project.configure(project, @math <> "workers = 4\n")
    until(fn -> generation(name) == 4 and state(name) == :current end)
  end

  defp command(project, words), do: "#{Project.command()} #{words} --quiet --project #{project}"
  defp generation(name), do: Envmgr.stats(name)["math"].generation
end
