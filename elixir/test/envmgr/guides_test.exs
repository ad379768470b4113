defmodule Envmgr.GuidesTest do
  # The examples of docs/recovery.md, docs/caching.md and docs/pools.md, in a project of the configuration that stands there.
  use ExUnit.Case, async: false

  alias Envmgr.Calls
  alias Envmgr.Test.{Guides, Project}

  setup_all do
    tables = Enum.map_join([Guides.Recovery, Guides.Caching, Guides.Pools], "\n", & &1.toml())
    project = Path.join(System.tmp_dir!(), "envmgr-guides-#{System.pid()}")
    File.mkdir_p!(project)
    Project.configure(project, "[library.math]\nstdlib = true\n\n" <> tables)
    sync = ["sync", "--quiet", "--project", project]
    {_answer, 0} = System.cmd(Project.command(), sync)
    before = Application.get_env(:envmgr, :project)
    Application.stop(:envmgr)
    Application.put_env(:envmgr, :project, project)
    {:ok, _} = Application.ensure_all_started(:envmgr)

    on_exit(fn ->
      Application.stop(:envmgr)

      if before,
        do: Application.put_env(:envmgr, :project, before),
        else: Application.delete_env(:envmgr, :project)

      Application.ensure_all_started(:envmgr)
      File.rm_rf!(project)
    end)
  end

  doctest Guides.Recovery
  doctest Guides.Caching
  doctest Guides.Pools

  test "what stands there is in force" do
    {:ok, row} = Calls.find(Envmgr, "math.factorial")

    assert %{
             retries: 2,
             backoff: 100,
             hedge: 2_000,
             idempotent?: true,
             limits: %{concurrency: 4, rate: {1_000, 1_000}},
             circuit: %{failures: 5, within: 30_000, open: 10_000},
             cache: %{ttl: 600_000, entries: 500, bytes: 16_777_216, tags: ["numbers"]}
           } = elem(row, 12)

    {:ok, row} = Calls.find(Envmgr, "math.isqrt")
    assert %{fallbacks: ["math.sqrt"], retries: 0, cache: nil, limits: nil} = elem(row, 12)
  end
end
