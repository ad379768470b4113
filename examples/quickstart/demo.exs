# Shown by ./ci/demo: real libraries, each in its own environment, called from one VM.

defmodule Demo do
  @callers 4

  def run do
    title("numpy and pandas")
    show("math.sqrt", [16.0])
    show("numpy.mean", [[1, 2, 3]])
    show("numpy.arange", [3])
    show("numpy.linalg.norm", [[3.0, 4.0]])

    table = show("pandas2.DataFrame", [%{"city" => ["Bern", "Oslo", "Bern"], "n" => [1, 2, 3]}], as: :ref)
    groups = method(table, "groupby", ["city"])
    sums = method(groups, "sum", [], as: :ref)
    method(sums, "to_dict", [])

    title("two versions of pandas in one VM")
    show("metadata1.version", ["pandas"])
    show("metadata2.version", ["pandas"])

    title("errors")
    show("numpy.meen", [[1, 2, 3]])
    show("math.sqrt", [1, 2])
    show("math.sqrt", [-1.0])

    title("upgrade and rollback of numpy while #{@callers} processes call it")
    rolling_change()
  end

  defp rolling_change do
    before = version()
    callers = for _ <- 1..@callers, do: Task.async(&call_until_told/0)

    File.write!("envmgr.toml", String.replace(File.read!("envmgr.toml"), "==2.3.*", "==2.4.*"))
    {_, built} = timed(fn -> envmgr(["sync", "numpy"]) end)
    upgraded = await_version(&(&1 != before))
    IO.puts("  upgraded   #{before} -> #{upgraded} (lock, build, verify and prove took #{div(built, 1000)} s)")

    {rollback, _} = timed(fn -> envmgr(["rollback", "numpy"]) end)
    restored = await_version(&(&1 == before))

    IO.puts(
      "  rolled back #{upgraded} -> #{restored} in #{rollback["milliseconds"]} ms, without network or build"
    )

    for task <- callers, do: send(task.pid, :stop)
    results = Task.await_many(callers, 30_000)
    calls = Enum.sum(for {calls, _} <- results, do: calls)
    failures = Enum.flat_map(results, fn {_, failures} -> failures end)
    IO.puts("  meanwhile  #{calls} calls, #{length(failures)} failures")
    if failures != [] or calls == 0, do: fail(hd(failures ++ [:no_calls]))
  end

  defp call_until_told(calls \\ 0, failures \\ []) do
    receive do
      :stop -> {calls, failures}
    after
      0 ->
        case Envmgr.execute("numpy.mean", [[1, 2, calls]]) do
          {:ok, value} when is_float(value) -> call_until_told(calls + 1, failures)
          other -> call_until_told(calls + 1, [other | failures])
        end
    end
  end

  defp await_version(wanted?, left \\ 500) do
    version = version()

    cond do
      wanted?.(version) -> version
      left == 0 -> fail("numpy stayed at #{version}")
      true -> Process.sleep(20) && await_version(wanted?, left - 1)
    end
  end

  defp version do
    Enum.find_value(Envmgr.libraries(), &(&1.name == "numpy" && &1.version))
  end

  defp envmgr(arguments) do
    {output, status} = System.cmd("envmgr", ["--format", "json", "--quiet" | arguments])
    if status != 0, do: fail("envmgr #{Enum.join(arguments, " ")}: #{output}")

    case Regex.run(~r/"milliseconds": ?([\d.]+)/, output) do
      [_, milliseconds] -> %{"milliseconds" => Float.round(String.to_float(milliseconds), 1)}
      nil -> %{}
    end
  end

  defp timed(fun) do
    {microseconds, result} = :timer.tc(fun)
    {result, div(microseconds, 1000)}
  end

  defp method(ref, name, arguments, options \\ []) do
    call = "  ….#{name}(#{Enum.map_join(arguments, ", ", &inspect/1)})"
    print(call, Envmgr.method(ref, name, arguments, options))
  end

  defp show(path, arguments, options \\ []) do
    call = "  #{path}(#{Enum.map_join(arguments, ", ", &inspect/1)})"
    print(call, Envmgr.execute(path, arguments, options))
  end

  defp print(call, {:ok, value}) do
    IO.puts("#{call} = #{inspect(value)}")
    value
  end

  defp print(call, {:error, error}), do: IO.puts("#{call} -> #{Exception.message(error)}")

  defp title(text), do: IO.puts("\n#{text}")

  defp fail(reason) do
    IO.puts(:stderr, "error: #{inspect(reason)}")
    System.halt(1)
  end
end

Demo.run()
