# elixir -pa _build/prod/lib/envmgr/ebin bench/boot.exs PROJECT PATH...: seconds from the start of an instance, in a VM that has loaded
# none of it, until it takes a call of each path: `accepted` (found in its catalog and checked; a wrong call is told so), and
# until the first one is answered. As lines of JSON.
[project | paths] = System.argv()
Logger.configure(level: :warning)
{:ok, _} = Application.ensure_all_started(:crypto)
{:ok, _} = Application.ensure_all_started(:logger)

started = System.monotonic_time(:nanosecond)
seconds = fn -> (System.monotonic_time(:nanosecond) - started) / 1.0e9 end
{:ok, _} = Envmgr.start_link(name: Envmgr, project: project, watch: false)

for path <- paths do
  {:error, %{code: :arguments}} = Envmgr.execute(path, [], no_such_name: 1)
  # What no function takes, of each.
  {:error, %{code: :arguments}} = Envmgr.execute(path, %{"no_such_name" => 1})
end

accepted = seconds.()
{:ok, 4.0} = Envmgr.execute("math.sqrt", [16.0])
answered = seconds.()

for {name, seconds} <- [accepted: accepted, answered: answered],
    do: IO.puts(~s({"name": "#{name}", "seconds": #{seconds}}))
