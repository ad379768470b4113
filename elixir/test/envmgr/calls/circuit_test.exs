defmodule Envmgr.Calls.CircuitTest do
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  alias Envmgr.Calls.{Breaker, Call, Circuit, Options}
  alias Envmgr.Error
  alias Envmgr.Test.Project

  describe "the state" do
    setup do
      settings = %{failures: 3, within: 100, open: 50}
      %{settings: settings, circuit: Breaker.new(settings)}
    end

    test "opens with so many failures in so short a time", %{circuit: circuit, settings: settings} do
      for now <- [1_000, 1_060, 1_101],
          do: assert(Breaker.failed(circuit, settings, now) == :closed)

      assert Breaker.ask(circuit, 1_101, 50) == :closed
      assert Breaker.read(circuit, settings, 1_101).failures == 2
      assert Breaker.failed(circuit, settings, 1_150) == :opened
      assert Breaker.failed(circuit, settings, 1_150) == :closed
      assert Breaker.ask(circuit, 1_151, 50) == {:open, 49}
    end

    test "lets one call through, and closes or opens by it", %{
      circuit: circuit,
      settings: settings
    } do
      for _ <- 1..3, do: Breaker.failed(circuit, settings, 1_000)
      assert {:probe, lease} = Breaker.ask(circuit, 1_050, 500)
      assert Breaker.ask(circuit, 1_050, 500) == {:open, 500}
      assert Breaker.probed(circuit, settings, lease, :failed, 1_060) == :opened
      assert Breaker.ask(circuit, 1_060, 500) == {:open, 50}
      assert {:probe, lease} = Breaker.ask(circuit, 1_110, 500)
      assert Breaker.probed(circuit, settings, lease, :unknown, 1_120) == :half_open
      assert {:probe, lease} = Breaker.ask(circuit, 1_120, 500)
      assert Breaker.probed(circuit, settings, lease, :sound, 1_121) == :closed
      assert Breaker.ask(circuit, 1_121, 500) == :closed
      assert Breaker.failed(circuit, settings, 1_122) == :closed
    end

    test "takes no word of a call whose lease is over", %{circuit: circuit, settings: settings} do
      for _ <- 1..3, do: Breaker.failed(circuit, settings, 1_000)
      assert {:probe, late} = Breaker.ask(circuit, 1_050, 100)
      assert {:probe, _other} = Breaker.ask(circuit, 1_150, 100)
      assert Breaker.probed(circuit, settings, late, :sound, 1_160) == :half_open
      assert {:open, 90} = Breaker.ask(circuit, 1_160, 100)
    end

    test "of one failure" do
      settings = %{failures: 1, within: 10, open: 50}
      assert Breaker.failed(Breaker.new(settings), settings, 5) == :opened
    end
  end

  describe "a library's" do
    setup context do
      open = context[:open] || 1_500
      circuit = %{"failures" => 2, "within" => 60_000, "open" => open}
      said = %{"recovery" => %{"circuit" => circuit}}
      start(context.test, %{"frail" => said, "probe" => %{}})
      notes(context)
    end

    @tag open: 60_000
    test "circuit opens, refuses at once, and closes by one call", %{test: name, notes: notes} do
      execute = &Envmgr.execute(&1, &2, [name: name] ++ &3)
      opened = fn -> Envmgr.stats(name)["std"].circuits["frail"] end

      assert {:error, %Error{code: :exception}} = execute.("frail.unsteady", [notes, 2], [])
      # What the caller did wrong is no failure of the library's.
      assert {:error, %Error{class: :usage}} = execute.("frail.fail", ["x"], [])
      assert {:error, %Error{code: :arguments}} = execute.("frail.fail", [], [])
      assert %{state: :closed, failures: 1, last: nil} = opened.()
      assert {:error, %Error{code: :exception}} = execute.("frail.unsteady", [notes, 2], [])
      assert %{state: :open, last: %{path: "frail.unsteady", code: :exception}} = opened.()

      assert {:error, %Error{code: :circuit_open, retry: true, class: :resource} = error} =
               execute.("frail.echo", [1], [])

      assert error.message =~ "frail failed 2 times within 60000 ms and is left alone"
      assert error.message =~ "frail.unsteady: exception: failure 2"
      assert error.details.retry_after in 0..60_000
      assert times(notes) == 2

      assert {:error, %Error{code: :circuit_open}} = execute.([{:call, "frail.pid"}], [], [])
      assert {:ok, 1} = execute.("frail.echo", [1], fallback: "probe.echo")
      assert {:ok, 1} = execute.("probe.echo", [1], [])

      # A retry waits for the circuit. As if it had been open for long.
      [{_key, _settings, circuit, _why}] = :ets.lookup(name, {:circuit, "frail"})
      :atomics.sub(circuit, 1, 59_000)
      assert {:ok, 3} = execute.("frail.unsteady", [notes, 2], retry: [max: 5, backoff: 1])
      assert %{state: :closed, failures: 0} = opened.()
    end

    test "circuit is half open when the call that finds out is raised out of", %{
      test: name,
      notes: notes
    } do
      for _ <- 1..2, do: Envmgr.execute("frail.unsteady", [notes, 2], name: name)
      state = fn -> Envmgr.stats(name)["std"].circuits["frail"].state end
      Project.eventually(fn -> state.() == :half_open end)
      {:ok, row} = Envmgr.Calls.find(name, "frail.echo")
      now = System.monotonic_time(:nanosecond)
      call = Call.new(row, %Options{name: name}, [1], [], now)
      assert :thrown = catch_throw(Circuit.around(call, fn _call -> throw(:thrown) end))
      assert state.() == :half_open
      assert {:ok, 1} = Envmgr.execute("frail.echo", [1], name: name)
      assert state.() == :closed
    end

    test "circuit is half open when its caller ends", %{test: name, notes: notes} do
      for _ <- 1..2, do: Envmgr.execute("frail.unsteady", [notes, 2], name: name)
      state = fn -> Envmgr.stats(name)["std"].circuits["frail"].state end
      Project.eventually(fn -> state.() == :half_open end)
      call = Envmgr.async("frail.nap", [60], name: name)
      Project.eventually(fn -> state.() == :open end)
      Envmgr.cancel(call)
      assert {:error, %Error{code: :cancelled}} = Envmgr.await(call)
      assert {:ok, 1} = Envmgr.execute("frail.echo", [1], name: name)
      assert state.() == :closed
    end
  end
end
