# elixir -pa EBIN soak.exs PROJECT COMMAND MINUTES SEED: what tests/soak starts. Exit status 1 when anything is wrong.
for file <- ~w(book calls deeds crowd trouble gauge verdict report),
    do: Code.require_file("#{file}.ex", __DIR__)

defmodule Soak do
  @moduledoc false

  alias Soak.{Book, Crowd, Gauge, Report, Trouble, Verdict}

  @callers 12
  @libraries ~w(calm storm shift threads)

  def run(project, command, minutes, seed) do
    :rand.seed(:exsss, {seed, 0, 0})
    settings = File.read!(Path.join(project, "envmgr.toml"))
    prepare(command)
    {before, tables} = {Gauge.vm(), Gauge.tables()}
    {:ok, instance} = Supervisor.start_link([{Envmgr, options(project)}], strategy: :one_for_one)
    for library <- @libraries, do: :ok = Envmgr.load(library, __MODULE__)
    began = now()
    ends = began + round(minutes * 60_000)
    # So that the shortest run has enough looks, too.
    round = min(max(div(ends - began, 24), 5_000), 30_000)
    looks = rounds({1, project, command, seed}, began, ends, round)
    seconds = (now() - began) / 1000
    Trouble.restore(project, settings, command)
    still("at the end", 60_000)
    judged = judged(looks)
    Supervisor.stop(instance)
    afterwards(before, tables)
    Report.print(judged, seconds, seed)
  end

  defp options(project), do: [name: __MODULE__, project: project]

  # What is loaded later is memory, atoms and rows that nobody has leaked.
  defp prepare(command) do
    Logger.configure(level: :error)
    Application.put_env(:envmgr, :project, false)
    Application.put_env(:envmgr, :command, command)
    {:ok, _} = Application.ensure_all_started(:envmgr)

    for application <- [:envmgr, :elixir, :logger, :stdlib, :kernel],
        module <- Application.spec(application, :modules),
        do: Code.ensure_loaded(module)

    Book.open()
    Trouble.attend()
  end

  # Load for a while, then silence, in which everything is looked at.
  defp rounds({number, project, command, seed}, began, ends, round) do
    if now() < ends do
      until = now() + round

      trouble =
        Task.async(fn ->
          :rand.seed(:exsss, {seed, number, 1})
          Trouble.make(__MODULE__, project, command, until)
        end)

      Crowd.gather(__MODULE__, project, @callers, until)
      Task.await(trouble, :infinity)
      still("round #{number}", 30_000)
      ran = Book.audit(Enum.map(@libraries, &Path.join(project, &1)))
      look = {Gauge.vm(), Gauge.workers(__MODULE__), Gauge.tables()}
      say(look, number, ran, div(now() - began, 1000))
      [look | rounds({number + 1, project, command, seed}, began, ends, round)]
    else
      []
    end
  end

  defp still(when_, ms) do
    for left <- Gauge.settle(__MODULE__, ms),
        do: Book.wrong("#{when_}: nobody calls, and there is #{inspect(left)}")
  end

  defp say({vm, _, _}, number, ran, seconds) do
    IO.puts(
      "#{seconds} s: round #{number}, #{Book.asked()} numbers, #{ran} effects, #{div(vm.memory, 1024)} KiB, #{vm.processes} processes"
    )
  end

  defp judged(looks) do
    judged =
      Verdict.vm(for {vm, _, _} <- looks, do: vm) ++
        Verdict.workers(for {_, workers, _} <- looks, do: workers)

    for {:wrong, line} <- judged, do: Book.wrong("grows: #{line}")
    {_, _, early} = Enum.at(looks, div(length(looks), 4))
    {_, _, late} = List.last(looks)
    grown = Report.grown(early, late)
    if grown == [], do: judged, else: judged ++ [{:fine, "tables that grew: #{inspect(grown)}"}]
  end

  defp afterwards(before, tables) do
    Process.sleep(500)
    later = Gauge.vm()

    for {key, more} <- [processes: 2, ports: 0, tables: 0, descriptors: 0, rows: 60],
        later[key] > before[key] + more do
      grown = if key == :rows, do: inspect(Report.grown(tables, Gauge.tables()))

      Book.wrong(
        "left when the instance has ended: #{key} #{before[key]} -> #{later[key]} #{grown}"
      )
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end

[project, command, minutes, seed] = System.argv()
{minutes, ""} = Float.parse(minutes)
status = Soak.run(project, String.split(command), minutes, String.to_integer(seed))
System.stop(status)
Process.sleep(:infinity)
