defmodule Envmgr.Pool.LaneTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Bytes, Error}
  alias Envmgr.Pool.Lane
  alias Envmgr.Test.Project

  @mib 1_048_576

  setup context do
    {name, project} = Project.start(Keyword.merge([workers: 1], context[:project] || []))
    %{name: name, project: project, call: &Envmgr.execute(&1, &2, name: name, timeout: 60_000)}
  end

  defp array(count), do: %Array{dtype: "float64", shape: {count}, data: doubles(count)}
  defp doubles(count), do: for(n <- 0..(count - 1), into: <<>>, do: <<n * 1.0::float-little>>)

  # Made in no time, of any size.
  defp ones(size), do: %Array{dtype: "uint8", shape: {size}, data: :binary.copy(<<1>>, size)}

  test "one that writes is busy, and one that waits for something to write is not" do
    writer = spawn_link(fn -> Process.sleep(:infinity) end)
    assert Lane.busy?(%Lane{directory: "", reader: self(), writer: writer})

    writer = Lane.Writer.start_link(self(), "", self(), within: 0, compressed?: false)

    Envmgr.Test.Project.eventually(fn ->
      not Lane.busy?(%Lane{directory: "", reader: self(), writer: writer})
    end)
  end

  test "arrays and bytes of every size come as they are, both ways", %{call: call} do
    threshold = Lane.threshold()

    for size <- [8, threshold - 8, threshold, threshold + 8, @mib, 5 * @mib + 8] do
      array = array(div(size, 8))
      assert call.("probe.floats", [div(size, 8)]) == {:ok, array}
      assert call.("probe.echo", [array]) == {:ok, array}
      bytes = %Bytes{data: :binary.copy(<<1, 2, 3, 255>>, div(size, 4))}
      assert call.("probe.echo", [bytes]) == {:ok, bytes}
    end
  end

  test "several in one value, in their places", %{call: call} do
    value = %{
      "a" => [array(50_000), 1, array(3)],
      "b" =>
        {Envmgr.bytes(:binary.copy("x", @mib)),
         %Bytes{data: :binary.copy("y", @mib), kind: :bytearray}},
      "c" => array(70_000)
    }

    assert call.("probe.echo", [value]) == {:ok, value}
    assert {:ok, [one, two]} = call.("probe.echo", [[array(20_000), array(40_000)]])
    assert {one, two} == {array(20_000), array(40_000)}
  end

  test "what arrives in Python may be written", %{call: call} do
    assert call.("probe.mark", [array(100_000)]) == {:ok, "ndarray"}

    assert {:ok, %Array{data: <<-1.0::float-little, _::binary>>}} =
             call.("probe.changes", [array(100_000)])
  end

  test "an answer is a binary of its own, no larger than its data", %{call: call} do
    {:ok, %Array{data: data}} = call.("probe.floats", [@mib])
    assert :binary.referenced_byte_size(data) == byte_size(data)
  end

  @tag project: [compression: "zlib"]
  test "compressed, both ways", %{call: call} do
    for value <- [array(50_000), ones(5 * @mib), Envmgr.bytes(:rand.bytes(3 * @mib + 1))],
        do: assert(call.("probe.echo", [value]) == {:ok, value})

    assert {:ok, [_, _]} = call.("probe.echo", [[array(50_000), array(60_000)]])
    assert call.("probe.mark", [array(100_000)]) == {:ok, "ndarray"}
  end

  test "many callers at once, each with its own", %{call: call} do
    1..24
    |> Task.async_stream(
      fn n ->
        count = 10_000 + 7_000 * n
        assert call.("probe.echo", [array(count)]) == {:ok, array(count)}
        assert {:ok, total} = call.("probe.total", [array(count)])
        assert total == count * (count - 1) / 2
      end,
      max_concurrency: 12,
      timeout: 60_000
    )
    |> Stream.run()
  end

  test "what others can change leaves as it was when the call returned", %{name: name, call: call} do
    {:ok, kept} = Envmgr.execute("probe.keep", [2 * @mib], name: name, as: :ref)

    for n <- 0..4 do
      give = Task.async(fn -> Envmgr.method(kept, "give") end)
      {:ok, %Array{data: data}} = Task.await(give, 60_000)
      {:ok, nil} = Envmgr.method(kept, "stir")
      assert all?(data, n)
    end

    give = for _ <- 1..6, do: Task.async(fn -> Envmgr.method(kept, "give") end)
    stir = for _ <- 1..6, do: Task.async(fn -> Envmgr.method(kept, "stir") end)

    for {:ok, %Array{data: data}} <- Task.await_many(give, 60_000),
        do: assert(all?(data, first(data)))

    Task.await_many(stir, 60_000)

    {:ok, array} = Envmgr.attr(kept, "array", as: :ref)
    {:ok, own} = Envmgr.execute("probe.floats", [2 * @mib], name: name, as: :ref)

    for ref <- [array, own] do
      tasks =
        for _ <- 1..5 do
          [
            Task.async(fn -> call.("probe.echo", [ref]) end),
            Task.async(fn -> call.("probe.stir", [ref]) end)
          ]
        end

      for {:ok, %Array{data: data}} <- tasks |> List.flatten() |> Task.await_many(20_000),
          do: assert(all?(data, first(data)))
    end
  end

  # Whether it is the count from n on, whatever was added in between.
  defp all?(data, n) do
    size = byte_size(data) - 8

    <<first::float-little, _::binary-size(size - 8), last::float-little, _::binary>> =
      data <> <<0::64>>

    first == n and last == n + div(byte_size(data), 8) - 1 and middle?(data, n)
  end

  defp middle?(data, n) do
    for at <- 0..(div(byte_size(data), 8) - 1)//100_003, reduce: true do
      good? ->
        <<value::float-little>> = binary_part(data, at * 8, 8)
        good? and value == n + at
    end
  end

  defp first(<<first::float-little, _::binary>>), do: first

  test "a quick call does not wait for a large one's data", %{call: call} do
    large = ones(96 * @mib)
    busy = Task.async(fn -> for(_ <- 1..4, do: {:ok, _} = call.("probe.total", [large])) end)
    assert {:ok, _} = call.("probe.echo", [1])
    assert Task.yield(busy, 0) == nil
    Task.await(busy, 60_000)
  end

  test "a worker killed in the middle: its caller hears of it, the next call is served", %{
    name: name,
    call: call
  } do
    for n <- 1..6 do
      pid = worker(name)
      large = Task.async(fn -> call.("probe.floats", [8 * @mib]) end)
      Process.sleep(5 * n)
      System.cmd("kill", ["-KILL", "#{pid}"])
      assert {tag, _} = Task.await(large, 60_000)
      assert tag in [:ok, :error]
      # One that has just ended may still be given a call, and loses it.
      await(fn -> pid not in workers(name) end)
      assert call.("probe.total", [array(50_000)]) == {:ok, 50_000 * 49_999 / 2}
    end
  end

  test "a worker killed while data goes to it: the call is made elsewhere, or its caller hears of it",
       %{
         name: name,
         call: call
       } do
    large = ones(48 * @mib)

    for n <- 1..6 do
      pid = worker(name)
      task = Task.async(fn -> call.("probe.total", [large]) end)
      Process.sleep(5 * n)
      System.cmd("kill", ["-KILL", "#{pid}"])

      case Task.await(task, 60_000) do
        {:ok, total} -> assert total == 48 * @mib
        {:error, %Error{code: code}} -> assert code == :worker_lost
      end
    end
  end

  test "a deadline in the middle leaves a worker that serves, and no data of its call", %{
    name: name,
    call: call
  } do
    large = ones(48 * @mib)

    for timeout <- [0, 1, 5, 10, 20] do
      for {path, args} <- [{"probe.total", [large]}, {"probe.floats", [4 * @mib]}] do
        case Envmgr.execute(path, args, name: name, timeout: timeout) do
          {:ok, _} -> :ok
          {:error, error} -> assert error.code == :timeout
        end
      end
    end

    assert call.("probe.echo", [array(70_000)]) == {:ok, array(70_000)}
  end

  @tag project: [workers: 2]
  test "a caller that dies leaves workers that serve", %{call: call} do
    large = ones(48 * @mib)

    for _ <- 1..4 do
      pid = spawn(fn -> call.("probe.echo", [large]) end)
      Process.sleep(30)
      Process.exit(pid, :kill)
    end

    for _ <- 1..4, do: assert(call.("probe.echo", [array(60_000)]) == {:ok, array(60_000)})
  end

  test "a new generation waits for what is on its way", %{
    name: name,
    project: project,
    call: call
  } do
    large = for _ <- 1..4, do: Task.async(fn -> call.("probe.floats", [6 * @mib]) end)
    Process.sleep(50)
    Project.activate(project, "std", generation: 2, workers: 1)

    for {:ok, %Array{data: data}} <- Task.await_many(large, 60_000),
        do: assert(byte_size(data) == 48 * @mib)

    await(fn -> match?({:ok, "2"}, call.("probe.generation", [])) end)
    assert workers(name) != []
  end

  test "nothing is left in the file system", %{call: call} do
    assert {:ok, _} = call.("probe.floats", [100_000])
    await(fn -> mine() == [] end)
  end

  defp mine, do: Path.wildcard(Path.join(System.tmp_dir!(), "envmgr-#{System.pid()}-*/[wc]*"))
  defp workers(name), do: for(%{os_pid: pid} <- Envmgr.stats(name)["std"].workers, do: pid)

  defp worker(name) do
    await(fn -> workers(name) != [] end)
    hd(workers(name))
  end

  defp await(condition, left \\ 3_000) do
    cond do
      condition.() -> :ok
      left == 0 -> flunk("it did not come to pass")
      true -> Process.sleep(20) && await(condition, left - 1)
    end
  end
end
