# How soon a worker is there that a zygote forks, and what eight of them take, beside workers that start afresh.
#
#     mix run --no-start bench/workers.exs DIR
#
# DIR is a synced project with the environments `forked` and `afresh` (one worker each), and `forked8` and `afresh8`, of libraries
# `frames_…` of module pandas. Each row is one line of JSON, as in bench/calls.exs.

[project] = System.argv()
{:ok, _} = Application.ensure_all_started(:envmgr)
Logger.configure(level: :error)

defmodule Bench.Workers do
  @rounds 9
  @memory_rounds 3

  def run(project) do
    ready(project)
    memory(project)
  end

  # From the moment that the pool asks for it, as telemetry tells.
  defp ready(project) do
    start(project)
    for kind <- ~w(forked afresh), do: wait(kind, 1)
    _first = {again("forked"), again("afresh")}
    rounds = for _ <- 1..@rounds, do: {again("forked"), again("afresh")}
    row("worker.ready.pandas", "s", "a fresh interpreter, until it takes calls", rounds)
    stop()
  end

  defp again(environment) do
    test = self()

    tell = fn _, measured, about, _ ->
      send(test, {:ready, about.environment, measured.duration})
    end

    :ok = Envmgr.Telemetry.attach(:bench, [:envmgr, :worker, :ready], tell, nil)
    [pid] = pids(environment)
    System.cmd("kill", ["-KILL", "#{pid}"])

    duration =
      receive do
        {:ready, ^environment, duration} -> duration
      end

    :ok = Envmgr.Telemetry.detach(:bench)
    wait(environment, 1)
    System.convert_time_unit(duration, :native, :microsecond) / 1_000_000
  end

  # Proportional set size: shared pages count for each process in parts.
  defp memory(project) do
    rounds =
      for _ <- 1..@memory_rounds,
          do: {after_work(project, "forked8"), after_work(project, "afresh8")}

    row("worker.memory8.pandas", "MB PSS", "eight fresh interpreters", rounds)
  end

  defp after_work(project, environment) do
    start(
      project,
      for(other <- ~w(forked afresh forked8 afresh8), other != environment, do: other)
    )

    wait(environment, 8)
    work(environment)
    processes = Enum.uniq(pids(environment) ++ zygotes(environment) ++ shells())
    megabytes = Enum.sum(Enum.map(processes, &pss/1))
    stop()
    megabytes
  end

  # Until each has had some.
  defp work(environment) do
    1..16
    |> Enum.map(fn _ -> Task.async(fn -> work_one("frames_#{environment}") end) end)
    |> Task.await_many(60_000)

    if Enum.any?(workers(environment), &(&1.answered < 4)), do: work(environment)
  end

  defp work_one(library) do
    data = %{"key" => Enum.map(1..2_000, &rem(&1, 7)), "value" => Enum.map(1..2_000, &(&1 * 0.5))}

    {:ok, _} =
      Envmgr.execute(
        [
          {:call, "#{library}.DataFrame", [data]},
          {:method, "groupby", ["key"]},
          {:method, "mean"},
          {:method, "to_dict"}
        ],
        [],
        name: Bench.Instance,
        timeout: 60_000
      )

    dates = {["2024-01-01"], %{"periods" => 1_000}}

    {:ok, _} =
      Envmgr.execute("#{library}.date_range", dates, name: Bench.Instance, timeout: 60_000)
  end

  defp start(project, without \\ ~w(forked8 afresh8)) do
    copy = Path.join(project, "bench")
    File.rm_rf!(copy)
    File.mkdir_p!(Path.join(copy, ".envmgr/envs"))

    for environment <- ~w(forked afresh forked8 afresh8), environment not in without do
      into = Path.join([copy, ".envmgr/envs", environment])
      File.mkdir_p!(into)

      File.cp!(
        Path.join([project, ".envmgr/envs", environment, "launch.msgpack"]),
        Path.join(into, "launch.msgpack")
      )
    end

    {:ok, pid} = Envmgr.start_link(name: Bench.Instance, project: copy, watch: false)
    Process.put(:instance, pid)
  end

  defp stop do
    Supervisor.stop(Process.get(:instance))
  end

  defp wait(environment, count) do
    if length(workers(environment)) < count do
      Process.sleep(20)
      wait(environment, count)
    end
  end

  defp workers(environment) do
    case Envmgr.stats(Bench.Instance) do
      %{^environment => %{workers: workers}} -> workers
      _not_yet -> []
    end
  end

  defp pids(environment), do: for(worker <- workers(environment), do: worker.os_pid)

  defp zygotes(environment) do
    for pid <- pids(environment),
        parent = parent(pid),
        command(parent) =~ "\0zygote",
        uniq: true,
        do: parent
  end

  defp parent(pid) do
    [_, parent] = Regex.run(~r/\) \S+ (\d+) /, File.read!("/proc/#{pid}/stat"))
    String.to_integer(parent)
  end

  defp shells do
    [{:reaper, reaper}] = :ets.lookup(Bench.Instance, :reaper)
    {:os_pid, pid} = Port.info(:sys.get_state(reaper).port, :os_pid)
    [pid]
  end

  defp command(pid), do: File.read!("/proc/#{pid}/cmdline")

  defp pss(pid) do
    [_, kilobytes] = Regex.run(~r/^Pss:\s+(\d+) kB/m, File.read!("/proc/#{pid}/smaps_rollup"))
    String.to_integer(kilobytes) / 1024
  end

  defp row(name, unit, baseline, rounds) do
    ratios = for {ours, theirs} <- rounds, do: ours / theirs
    digits = if unit == "s", do: 4, else: 1

    fields = [
      {"name", inspect(name)},
      {"value", number(median(Enum.map(rounds, &elem(&1, 0))), digits)},
      {"unit", inspect(unit)},
      {"baseline", inspect(baseline)},
      {"baseline_value", number(median(Enum.map(rounds, &elem(&1, 1))), digits)},
      {"ratio", number(median(ratios), 3)},
      {"low", number(Enum.min(ratios), 3)},
      {"high", number(Enum.max(ratios), 3)}
    ]

    IO.puts(
      "{" <> Enum.map_join(fields, ", ", fn {key, value} -> ~s("#{key}": #{value}) end) <> "}"
    )
  end

  defp number(value, digits), do: to_string(Float.round(value / 1, digits))
  defp median(values), do: values |> Enum.sort() |> Enum.at(div(length(values), 2))
end

Bench.Workers.run(project)
