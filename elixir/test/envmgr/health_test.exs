defmodule Envmgr.HealthTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  defp signal(os_pid, signal), do: {_, 0} = System.cmd("kill", ["-#{signal}", "#{os_pid}"])

  test "well, busy, silent and well again; never longer than it may take" do
    {name, _project} = Project.start(workers: 2)
    Project.eventually(fn -> Envmgr.library("probe", name).workers == 2 end)

    assert %{status: :ok, reason: nil, in_step: nil, configuration: :unknown} =
             health = Envmgr.health(name)

    assert Map.keys(health.libraries) == ~w(math probe time)

    assert %{state: :ready, generation: 1, environment: "std", workers: workers} =
             health.libraries["math"]

    assert [%{alive?: true, answers?: true, busy?: false}, %{answers?: true}] = workers

    # A worker that runs C code or a long call is busy, not dead.
    call = Envmgr.async("probe.nap", [600], name: name, timeout: :infinity)

    Project.eventually(fn ->
      Enum.any?(Envmgr.stats(name)["std"].workers, &(&1.in_flight == 1))
    end)

    assert %{status: :ok, libraries: %{"probe" => %{workers: workers}}} =
             Envmgr.health(name: name, timeout: 1_500)

    assert Enum.sort(for worker <- workers, do: {worker.busy?, worker.answers?}) == [
             {false, true},
             {true, false}
           ]

    :ok = Envmgr.cancel(call)

    [%{os_pid: os_pid} | _] = Envmgr.stats(name)["std"].workers

    Project.eventually(fn ->
      Enum.all?(Envmgr.health(name).libraries["math"].workers, & &1.answers?)
    end)

    signal(os_pid, "STOP")
    started = System.monotonic_time(:millisecond)
    assert %{status: :degraded, libraries: libraries} = Envmgr.health(name: name, timeout: 1_500)
    assert System.monotonic_time(:millisecond) - started < 30_000
    assert %{state: :degraded, workers: workers} = libraries["math"]

    assert [%{alive?: true, busy?: false}] =
             for(worker <- workers, not worker.answers?, do: worker)

    signal(os_pid, "CONT")
    Project.eventually(fn -> Envmgr.health(name).status == :ok end)
  end

  test "one library that fails degrades; all of them, none, and no instance are failures" do
    project = Project.new()
    name = :"health#{System.unique_integer([:positive])}"

    assert %{status: :failed, reason: %Error{code: :not_ready}, libraries: none} =
             Envmgr.health(name)

    assert none == %{}
    start_supervised!({Envmgr, name: name, project: project, watch: false})
    assert %{status: :failed, reason: %Error{code: :not_installed}} = Envmgr.health(name)

    missing = %{"math" => Project.library("math", %{"catalog" => "/does/not/exist"})}
    Project.activate(project, "bad", libraries: missing, workers: 1)

    Project.eventually(fn ->
      match?(%{libraries: %{"math" => %{state: :failed}}}, Envmgr.health(name))
    end)

    assert %{status: :failed, libraries: %{"math" => math}} = Envmgr.health(name)
    assert %{reason: %Error{code: :catalog}, workers: [], next: %DateTime{}} = math

    Project.activate(project, "good", libraries: %{"time" => Project.library("time")}, workers: 1)
    Project.eventually(fn -> Envmgr.health(name).status == :degraded end)
    Project.eventually(fn -> match?(%{state: :ready}, Envmgr.health(name).libraries["time"]) end)
    assert Envmgr.health(name).status == :degraded
  end

  test "an open circuit degrades its library" do
    circuit = %{"failures" => 1, "within" => 60_000, "open" => 60_000}
    said = %{"recovery" => %{"circuit" => circuit}}
    libraries = %{"frail" => Project.library("probe", said), "math" => Project.library("math")}
    {name, _project} = Project.start(libraries: libraries, workers: 1)
    {:ok, 1} = Envmgr.execute("frail.echo", [1], name: name)
    assert %{status: :ok, libraries: %{"frail" => %{circuit: :closed}}} = Envmgr.health(name)
    {:error, %Error{code: :timeout}} = Envmgr.execute("frail.nap", [60], name: name, timeout: 20)

    health =
      Project.eventually(fn ->
        with %{status: :degraded} = health <- Envmgr.health(name), do: health, else: (_ -> nil)
      end)

    assert %{circuit: :open, state: :degraded} = health.libraries["frail"]
    assert %{circuit: :closed} = health.libraries["math"]
  end

  test "an instance without a project is well" do
    name = :"health#{System.unique_integer([:positive])}"
    start_supervised!({Envmgr, name: name, project: false})
    assert %{status: :ok, libraries: none, reason: nil} = Envmgr.health(name)
    assert none == %{}
  end
end
