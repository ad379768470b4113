defmodule Envmgr.DoctestTest do
  # The examples call the application's default instance.
  use ExUnit.Case, async: false

  alias Envmgr.Test.Project

  setup_all do
    project = Path.join(System.tmp_dir!(), "envmgr-doctest-#{System.pid()}")
    Project.activate(project, "std")
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

  doctest Envmgr
  doctest Envmgr.Array
  doctest Envmgr.Bytes
  doctest Envmgr.Complex
  doctest Envmgr.Decimal
  doctest Envmgr.Dict
  doctest Envmgr.EnumMember
  doctest Envmgr.Fraction
  doctest Envmgr.MemoryView
  doctest Envmgr.Object
  doctest Envmgr.Path
  doctest Envmgr.Record
  doctest Envmgr.Session
  doctest Envmgr.Set
  doctest Envmgr.Singleton
  doctest Envmgr.Slice
  doctest Envmgr.Telemetry
  doctest Envmgr.Text
  doctest Envmgr.Timedelta
  doctest Envmgr.UUID
end
