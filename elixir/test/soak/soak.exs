# elixir -pa EBIN soak.exs PROJECT COMMAND MINUTES SEED: what tests/soak starts. Exit status 1 when anything is wrong.
for file <- ~w(book calls deeds crowd trouble gauge verdict),
    do: Code.require_file("#{file}.ex", __DIR__)

alias Soak.{Book, Crowd, Gauge, Trouble, Verdict}

[project, command, minutes, seed] = System.argv()
command = String.split(command)
{minutes, ""} = Float.parse(minutes)
{seed, ""} = Integer.parse(seed)
:rand.seed(:exsss, {seed, 0, 0})
callers = 12
settings = File.read!(Path.join(project, "envmgr.toml"))

Logger.configure(level: :error)
Application.put_env(:envmgr, :project, false)
Application.put_env(:envmgr, :command, command)
{:ok, _} = Application.ensure_all_started(:envmgr)
# What is loaded later is memory, atoms and rows that nobody has leaked.
for application <- [:envmgr, :elixir, :logger, :stdlib, :kernel],
    module <- Application.spec(application, :modules),
    do: Code.ensure_loaded(module)

Book.open()
Trouble.attend()
before = Gauge.vm()
tables_before = Gauge.tables()
options = [name: Soak, project: project]
{:ok, instance} = Supervisor.start_link([{Envmgr, options}], strategy: :one_for_one)
for library <- ~w(calm storm shift), do: :ok = Envmgr.load(library, Soak)

now = fn -> System.monotonic_time(:millisecond) end
began = now.()
ends = began + round(minutes * 60_000)
# So that the shortest run has enough looks, too.
round = min(max(div(round(minutes * 60_000), 24), 5_000), 30_000)
notes = for library <- ~w(calm storm shift), do: Path.join(project, library)

looks =
  Stream.unfold(1, fn number ->
    if now.() < ends do
      until = now.() + round

      trouble =
        Task.async(fn ->
          :rand.seed(:exsss, {seed, number, 1})
          Trouble.make(Soak, project, command, until)
        end)

      Crowd.gather(Soak, project, callers, until)
      Task.await(trouble, :infinity)

      for left <- Gauge.settle(Soak),
          do: Book.wrong("round #{number}, nobody calls: #{inspect(left)}")

      ran = Book.audit(notes)
      vm = Gauge.vm()
      seconds = div(now.() - began, 1000)

      IO.puts(
        "#{seconds} s: round #{number}, #{Book.asked()} numbers, #{ran} effects, #{div(vm.memory, 1024)} KiB, #{vm.processes} processes"
      )

      {{vm, Gauge.workers(Soak), Gauge.tables()}, number + 1}
    end
  end)
  |> Enum.to_list()

seconds = (now.() - began) / 1000
Trouble.restore(project, settings, command)
for left <- Gauge.settle(Soak, 60_000), do: Book.wrong("at the end: #{inspect(left)}")

{vms, workers, tables} =
  {for({vm, _, _} <- looks, do: vm), for({_, workers, _} <- looks, do: workers),
   for({_, _, tables} <- looks, do: tables)}

judged = Verdict.vm(vms) ++ Verdict.workers(workers)
for {:wrong, line} <- judged, do: Book.wrong("grows: #{line}")

# Which table it is, where the rows grow.
{early, late} = {Enum.at(tables, div(length(tables), 4)), List.last(tables)}

grown =
  for {table, size} <- late, size > (early[table] || 0) + 20, do: {table, early[table], size}

Supervisor.stop(instance)
Process.sleep(500)
later = Gauge.vm()

for {key, more} <- [processes: 2, ports: 0, tables: 0, descriptors: 0, rows: 60],
    later[key] > before[key] + more,
    do: Book.wrong("left when the instance has ended: #{key} #{before[key]} -> #{later[key]}")

grown_since = fn early, late ->
  for {table, size} <- late, size > (early[table] || 0) + 20, do: {table, early[table] || 0, size}
end

IO.puts("\nenvironment, kind: outcomes")

for {{environment, kind}, outcomes} <- Enum.sort(Book.counts()) do
  told =
    Enum.map_join(Enum.sort(outcomes), ", ", fn {outcome, count} -> "#{outcome} #{count}" end)

  IO.puts("#{String.pad_trailing("#{environment} #{kind}", 24)} #{told}")
end

IO.puts("")
for {_, line} <- judged, do: IO.puts(line)
grown = grown_since.(Enum.at(tables, div(length(tables), 4)), List.last(tables))

IO.puts(
  "tables that grew: #{inspect(grown)}, that were left: #{inspect(grown_since.(tables_before, Gauge.tables()))}"
)

IO.puts(
  "\n#{Book.asked()} numbers in #{round(seconds)} s, #{round(Book.asked() / seconds)} a second, seed #{seed}"
)

case Book.wrongs() do
  {0, []} ->
    IO.puts("nothing is wrong")

  {count, list} ->
    IO.puts("FAILED: #{count} things are wrong")
    for {what, number} <- Enum.with_index(list, 1), do: IO.puts("#{number}. #{what}")
    System.halt(1)
end
