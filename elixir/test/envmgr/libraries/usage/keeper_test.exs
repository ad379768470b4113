defmodule Envmgr.Libraries.Usage.KeeperTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog

  alias Envmgr.Libraries.Usage
  alias Envmgr.Libraries.Usage.{Keeper, Record, Saved}
  alias Envmgr.Options
  alias Envmgr.Test.Project

  setup do
    project = Project.new()
    File.mkdir_p!(Path.join(project, ".envmgr"))
    %{project: project}
  end

  # An instance as far as it counts: its table lives as long as the test.
  defp start(project) do
    name = :"keeper#{System.unique_integer([:positive])}"
    :ets.new(name, [:named_table, :public])
    options = Options.new!(name: name, project: project)
    pid = start_supervised!(%{id: name, start: {Keeper, :start_link, [options]}})
    :sys.get_state(pid)
    {name, pid}
  end

  defp stop({name, _pid}), do: stop_supervised!(name)

  defp look({_name, pid}) do
    send(pid, :look)
    :sys.get_state(pid)
  end

  defp call({name, _pid}, path, calls \\ 1) do
    for _ <- 1..calls, do: Usage.ended(:ok, Usage.tally(name, path, "lib"), Usage.now())
  end

  defp counts({name, _pid}) do
    for {path, record} <- Keeper.read(name), into: %{}, do: {path, Record.row(record).count}
  end

  defp files(project) do
    case File.ls(Saved.directory(project)) do
      {:ok, names} -> Enum.sort(names)
      {:error, :enoent} -> []
    end
  end

  # As the file of a VM that was killed long ago.
  defp abandon(project, id) do
    path = Saved.path(project, id)
    {:ok, file} = Saved.read(path)
    :ok = Saved.write(%{file | process: {4_194_305, 1}, closed?: false}, project)
    File.touch!(path, System.os_time(:second) - 3_600)
  end

  defp id({name, _pid}), do: :ets.lookup_element(name, :usage, 3)

  test "what was counted is there after a restart, errors and times too", %{project: project} do
    first = {name, _} = start(project)
    call(first, "lib.f", 3)
    Usage.ended({:error, :odd}, Usage.tally(name, "lib.f", "lib"), Usage.now())
    Usage.tally(name, "lib.never", "lib")
    told = Record.row(Keeper.read(name)["lib.f"])
    stop(first)
    assert [_] = files(project)

    second = {name, _} = start(project)
    assert %{count: 4, errors: 1, classes: %{internal: 1}} = told
    assert Record.row(Keeper.read(name)["lib.f"]) == told
    call(second, "lib.f")
    assert counts(second) == %{"lib.f" => 5}
    stop(second)
    assert counts(start(project)) == %{"lib.f" => 5}
    assert [_] = files(project)
  end

  test "nothing is written where nothing was called, nor into a project that is gone", context do
    stop(start(context.project))
    assert files(context.project) == []
    idle = start(context.project)
    look(idle)
    assert files(context.project) == []
    call(idle, "lib.f")
    File.rm_rf!(context.project)
    log = capture_log(fn -> look(idle) && look(idle) end)
    assert said(log, "cannot be written to #{Saved.directory(context.project)}") == 1
    refute File.exists?(context.project)
    assert counts(idle) == %{"lib.f" => 1}
  end

  defp said(log, words), do: length(String.split(log, words)) - 1

  test "several at a time see each other's, and destroy none", %{project: project} do
    {one, other} = {start(project), start(project)}
    call(one, "lib.f", 2)
    call(other, "lib.f", 3)
    call(other, "lib.g")
    assert counts(one) == %{"lib.f" => 2}
    look(one)
    look(other)
    all = %{"lib.f" => 5, "lib.g" => 1}
    assert counts(one) == all and counts(other) == all
    assert length(files(project)) == 2
    # A third one takes over nothing from those that live.
    third = start(project)
    assert counts(third) == all and length(files(project)) == 2
    Enum.each([one, other, third], &stop/1)
    assert counts(start(project)) == all
    assert [_] = files(project)
  end

  test "a VM that was killed has lost what was not written, and nothing else", context do
    {killed, id} = killed(context.project)
    # Who comes at once reads it; who comes when it is surely dead takes it over.
    assert counts(start(context.project)) == %{"lib.f" => 2}
    assert id(killed) == id and File.exists?(Saved.path(context.project, id))
    abandon(context.project, id)
    assert counts(start(context.project)) == %{"lib.f" => 2}
    refute File.exists?(Saved.path(context.project, id))
  end

  test "a VM that is halted, as scripts are, has written all", %{project: project} do
    script = """
    parent = self()

    spawn(fn ->
      :ets.new(:halted, [:named_table, :public])
      options = Envmgr.Options.new!(name: :halted, project: hd(System.argv()))
      {:ok, pid} = Envmgr.Libraries.Usage.Keeper.start_link(options)
      :sys.get_state(pid)
      tally = Envmgr.Libraries.Usage.tally(:halted, "lib.f", "lib")
      Envmgr.Libraries.Usage.ended(:ok, tally, Envmgr.Libraries.Usage.now())
      send(parent, :called)
      Process.sleep(:infinity)
    end)

    receive do: (:called -> :ok)
    """

    path = Path.join(project, "halted.exs")
    File.write!(path, script)
    ebin = :envmgr |> :code.lib_dir() |> to_string() |> Path.join("ebin")
    assert {"", 0} = System.cmd("elixir", ["-pa", ebin, path, project], stderr_to_stdout: true)
    assert [file] = files(project)
    assert {:ok, %{closed?: false, records: [%{path: "lib.f"}]}} = read(project, file)
    assert counts(start(project)) == %{"lib.f" => 1}
  end

  defp read(project, file), do: Saved.read(Path.join(Saved.directory(project), file))

  defp killed(project) do
    name = :"keeper#{System.unique_integer([:positive])}"
    :ets.new(name, [:named_table, :public])
    {:ok, pid} = Keeper.start_link(Options.new!(name: name, project: project))
    keeper = {name, pid}
    call(keeper, "lib.f", 2)
    look(keeper)
    call(keeper, "lib.f", 40)
    kill(pid)
    {keeper, id(keeper)}
  end

  defp kill(pid) do
    Process.unlink(pid)
    ref = Process.monitor(pid)
    Process.exit(pid, :kill)
    assert_receive {:DOWN, ^ref, _, _, _}
  end

  test "a takeover that was interrupted doubles nothing", %{project: project} do
    one = start(project)
    call(one, "lib.f", 2)
    stop(one)
    [name] = files(project)
    left = Path.join(Saved.directory(project), name)
    data = File.read!(left)
    second = start(project)
    # As if it had died before it could delete the file.
    {:ok, file} = Saved.read(Saved.path(project, id(second)))
    :ok = Saved.write(%{file | includes: [Path.rootname(name)]}, project)
    File.write!(left, data)
    third = start(project)
    assert counts(third) == %{"lib.f" => 2}
    refute File.exists?(left)
  end

  test "who lives is taken over by nobody, however long its file was not touched", context do
    slow = start(context.project)
    call(slow, "lib.f", 2)
    look(slow)
    File.touch!(Saved.path(context.project, id(slow)), System.os_time(:second) - 3_600)
    other = start(context.project)
    assert counts(other) == %{"lib.f" => 2}
    assert files(context.project) == [id(slow) <> ".msgpack"]
    # What has nothing to write shows that it lives.
    look(slow)
    refute context.project |> Saved.path(id(slow)) |> old?()
  end

  defp old?(path), do: System.os_time(:second) - File.stat!(path, time: :posix).mtime > 60

  test "one of several takes a file over; who dies of it leaves it to the next", context do
    :ok = Saved.write(%Saved{id: "past", closed?: true}, context.project)
    File.touch!(Saved.path(context.project, "past"), System.os_time(:second) - 3_600)
    {:ok, file} = Saved.read(Saved.path(context.project, "past"))
    assert {:ok, taken} = Saved.claim(file, context.project, "one")
    assert Saved.claim(file, context.project, "two") == :error
    {[again], [], []} = Saved.all(context.project)
    assert again.id == "past" and Saved.claim(again, context.project, "two") == :error
    File.touch!(taken.path, System.os_time(:second) - 3_600)
    assert {:ok, %{id: "past"}} = Saved.claim(again, context.project, "two")
  end

  test "what another VM has taken over is counted there", %{project: project} do
    slept = start(project)
    call(slept, "lib.f", 2)
    look(slept)
    abandon(project, id(slept))
    other = start(project)
    assert counts(other) == %{"lib.f" => 2}
    call(slept, "lib.f", 1)
    look(slept)
    look(other)
    assert counts(other) == %{"lib.f" => 3} and counts(slept) == %{"lib.f" => 3}
    stop(slept)
    stop(other)
    assert counts(start(project)) == %{"lib.f" => 3}
  end

  test "a file that cannot be read is kept aside, and said once", %{project: project} do
    File.mkdir_p!(Saved.directory(project))
    File.write!(Saved.path(project, "broken"), "\xC1not MessagePack")
    bad = [["lib.f", "lib", 1, 2, 0, %{}, [[99_999, 1]]]]
    {:ok, odd} = Envmgr.Values.Encoder.encode(%{"schema" => 1, "id" => "odd", "calls" => bad})
    File.write!(Saved.path(project, "odd"), odd)
    log = capture_log(fn -> assert counts(start(project)) == %{} end)
    kept = "they are kept as #{Saved.directory(project)}"
    assert said(log, kept) == 2
    assert files(project) == ["broken.damaged", "odd.damaged"]
    # Other tests may log at the same time.
    refute capture_log(fn -> start(project) end) =~ kept
  end

  test "the golden file, which the control plane reads too", %{project: project} do
    golden = Path.expand("../../../../../tests/wire/golden.calls", __DIR__)

    assert {:ok, %{id: "0123456789abcdef", process: {4711, 99}, closed?: false} = file} =
             Saved.read(golden)

    assert file.includes == ["fedcba9876543210"]
    assert [mean, %{path: "pandas.core.frame.DataFrame.head"}, %{library: nil}] = file.records
    assert %{path: "numpy.mean", library: "numpy", cached: 2} = mean
    assert mean.errors == %{usage: 1, resource: 2}
    assert %{count: 93, p50: 27.525, max: 34_909_494.182} = Record.row(mean)
    :ok = Saved.write(file, project)
    assert {:ok, again} = Saved.read(Saved.path(project, file.id))
    assert %{again | path: golden} == file
  end

  test "a class of errors is read where nothing has named its atom yet" do
    # Of this VM, which has loaded everything, nothing could be told.
    paths = for module <- [Record, Enum], do: ["-pa", Path.dirname(:code.which(module))]

    read = """
    {ok, \#{errors := Errors}} = 'Elixir.Envmgr.Libraries.Usage.Record':load(
      [<<"lib.f">>, <<"lib">>, 1, 2, 0, \#{<<"policy">> => 1, <<"conversion">> => 2}, [[1, 3]]]),
    io:format("~0p", [lists:sort(maps:to_list(Errors))]), halt().
    """

    command = ["-noshell" | List.flatten(paths)] ++ ["-eval", read]
    assert System.cmd("erl", command) == {"[{conversion,2},{policy,1}]", 0}
  end

  test "what nobody has called for a month is forgotten", %{project: project} do
    day = 24 * 3_600_000
    now = System.os_time(:millisecond)

    records =
      for {path, days} <- [{"lib.old", 31}, {"lib.new", 29}],
          do: %Record{
            path: path,
            library: "lib",
            first: 0,
            last: now - days * day,
            buckets: %{1 => 1}
          }

    :ok = Saved.write(%Saved{id: "past", closed?: true, records: records}, project)
    start(project)
    {[file], [], []} = Saved.all(project)
    assert [%{path: "lib.new"}] = file.records
  end

  test "a keeper that crashes goes on where it was", %{project: project} do
    {{name, _pid}, id} = killed(project)
    {:ok, pid} = Keeper.start_link(Options.new!(name: name, project: project))
    assert counts({name, pid}) == %{"lib.f" => 42}
    :ok = GenServer.stop(pid)
    assert files(project) == [id <> ".msgpack"]
    assert counts(start(project)) == %{"lib.f" => 42}
  end
end
