defmodule Envmgr.Pool.StormTest do
  # Everything at once, with workers that are killed in between: each question has one answer, and nothing is left over.
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  @codes [:worker_lost, :timeout, :cancelled]
  # What has so little time may be refused at once.
  @late [:timeout, :overloaded]

  defp workers(name), do: Envmgr.stats(name)["std"].workers

  defp quiet(name, count) do
    Project.eventually(fn ->
      workers = workers(name)
      length(workers) == count and Enum.all?(workers, &(&1.in_flight == 0))
    end)

    Project.eventually(fn -> :ets.match(name, {{:lent, :"$1"}, :_, :_, :_}) == [] end)
  end

  defp owners(name) do
    {_, workers, _} = Envmgr.Pool.Route.lookup(name, "std")
    for {pid, _slot} <- tl(Tuple.to_list(workers)), do: :sys.get_state(pid)
  end

  # One answer: `:ok`, or the code of an error that a killed worker or an end by the pool explains.
  defp ask(:call, name), do: verdict(Envmgr.execute("probe.echo", [7], name: name), 7)

  defp ask(:coroutine, name),
    do: verdict(Envmgr.execute("probe.asleep", [0.02, 7], name: name, priority: :high), 7)

  defp ask(:async, name) do
    calls = for n <- 1..5, do: Envmgr.async("probe.asleep", [0.01 * n, n], name: name)
    answers = Envmgr.await_many(calls, 20_000)
    answers |> Enum.with_index(1) |> Enum.map(fn {answer, n} -> verdict(answer, n) end) |> worst()
  end

  defp ask(:cancel, name) do
    path = Enum.random(["probe.asleep", "probe.spin", "probe.nap"])
    call = Envmgr.async(path, [30], name: name)
    Process.sleep(:rand.uniform(30))
    Envmgr.cancel(call)
    verdict(Envmgr.await(call), :none)
  end

  defp ask(:late, name) do
    path = Enum.random(["probe.asleep", "probe.spin"])
    answer = Envmgr.execute(path, [30], name: name, timeout: :rand.uniform(40))

    with {:error, %Error{code: code}} when code in @late <- answer,
         do: :timeout,
         else: (_ -> verdict(answer, :none))
  end

  defp ask(:stream, name) do
    taken = :rand.uniform(2_000)
    items = Envmgr.stream("probe.ticks", [1_000_000], name: name) |> Enum.take(taken)
    if items == Enum.to_list(0..(taken - 1)), do: :ok, else: :wrong
  rescue
    error in Error -> error.code
  end

  defp ask(:callback, name) do
    fun = fn n -> Envmgr.execute!("probe.echo", [n + 1], name: name) end
    verdict(Envmgr.execute("probe.apply", [fun, [1]], name: name), 2)
  end

  defp ask(:items, name) do
    stream = Stream.map(1..200, & &1)
    verdict(Envmgr.execute("probe.consume", [stream], name: name), Enum.to_list(1..200))
  end

  defp ask(:dying, name) do
    caller =
      spawn(fn -> Envmgr.async("probe.asleep", [30], name: name) && Process.sleep(:infinity) end)

    Process.sleep(:rand.uniform(20))
    Process.exit(caller, :kill)
    :ok
  end

  defp verdict({:ok, value}, value), do: :ok
  defp verdict({:error, %Error{code: code}}, _value) when code in @codes, do: code
  # What a function called was in the worker that was killed, and Python had no time to say so.
  defp verdict({:error, %Error{type: "ElixirError"}}, _value), do: :worker_lost
  defp verdict(other, _value), do: {:wrong, other}

  defp worst(verdicts), do: Enum.find(verdicts, :ok, &(&1 != :ok))

  defp storm(name, callers, rounds, kinds) do
    1..callers
    |> Enum.map(fn seed ->
      Task.async(fn ->
        :rand.seed(:exsss, {seed, 2, 3})

        verdicts =
          for _ <- 1..rounds do
            kind = Enum.random(kinds)
            {kind, ask(kind, name)}
          end

        # Anything that comes late would be a second answer.
        Process.sleep(200)
        {:messages, []} = Process.info(self(), :messages)
        verdicts
      end)
    end)
    |> Task.await_many(120_000)
    |> List.flatten()
  end

  @kinds [:call, :coroutine, :async, :cancel, :late, :stream, :callback, :items, :dying]

  test "undisturbed, every question has its answer and the workers live" do
    {name, _} = Project.start(workers: 2)
    Project.eventually(fn -> length(workers(name)) == 2 end)
    before = Enum.map(workers(name), & &1.os_pid)
    verdicts = storm(name, 8, 25, @kinds)

    for {kind, verdict} <- verdicts do
      expected = %{cancel: :cancelled, late: :timeout}[kind] || :ok
      assert {kind, verdict} == {kind, expected}
    end

    quiet(name, 2)
    assert Enum.map(workers(name), & &1.os_pid) == before

    # What a process lent is forgotten when its end is heard of.
    Project.eventually(fn ->
      Enum.all?(owners(name), fn owner ->
        owner.watched == %{} and owner.cancelled == %{} and owner.callbacks == %{} and
          owner.lent == %Envmgr.Pool.Lent{} and owner.nudge == nil and
          Envmgr.Pool.Flight.empty?(owner.flight)
      end)
    end)
  end

  test "with workers killed in between, every question has one answer, and the pool is whole again" do
    {name, _} = Project.start(workers: 2)
    Project.eventually(fn -> length(workers(name)) == 2 end)
    test = self()

    killer =
      spawn_link(fn ->
        for _ <- 1..6 do
          Process.sleep(400)

          # One that has answered is none that does not stay.
          with [%{os_pid: pid} | _] <-
                 name |> workers() |> Enum.filter(&(&1.answered > 0)) |> Enum.shuffle(),
               do: System.cmd("kill", ["-9", "#{pid}"])
        end

        send(test, :killed)
      end)

    verdicts = storm(name, 8, 30, @kinds)
    assert_receive :killed, 60_000
    refute Process.alive?(killer)
    assert Enum.filter(verdicts, fn {_, verdict} -> verdict not in [:ok | @codes] end) == []
    assert Enum.count(verdicts, fn {_, verdict} -> verdict == :ok end) > 80
    quiet(name, 2)
  end
end
