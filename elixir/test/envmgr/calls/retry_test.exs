defmodule Envmgr.Calls.RetryTest do
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  alias Envmgr.Calls.Retry
  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup_all do
    recovery = %{"idempotent" => ["counted", "unsteady"], "retries" => 2, "backoff" => 1}
    start(__MODULE__, %{"steady" => %{"recovery" => recovery}, "probe" => %{}})
    :ok
  end

  setup :notes

  defp execute(path, args, opts \\ []), do: Envmgr.execute(path, args, [name: __MODULE__] ++ opts)

  test "the wait doubles up to a bound; half of it is sure" do
    assert {50, 50} = Retry.wait(100, 1)
    assert {200, 200} = Retry.wait(100, 3)
    assert {5_000, 5_000} = Retry.wait(100, 30)
    assert {1, 0} = Retry.wait(1, 1)
    assert {25, 25} = Retry.wait(nil, 1)
  end

  describe "by configuration" do
    test "what may be run twice is tried again after an error that comes and goes", %{
      notes: notes
    } do
      assert {:ok, 3, %{tries: 3}} = execute("steady.unsteady", [notes, 2], metadata: true)
      assert {:ok, 4, metadata} = execute("steady.unsteady", [notes, 2], metadata: true)
      refute is_map_key(metadata, :tries)
    end

    test "a lost worker too", %{notes: notes} do
      assert {:ok, 2} = execute("steady.unsteady", [notes, 1, "lost"])
    end

    test "not after an error that stays", %{notes: notes} do
      assert {:error, %Error{type: "ValueError", details: details}} =
               execute("steady.unsteady", [notes, 9, "ValueError"])

      refute is_map_key(details, :attempts)
      assert times(notes) == 1
    end

    test "the last error tells all tries", %{notes: notes} do
      assert {:error, %Error{type: "ConnectionError"} = error} =
               execute("steady.unsteady", [notes, 9])

      assert error.message == "failure 3 (after 3 tries)"
      assert [first, second, third] = error.details.attempts
      assert %{path: "steady.unsteady", code: :exception, message: "failure 1", wait: 1} = first
      assert %{message: "failure 2", wait: wait, environment: "std", generation: 1} = second
      assert wait in 1..2
      assert %{message: "failure 3", wait: nil, worker: worker, at: %DateTime{}} = third
      assert is_pid(worker)
      assert Exception.message(error) =~ ~r/tried [\d:.]+ steady.unsteady in std, #PID/
    end

    test "a call says otherwise", %{notes: notes} do
      assert {:error, _} = execute("steady.unsteady", [notes, 1], retry: 0)
      assert {:ok, 2} = execute("steady.unsteady", [notes, 1])
      File.rm!(notes)
      assert {:error, _} = execute("steady.unsteady", [notes, 1], idempotent: false)
      assert times(notes) == 1
    end
  end

  describe "by option" do
    test "of a function of which nothing is said", %{notes: notes} do
      opts = [retry: [max: 3, backoff: 1], idempotent: true]
      assert {:ok, 3} = execute("probe.unsteady", [notes, 2], opts)
    end

    test "not when the call may have run and may not run twice", %{notes: notes} do
      assert {:error, %Error{code: :exception}} = execute("probe.unsteady", [notes, 1], retry: 3)
      assert times(notes) == 1
    end

    test "of a chain and of a method", %{notes: notes} do
      opts = [retry: [max: 3, backoff: 1], idempotent: true]
      chain = [{:call, "probe.unsteady", [notes, 2]}, {:op, :+, 10}]
      assert {:ok, 13} = execute(chain, [], opts)

      File.rm!(notes)
      {:ok, ref} = execute("probe.Unsteady", [notes, 2])
      assert {:ok, 3} = Envmgr.method(ref, "ask", [], opts)
      File.rm!(notes)
      assert {:ok, 3} = execute([ref, {:method, "ask"}], [], opts)
    end

    test "of an asynchronous call", %{notes: notes} do
      opts = [name: __MODULE__, retry: [max: 3, backoff: 1], idempotent: true]
      call = Envmgr.async("probe.unsteady", [notes, 2], opts)
      assert {:ok, 3} = Envmgr.await(call)
    end

    test "of each call of a map", %{notes: notes} do
      opts = [name: __MODULE__, retry: [max: 3, backoff: 1], idempotent: true, max_concurrency: 1]
      assert [{:ok, 2}, {:ok, 3}] = Envmgr.map("probe.unsteady", [[notes, 1], [notes, 1]], opts)
    end

    test "of the opening of a stream", %{notes: notes} do
      opts = [name: __MODULE__, retry: [max: 2, backoff: 1], idempotent: true]
      assert [2] = Envmgr.stream("probe.unsteady_items", [notes, 1], opts) |> Enum.to_list()
    end

    test "what makes no sense is told" do
      assert {:error, %Error{code: :arguments, message: message}} =
               execute([{:call, "probe.pid"}], [], cache: true, fallback: "math.sqrt")

      assert message =~ "the option fallback, cache is for a call of a path, not for a chain"

      assert {:error, %Error{code: :arguments, message: message}} =
               execute("probe.pid", [], retry: -1)

      assert message =~ "-1 is no value of the option retry"
    end
  end

  describe "the deadline" do
    test "is one for all tries: none begins whose wait would pass it", %{notes: notes} do
      opts = [retry: [max: 9, backoff: 60_000], idempotent: true, timeout: 5_000]
      assert {:error, %Error{message: "failure 1"}} = execute("probe.unsteady", [notes, 9], opts)
      assert times(notes) == 1
    end

    test "passes in a try: nothing is tried after it", %{notes: notes} do
      opts = [retry: [max: 9, backoff: 1], idempotent: true, timeout: 300]

      assert {:error, %Error{code: :timeout} = error} =
               execute("probe.counted", [notes, 30], opts)

      assert error.message == "no answer within 300 ms"
      # Not even once, where the machine has other things to do.
      assert times(notes) <= 1
    end
  end

  test "a call that is cancelled between two tries is not made again", %{notes: notes} do
    opts = [name: __MODULE__, retry: [max: 3, backoff: 60_000], idempotent: true]
    call = Envmgr.async("probe.unsteady", [notes, 9], [timeout: :infinity] ++ opts)
    Project.eventually(fn -> times(notes) == 1 end)
    Envmgr.cancel(call)
    assert {:error, %Error{code: :cancelled}} = Envmgr.await(call)
    assert times(notes) == 1
  end
end
