defmodule Envmgr.Calls.Batch.RecoveredTest do
  # Many calls as one, of functions for which something is configured to recover from failures.
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  alias Envmgr.Error
  alias Envmgr.Test.{Heard, Project}

  setup_all do
    recovery = %{"idempotent" => ["*"], "retries" => 2, "backoff" => 1}

    fallbacks =
      Map.merge(recovery, %{
        "fallbacks" => %{"unsteady" => ["plain.type_name", "plain.note_item"]}
      })

    circuit = %{"circuit" => %{"failures" => 3, "within" => 60_000, "open" => 60_000}}

    start(__MODULE__, %{
      "plain" => %{},
      "steady" => %{"recovery" => recovery},
      "replaced" => %{"recovery" => Map.put(fallbacks, "retries", 0)},
      "frail" => %{"recovery" => circuit}
    })

    :ok
  end

  setup do
    directory = Project.new()
    %{note: &Path.join(directory, "#{&1}")}
  end

  defp map(path, items, opts), do: Envmgr.map(path, items, [name: __MODULE__] ++ opts)

  # How many messages the workers have answered.
  defp answered,
    do: Envmgr.stats(__MODULE__)["std"].workers |> Enum.map(& &1.answered) |> Enum.sum()

  test "they travel together, and so do those of them that are made again", %{note: note} do
    before = answered()
    Heard.listen(__MODULE__)
    items = for n <- 1..40, do: [note.(n), rem(n, 2)]
    answers = map("steady.unsteady", items, batch: 40)
    assert answers == for(n <- 1..40, do: {:ok, 1 + rem(n, 2)})
    # Twice for all of them.
    assert answered() - before == 2

    for _ <- 1..20 do
      assert_receive {:heard, [:retry, :attempt], %{attempt: 1, wait: _},
                      %{path: "steady.unsteady"}}
    end

    assert %{"steady" => %{retries: retries, recovered: recovered}} =
             Envmgr.stats(__MODULE__)["std"].recovery

    assert retries >= 20 and recovered >= 20
  end

  test "what fails on is each one's own, with its history", %{note: note} do
    items = [[note.(1), 9], [note.(2), 0], [note.(3), 0], [note.(4), 1]]
    answers = map("steady.unsteady", items, batch: 4)
    assert [{:error, error}, {:ok, 1}, {:ok, 1}, {:ok, 2}] = answers
    assert {error.code, error.type} == {:exception, "ConnectionError"}
    assert error.message == "failure 3 (after 3 tries)"
    assert [%{wait: wait, message: "failure 1"}, %{}, %{wait: nil}] = error.details.attempts
    assert is_integer(wait)
    assert error.correlation
    assert times(note.(1)) == 3 and times(note.(2)) == 1
  end

  test "the caller's errors are not repeated; nor is what may not be run twice", %{note: note} do
    answers = map("steady.failing", [[note.(1)], [note.(1)]], batch: 2)
    assert [{:error, %Error{type: "ValueError"} = error}, {:error, _}] = answers
    refute error.message =~ "tries"
    assert times(note.(1)) == 2

    answers = map("plain.unsteady", [[note.(2), 1], [note.(3), 0]], batch: 2, retry: 3)
    assert [{:error, %Error{type: "ConnectionError"}}, {:ok, 1}] = answers

    answers =
      map("plain.unsteady", [[note.(4), 1], [note.(5), 0]],
        batch: 2,
        retry: [max: 3, backoff: 1],
        idempotent: true
      )

    assert answers == [{:ok, 2}, {:ok, 1}]
  end

  test "one that ends its worker costs the others a try, and no more", %{note: note} do
    items = [[note.(1), 0], [note.(2), 9, "lost"], [note.(3), 0], [note.(4), 1]]
    answers = map("steady.unsteady", items, batch: 4)
    assert [{:ok, _}, {:error, %Error{code: :worker_lost}}, {:ok, _}, {:ok, _}] = answers
    Project.eventually(fn -> length(Envmgr.stats(__MODULE__)["std"].workers) == 2 end)
  end

  test "what stands in for them is called for each that failed", %{note: note} do
    items = [[note.(1), 0], [note.(2), 1]]
    # type_name takes one argument, note_item answers the second.
    assert [{:ok, 1}, {:ok, 1}] = map("replaced.unsteady", items, batch: 2)
    assert times(note.(2)) > 1

    told = fn %Error{type: type} -> {:told, type} end

    assert [{:ok, 1}, {:ok, {:told, "ConnectionError"}}] =
             map("steady.unsteady", [[note.(3), 0], [note.(4), 9]],
               batch: 2,
               fallback: told,
               retry: 0
             )
  end

  test "each failure counts for the circuit; one that is open lets none through", %{note: note} do
    items = for n <- 1..4, do: [note.(n), 9]
    answers = map("frail.unsteady", items, batch: 4)

    assert for({:error, %{type: type}} <- answers, do: type) ==
             List.duplicate("ConnectionError", 4)

    assert %{"frail" => %{state: :open}} = Envmgr.stats(__MODULE__)["std"].circuits
    answers = map("frail.unsteady", items, batch: 4)
    assert for({:error, %{code: code}} <- answers, do: code) == List.duplicate(:circuit_open, 4)
    assert Enum.map(1..4, &times(note.(&1))) == [1, 1, 1, 1]
  end
end
