defmodule Envmgr.Pool.ReaperTest do
  use ExUnit.Case, async: true

  alias Envmgr.Pool.{Leftovers, Place}
  alias Envmgr.Test.Project

  @linux File.dir?("/proc/self")

  setup context do
    {name, project} = Project.start([workers: 1] ++ (context[:project] || []))
    %{name: name, project: project, call: &Envmgr.execute(&1, &2, name: name)}
  end

  for fork <- [true, false] do
    @tag project: [fork: fork || "tests do without"]
    test "what a worker has started ends with it, also in a session of its own (fork: #{fork})",
         %{call: call} do
      assert {:ok, child} = call.("probe.start", [])
      assert {:ok, far} = call.("probe.start", [true])
      assert Project.alive?(child) and Project.alive?(far)
      assert {:error, _} = call.("probe.kill_me", [])
      Project.eventually(fn -> not Project.alive?(child) end)
      if @linux, do: Project.eventually(fn -> not Project.alive?(far) end)
    end
  end

  # Not by its mark: that of a fork is its zygote's.
  @tag project: [fork: true]
  test "a worker ends with its owner, whatever it does", %{name: name, call: call} do
    assert {:ok, pid} = call.("probe.pid", [])
    stuck = Envmgr.async("probe.hold", [], name: name)
    Project.eventually(fn -> match?([%{in_flight: 1}], Envmgr.stats(name)["std"].workers) end)
    {_generation, {_, {owner, _slot}}, _pool} = Envmgr.Pool.Route.lookup(name, "std")
    Process.exit(owner, :kill)
    Project.eventually(fn -> not Project.alive?(pid) end)
    assert {:error, _} = Envmgr.await(stuck, 5_000)
  end

  # Where it is forked its zygote sees to that, too.
  @tag project: [fork: "tests do without"]
  test "a shell that somebody ends is replaced, and its successor ends what it had to", %{
    name: name,
    call: call
  } do
    assert {:ok, pid} = call.("probe.pid", [])
    assert {:ok, child} = call.("probe.start", [])
    [{:reaper, reaper}] = :ets.lookup(name, :reaper)
    old = :sys.get_state(reaper).port
    {:os_pid, shell} = Port.info(old, :os_pid)

    # It reads nothing of what it is told, and ends.
    System.cmd("kill", ["-STOP", "#{shell}"])
    assert {:ok, ^pid} = call.("probe.pid", [])
    assert {:error, _} = call.("probe.kill_me", [])
    Project.eventually(fn -> ordered?(reaper) end)
    assert Project.alive?(child)
    System.cmd("kill", ["-KILL", "#{shell}"])
    Project.eventually(fn -> not Project.alive?(child) end)

    Project.eventually(fn -> not ordered?(reaper) end)
    new = :sys.get_state(reaper).port
    assert is_port(new) and new != old
    assert {:ok, child} = call.("probe.start", [])
    assert {:error, _} = call.("probe.kill_me", [])
    Project.eventually(fn -> not Project.alive?(child) end)
  end

  test "leftovers of instances that are gone, and of no other", %{name: name} do
    # The number of a process that has ended.
    {gone, 0} = System.cmd("sh", ["-c", "echo $$"])
    gone = String.trim(gone)
    mark = "envmgr-#{gone}-abcdefgh"
    dead = Path.join(Place.temporary(), mark)
    File.mkdir_p!(Path.join(dead, "w1"))
    {:ok, socket} = :gen_tcp.listen(0, ifaddr: {:local, Path.join(dead, "here")})
    crash = Path.join(Place.temporary(), "envmgr-#{gone}-abcdefgh234567.crash")
    File.write!(crash, "")
    other = Path.join(Place.temporary(), "envmgr-#{System.pid()}-zzzzzzzz")
    File.mkdir_p!(other)

    left =
      Port.open({:spawn_executable, "/bin/sleep"},
        args: ["600"],
        env: [{'ENVMGR_WORKER', '#{mark};7;'}]
      )

    {:os_pid, left} = Port.info(left, :os_pid)
    on_exit(fn -> System.cmd("kill", ["-KILL", "#{left}"], stderr_to_stdout: true) end)
    # It has its environment when it runs its own program.
    if @linux, do: Project.eventually(fn -> File.read!("/proc/#{left}/environ") =~ mark end)

    # Somebody listens: it is in use, in whatever process, and here no process of that number is.
    Leftovers.sweep(name)
    assert File.dir?(dead)
    refute File.exists?(crash)
    assert Project.alive?(left)

    :gen_tcp.close(socket)
    Leftovers.sweep(name)
    refute File.exists?(dead)
    if @linux, do: Project.eventually(fn -> not Project.alive?(left) end)
    assert File.dir?(other)
    assert File.dir?(Path.join(Place.temporary(), Place.mark(name)))
    File.rm_rf!(other)
  end

  test "an instance leaves nothing", %{name: name, call: call} do
    assert {:ok, pid} = call.("probe.pid", [])
    {:ok, child} = call.("probe.start", [])
    place = Path.join(Place.temporary(), Place.mark(name))
    assert File.dir?(place)
    :ok = stop_supervised(name)
    refute File.exists?(place)
    refute Project.alive?(pid)
    Project.eventually(fn -> not Project.alive?(child) end)
  end

  defp ordered?(reaper), do: not :queue.is_empty(:sys.get_state(reaper).due)
end
