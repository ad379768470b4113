# Large values through the second lane, beside the same work by NumPy and pyarrow in the same worker and run.
#
#     mix run --no-start bench/values.exs --project DIR [--rounds N] [--only PREFIX]
#
# DIR has a library numpy, and pandas with pyarrow, one worker each. Each row is one line of JSON, as in calls.exs.

defmodule Bench.Values do
  @mib 1_048_576

  def numpy(path, args, opts \\ []), do: Envmgr.execute!(path, args, [timeout: 120_000] ++ opts)

  def seconds(work) do
    :erlang.garbage_collect()
    started = System.monotonic_time(:microsecond)
    work.()
    (System.monotonic_time(:microsecond) - started) / 1.0e6
  end

  # What is measured and its baseline in turn, after one round that does not count.
  def pairs(rounds, ours, theirs) do
    for(_ <- 0..rounds, do: {seconds(ours), seconds(theirs)}) |> tl()
  end

  def arrays(rounds, wanted?) do
    for mb <- [64, 256], wanted?.("array.") do
      bytes = mb * @mib
      array = numpy("numpy.arange", [div(bytes, 8)], as: :ref)
      copy = fn -> array |> Envmgr.method("copy", [], as: :ref) |> elem(1) |> Envmgr.release() end

      fetch = fn ->
        %Envmgr.Array{data: data} = numpy("numpy.asarray", [array])
        ^bytes = byte_size(data)
      end

      # First, while neither side has memory of an earlier transfer.
      memory("array.memory.py2ex.#{mb}MB", bytes, fetch)
      local = numpy("numpy.asarray", [array])
      give = fn -> true = numpy("numpy.size", [local]) == div(bytes, 8) end
      memory("array.memory.ex2py.#{mb}MB", bytes, give)
      baseline = "numpy copy to fresh pages"
      rate("array.py2ex.#{mb}MB", bytes, baseline, pairs(rounds, fetch, copy))
      rate("array.ex2py.#{mb}MB", bytes, baseline, pairs(rounds, give, copy))
      Envmgr.release(array)
    end
  end

  # Both processes' peaks above what they held, over the data's size: the receiver's own copy is 1.0 of it.
  defp memory(name, bytes, work) do
    pids = [System.pid() | for(%{os_pid: pid} <- workers("numpy"), do: to_string(pid))]

    ratios =
      for _ <- 1..5 do
        for pid <- Process.list(), do: :erlang.garbage_collect(pid)
        Process.sleep(200)
        for pid <- pids, do: File.write!("/proc/#{pid}/clear_refs", "5")
        before = pids |> Enum.map(&status(&1, "VmRSS")) |> Enum.sum()
        Task.await(Task.async(work), :infinity)
        peak = pids |> Enum.map(&status(&1, "VmHWM")) |> Enum.sum()
        (peak - before) * 1024 / bytes
      end

    most = Enum.max(ratios)
    row(name, most, "x", "the data's size", 1.0, [most])
  end

  defp workers(environment), do: Envmgr.stats()[environment].workers

  defp status(pid, key) do
    [_, kb] = Regex.run(~r/#{key}:\s+(\d+) kB/, File.read!("/proc/#{pid}/status"))
    String.to_integer(kb)
  end

  # A quick call again and again while a large array is on its way, in the one worker that there is.
  def beside(rounds, wanted?) do
    if wanted?.("lane.") do
      array = numpy("numpy.arange", [32 * @mib], as: :ref)

      transfers =
        Task.async(fn -> for _ <- 1..(4 * rounds), do: numpy("numpy.asarray", [array]) && nil end)

      beside = call_until(transfers, [])
      alone = for _ <- 1..2_000, do: quick()
      p99 = percentile(beside, 0.99)
      base = percentile(alone, 0.99)

      row("lane.call_beside_256MB.p99", p99, "s", "p99 of the same call alone", base, [p99 / base])

      Envmgr.release(array)
    end
  end

  defp call_until(task, taken) do
    case Task.yield(task, 0) do
      nil -> call_until(task, [quick() | taken])
      {:ok, _} -> taken
    end
  end

  defp quick do
    started = System.monotonic_time(:nanosecond)
    numpy("numpy.iinfo", ["int8"], as: :ref) |> Envmgr.release()
    (System.monotonic_time(:nanosecond) - started) / 1.0e9
  end

  def frames(rounds, wanted?) do
    if wanted?.("frame.") do
      frame = make_frame(1_000_000)
      by_hand = fn -> arrow_there_and_back(frame) end
      here = numpy("pandas.DataFrame", [frame])

      both = fn ->
        fetched = numpy("pandas.DataFrame", [frame])
        numpy("pandas.DataFrame", [fetched], as: :ref) |> Envmgr.release()
      end

      there = fn -> numpy("pandas.DataFrame", [frame]) end
      back = fn -> numpy("pandas.DataFrame", [here], as: :ref) |> Envmgr.release() end
      baseline = "pyarrow: from_pandas, IPC write, IPC read, to_pandas"
      time("frame.1Mx10", baseline, pairs(rounds, both, by_hand))
      time("frame.1Mx10.py2ex", baseline, pairs(rounds, there, by_hand))
      time("frame.1Mx10.ex2py", baseline, pairs(rounds, back, by_hand))
    end
  end

  # There and back through a worker, per element beside the same number of integers.
  def values(rounds, wanted?) do
    count = 20_000
    echo = fn list -> fn -> ^count = length(numpy("copy.copy", [list])) end end
    integers = echo.(Enum.to_list(1..count))
    now = ~N[2026-11-25 12:00:00.123456]

    makers = [
      floats: &(&1 * 0.5),
      strings: &"text number #{&1}",
      bytes: &Envmgr.bytes(<<&1::64>>),
      tuples: &{&1, "x"},
      dicts: &%{"id" => &1, "name" => "somebody", "x" => 0.5},
      big_integers: &(&1 * 2 ** 70),
      decimals: &%Envmgr.Decimal{text: "#{&1}.25"},
      datetimes: &NaiveDateTime.add(now, &1),
      aware_datetimes: &DateTime.from_naive!(NaiveDateTime.add(now, &1), "Etc/UTC"),
      dates: &Date.add(~D[2026-11-25], rem(&1, 10_000)),
      sets: &MapSet.new([&1, "x"]),
      complexes: &%Envmgr.Complex{re: &1 * 1.0, im: 0.5}
    ]

    for {name, make} <- makers, wanted?.("value.#{name}") do
      ours = echo.(Enum.map(1..count, make))
      time("value.#{name}", "#{count} integers", pairs(rounds, ours, integers))
    end
  end

  defp make_frame(rows) do
    ints = numpy("pandas.RangeIndex", [rows], as: :ref)
    numbers = method(ints, "to_series")
    floats = method(numbers, "astype", ["float64"])
    small = method(numbers, "mod", [100])
    texts = method(small, "astype", ["str"])

    columns = %{
      "id" => numbers,
      "small" => method(small, "astype", ["int32"]),
      "x" => floats,
      "y" => method(floats, "mul", [1.5]),
      "z" => method(floats, "astype", ["float32"]),
      "even" => method(small, "lt", [50]),
      "name" => texts,
      "place" => method(texts, "add", [" somewhere"]),
      "kind" => method(texts, "astype", ["category"]),
      "at" => numpy("pandas.to_datetime", {[numbers], %{unit: "s"}}, as: :ref)
    }

    numpy("pandas.DataFrame", [columns], as: :ref)
  end

  defp arrow_there_and_back(frame) do
    table = numpy("pyarrow.Table.from_pandas", [frame], as: :ref)
    {:ok, schema} = Envmgr.attr(table, "schema", as: :ref)
    sink = numpy("pyarrow.BufferOutputStream", [], as: :ref)
    writer = numpy("pyarrow.ipc.new_stream", [sink, schema], as: :ref)
    method(writer, "write_table", [table])
    method(writer, "close")
    buffer = method(sink, "getvalue")
    reader = numpy("pyarrow.ipc.open_stream", [buffer], as: :ref)
    again = method(reader, "read_all")
    result = method(again, "to_pandas")

    for ref <- [table, schema, sink, writer, buffer, reader, again, result],
        do: Envmgr.release(ref)
  end

  defp method(ref, name, args \\ []) do
    {:ok, value} = Envmgr.method(ref, name, args, as: :ref, timeout: 120_000)
    value
  end

  def rate(name, bytes, baseline, pairs) do
    {ours, theirs} = Enum.unzip(pairs)
    gb = fn seconds -> Float.round(bytes / median(seconds) / 1.0e9, 3) end
    row(name, gb.(ours), "GB/s", baseline, gb.(theirs), for({o, t} <- pairs, do: t / o))
  end

  def time(name, baseline, pairs) do
    {ours, theirs} = Enum.unzip(pairs)
    row(name, median(ours), "s", baseline, median(theirs), for({o, t} <- pairs, do: o / t))
  end

  defp row(name, value, unit, baseline, baseline_value, ratios) do
    fields = [
      name: name,
      value: round6(value),
      unit: unit,
      baseline: baseline,
      baseline_value: round6(baseline_value),
      ratio: Float.round(median(ratios), 3),
      low: Float.round(Enum.min(ratios), 3),
      high: Float.round(Enum.max(ratios), 3)
    ]

    words = Enum.map_join(fields, ", ", fn {key, value} -> "\"#{key}\": #{inspect(value)}" end)
    IO.puts("{#{words}}")
  end

  defp round6(value) when is_float(value), do: Float.round(value, 6)
  defp round6(value), do: value

  defp median(values), do: percentile(values, 0.5)

  defp percentile(values, share) do
    sorted = Enum.sort(values)
    Enum.at(sorted, min(trunc(length(sorted) * share), length(sorted) - 1)) * 1.0
  end
end

{options, [], []} =
  OptionParser.parse(System.argv(),
    strict: [project: :string, rounds: :integer, only: :string]
  )

rounds = options[:rounds] || 7
only = options[:only] || ""
wanted? = &(String.starts_with?(&1, only) or String.starts_with?(only, &1))
{:ok, _} = Envmgr.start_link(project: options[:project], watch: false)
true = is_float(Envmgr.execute!("numpy.mean", [[1, 2]], timeout: 120_000))

Bench.Values.arrays(rounds, wanted?)
Bench.Values.beside(rounds, wanted?)
Bench.Values.frames(rounds, wanted?)
Bench.Values.values(rounds, wanted?)
