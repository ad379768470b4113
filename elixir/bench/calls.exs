# Calls per second through the whole path, against a raw Port echo in the same run.
#
#     mix run bench/calls.exs [--project DIR] [--rounds N] [--ms N] [--erlport EBIN_DIR --erlport-python DIR]
#
# Rounds are interleaved, so that a slow moment of the machine meets both sides. Each row is one line of JSON:
# name, value (median), unit, baseline, baseline_value, ratio, low and high (of the ratio over the rounds).
# DIR holds two projects with a library `math`: workers1 (one worker) and workers2 (two). Without it, throwaway ones are
# made with this checkout's runtime, which needs the test environment's Python.

defmodule Bench.Echo do
  # A caller that owns the port itself: no pool, no codec, nothing but the pipe.
  def open do
    port =
      Port.open({:spawn_executable, python()}, [
        :binary,
        :nouse_stdio,
        packet: 4,
        args: ["-I", "-S", script()]
      ])

    _warm = round_trip(port, "x")
    port
  end

  def sequential(port, until, count \\ 0) do
    round_trip(port, "abcdefghijklmnopqrstuvwxyz")
    if now() < until, do: sequential(port, until, count + 1), else: count + 1
  end

  def pipelined(port, width, until) do
    for _ <- 1..width, do: Port.command(port, "abcdefghijklmnopqrstuvwxyz")
    count = keep(port, until, 0)
    for _ <- 1..width, do: receive(do: ({^port, {:data, _}} -> :ok))
    count + width
  end

  defp keep(port, until, count) do
    receive do
      {^port, {:data, _}} -> Port.command(port, "abcdefghijklmnopqrstuvwxyz")
    end

    if rem(count, 64) != 0 or now() < until, do: keep(port, until, count + 1), else: count
  end

  defp round_trip(port, data) do
    Port.command(port, data)
    receive do: ({^port, {:data, answer}} -> answer)
  end

  def now, do: System.monotonic_time(:microsecond)
  defp script, do: Path.join(__DIR__, "echo.py")
  defp python, do: System.get_env("ENVMGR_BENCH_PYTHON") || System.find_executable("python3")
end

defmodule Bench.Adapter do
  # What one would write by hand for math.sqrt on the same pool, pipe and codec: no catalog, no signature, no options,
  # no errors to tell of, and a worker (bench/adapter.py) that knows this one function.
  alias Envmgr.Pool.Route
  alias Envmgr.Values.{Decoder, Encoder}
  alias Envmgr.Wire.Messages

  # An instance like the given one, whose worker is the hand-written one.
  def start(instance) do
    [{:project, project}] = :ets.lookup(instance, :project)
    [launch] = Path.wildcard(Path.join(project, ".envmgr/envs/*/launch.msgpack"), match_dot: true)
    {:ok, manifest} = launch |> File.read!() |> Decoder.decode()
    [python | _] = manifest["command"]
    layer = Path.dirname(List.last(manifest["command"]))
    script = Path.join(__DIR__, "adapter.py")
    {:ok, data} = Encoder.encode(%{manifest | "command" => [python, "-I", "-B", script, layer]})
    copy = Path.join(System.tmp_dir!(), "envmgr-adapter-#{System.pid()}")
    path = Path.join([copy, ".envmgr/envs", manifest["environment"], "launch.msgpack"])
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, data)
    System.at_exit(fn _ -> File.rm_rf!(copy) end)
    {:ok, _} = Envmgr.start_link(name: :adapter, project: copy, watch: false)
    {:ok, 4.0} = Envmgr.execute("math.sqrt", [16.0], name: :adapter)
    fn -> 4.0 = sqrt(:adapter, manifest["environment"], 16.0) end
  end

  defp sqrt(name, environment, x) do
    {:ok, payload, []} = Encoder.arguments([x], [], nil, [])
    size = IO.iodata_length(payload)
    tail = IO.iodata_to_binary(Messages.call_tail("math.sqrt", 0, payload, size))
    deadline = System.monotonic_time(:millisecond) + 30_000
    {_generation, workers, _pool} = Route.lookup(name, environment)
    {pid, _slot} = Route.pick(workers)
    reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
    send(pid, {:call, reply, deadline, "math.sqrt", size, tail})

    receive do
      {^reply, :result, payload} -> decoded(payload)
      {^reply, _moved_or_elsewhere} -> sqrt(name, environment, x)
      {:DOWN, ^reply, _, _, reason} -> exit(reason)
    after
      30_000 -> exit(:timeout)
    end
  end

  defp decoded(payload) do
    {:ok, value} = Decoder.decode(payload)
    value
  end
end

defmodule Bench.Callers do
  # `width` processes that call as fast as they are answered, until the time is over.
  # Their heap is that of a process that does something: with the smallest one a call's garbage is collected each time,
  # which the echo, called from this script's own process, never meets.
  @heap 10_000

  def run(width, until, call) do
    me = self()

    for _ <- 1..width do
      :erlang.spawn_opt(fn -> send(me, {:done, loop(call, until, 0)}) end, [
        :link,
        min_heap_size: @heap
      ])
    end

    for(_ <- 1..width, do: receive(do: ({:done, count} -> count))) |> Enum.sum()
  end

  defp loop(call, until, count) do
    call.()

    if rem(count, 16) != 0 or Bench.Echo.now() < until,
      do: loop(call, until, count + 1),
      else: count + 1
  end
end

defmodule Bench.Erlport do
  # erlport as people run it under load: instances handed out by a GenServer.
  use GenServer

  def start(ebin, python_path, count) do
    Code.append_path(ebin)
    instances = for _ <- 1..count, do: start_one(python_path)
    {:ok, pool} = GenServer.start_link(__MODULE__, instances)
    {pool, hd(instances)}
  end

  def checkout_call(pool) do
    instance = GenServer.call(pool, :checkout, :infinity)
    4.0 = call(instance)
    GenServer.cast(pool, {:checkin, instance})
  end

  def call(instance), do: apply(:python, :call, [instance, :math, :sqrt, [16.0]])

  @impl true
  def init(instances), do: {:ok, {instances, :queue.new()}}

  @impl true
  def handle_call(:checkout, from, {[], waiting}), do: {:noreply, {[], :queue.in(from, waiting)}}
  def handle_call(:checkout, _from, {[one | rest], waiting}), do: {:reply, one, {rest, waiting}}

  @impl true
  def handle_cast({:checkin, instance}, {free, waiting}) do
    case :queue.out(waiting) do
      {{:value, from}, waiting} ->
        GenServer.reply(from, instance)
        {:noreply, {free, waiting}}

      {:empty, waiting} ->
        {:noreply, {[instance | free], waiting}}
    end
  end

  defp start_one(python_path) do
    options = if python_path, do: [python_path: to_charlist(python_path)], else: []
    {:ok, instance} = apply(:python, :start, [[{:python, 'python3'} | options]])
    instance
  end
end

defmodule Bench.Project do
  # A project with one worker and one with two, of the same `math`.
  def start(nil) do
    Code.require_file("../test/support/project.ex", __DIR__)
    module = Envmgr.Test.Project

    for workers <- [1, 2] do
      project = Path.join(System.tmp_dir!(), "envmgr-bench-#{System.pid()}-#{workers}")
      libraries = %{"math" => apply(module, :library, ["math"])}
      apply(module, :activate, [project, "bench", [workers: workers, libraries: libraries]])
      System.at_exit(fn _ -> File.rm_rf!(project) end)
      instance(project, workers)
    end
  end

  def start(directory),
    do: for(workers <- [1, 2], do: instance(Path.join(directory, "workers#{workers}"), workers))

  defp instance(project, workers) do
    name = :"bench#{workers}"
    {:ok, _} = Envmgr.start_link(name: name, project: project, watch: false)
    {:ok, 4.0} = Envmgr.execute("math.sqrt", [16.0], name: name)
    wait(name, workers)
    name
  end

  defp wait(name, workers) do
    ready = Envmgr.stats(name) |> Map.values() |> Enum.map(&length(&1.workers)) |> Enum.sum()

    if ready < workers do
      Process.sleep(10)
      wait(name, workers)
    end
  end
end

defmodule Bench.Rows do
  def median(values) do
    sorted = Enum.sort(values)
    Enum.at(sorted, div(length(sorted), 2))
  end

  def print(name, ours, baseline, theirs, unit \\ "calls/s") do
    ratios = Enum.zip_with(ours, theirs, &(&1 / &2))

    fields = [
      name: name,
      value: shown(median(ours), unit),
      unit: unit,
      baseline: baseline,
      baseline_value: shown(median(theirs), unit),
      ratio: Float.round(median(ratios), 3),
      low: Float.round(Enum.min(ratios), 3),
      high: Float.round(Enum.max(ratios), 3)
    ]

    words = Enum.map_join(fields, ", ", fn {key, value} -> "\"#{key}\": #{inspect(value)}" end)
    IO.puts("{#{words}}")
  end

  defp shown(value, "calls/s"), do: round(value)
  defp shown(value, _unit), do: Float.round(value, 2)
end

switches = [
  project: :string,
  rounds: :integer,
  ms: :integer,
  erlport: :string,
  erlport_python: :string
]

{options, [], []} = OptionParser.parse(System.argv(), strict: switches)
rounds = options[:rounds] || 7
span = (options[:ms] || 700) * 1_000

[one, two] = Bench.Project.start(options[:project])
adapter = Bench.Adapter.start(one)
echo = Bench.Echo.open()
sqrt = fn name -> fn -> {:ok, 4.0} = Envmgr.execute("math.sqrt", [16.0], name: name) end end

# Thirty-two calls as one.
batch = fn name ->
  arguments = List.duplicate([16.0], 32)
  values = List.duplicate({:ok, 4.0}, 32)
  options = [name: name, batch: 32]
  fn -> ^values = "math.sqrt" |> Envmgr.map(arguments, options) end
end

erlport =
  if ebin = options[:erlport] do
    {pool, instance} = Bench.Erlport.start(ebin, options[:erlport_python], 2)
    {single, _its_instance} = Bench.Erlport.start(ebin, options[:erlport_python], 1)

    [
      erlport_sequential: &Bench.Callers.run(1, &1, fn -> 4.0 = Bench.Erlport.call(instance) end),
      erlport_pipelined: &Bench.Callers.run(32, &1, fn -> 4.0 = Bench.Erlport.call(instance) end),
      erlport_checkout: &Bench.Callers.run(32, &1, fn -> Bench.Erlport.checkout_call(single) end),
      erlport_callers: &Bench.Callers.run(64, &1, fn -> Bench.Erlport.checkout_call(pool) end)
    ]
  end

measures =
  [
    echo_sequential: &Bench.Echo.sequential(echo, &1),
    sequential: &Bench.Callers.run(1, &1, sqrt.(one)),
    adapter: &Bench.Callers.run(1, &1, adapter),
    echo_pipelined: &Bench.Echo.pipelined(echo, 32, &1),
    pipelined: &Bench.Callers.run(32, &1, sqrt.(one)),
    batch: &(32 * Bench.Callers.run(1, &1, batch.(one))),
    adapter_pipelined: &Bench.Callers.run(32, &1, adapter),
    callers: &Bench.Callers.run(64, &1, sqrt.(two))
  ] ++ (erlport || [])

measure = fn run, span ->
  started = Bench.Echo.now()
  count = run.(started + span)
  count * 1_000_000 / (Bench.Echo.now() - started)
end

for {_name, run} <- measures, do: measure.(run, div(span, 4))

results =
  for _ <- 1..rounds, reduce: %{} do
    all ->
      for {name, run} <- measures, reduce: all do
        all -> Map.update(all, name, [measure.(run, span)], &[measure.(run, span) | &1])
      end
  end

Bench.Rows.print("call.sequential", results.sequential, "raw Port echo", results.echo_sequential)

Bench.Rows.print(
  "call.pipelined32",
  results.pipelined,
  "raw Port echo, 32 in flight",
  results.echo_pipelined
)

Bench.Rows.print(
  "call.batch32",
  results.batch,
  "raw Port echo, 32 in flight",
  results.echo_pipelined
)

microseconds = fn rates -> Enum.map(rates, &(1_000_000 / &1)) end

Bench.Rows.print(
  "call.generic_overhead",
  microseconds.(results.sequential),
  "a hand-written adapter on the same transport",
  microseconds.(results.adapter),
  "µs"
)

Bench.Rows.print(
  "call.generic_overhead32",
  microseconds.(results.pipelined),
  "a hand-written adapter on the same transport, 32 callers",
  microseconds.(results.adapter_pipelined),
  "µs"
)

if erlport do
  Bench.Rows.print(
    "call.callers64x2",
    results.callers,
    "erlport behind a GenServer",
    results.erlport_callers
  )

  Bench.Rows.print(
    "call.sequential.vs_erlport",
    results.sequential,
    "erlport",
    results.erlport_sequential
  )

  Bench.Rows.print(
    "call.pipelined32.vs_erlport",
    results.pipelined,
    "erlport, 32 callers",
    results.erlport_pipelined
  )

  Bench.Rows.print(
    "call.pipelined32.vs_erlport_checkout",
    results.pipelined,
    "erlport behind a GenServer, 32 callers",
    results.erlport_checkout
  )

  Bench.Rows.print(
    "call.batch32.vs_erlport",
    results.batch,
    "erlport, 32 callers",
    results.erlport_pipelined
  )

  Bench.Rows.print(
    "call.callers64x2.vs_erlport",
    results.callers,
    "erlport behind a GenServer",
    results.erlport_callers
  )
else
  Bench.Rows.print(
    "call.callers64x2",
    results.callers,
    "raw Port echo, 32 in flight",
    results.echo_pipelined
  )
end
