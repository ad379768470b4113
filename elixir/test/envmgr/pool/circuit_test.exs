defmodule Envmgr.Pool.CircuitTest do
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Pool.Circuit

  @problem %Error{code: :start, message: "the worker was ended by SIGSEGV", environment: "e"}

  defp faults(c, kind, times),
    do: Enum.reduce(times, c, &Circuit.fault(&2, kind, @problem, &1))

  defp allowed(c, now, starting \\ 0, ready \\ 0),
    do: c |> Circuit.allows(4, starting, ready, now) |> elem(0)

  test "without a fault all that are missing start, beside what starts" do
    assert allowed(%Circuit{}, 0, 2, 1) == 4
    assert Circuit.allows(%Circuit{}, 0, 0, 0, 0) == {0, %Circuit{}}
    assert Circuit.whole?(%Circuit{})
  end

  test "the first worker that is lost is replaced at once, the next ones after a while, one at a time" do
    c = faults(%Circuit{}, :end, [0])
    assert {allowed(c, 0), allowed(c, 0, 1)} == {1, 0}
    c = faults(c, :end, [10])
    assert {allowed(c, 10), Circuit.wait(c, 10), allowed(c, 110)} == {0, 100, 1}
    c = Circuit.ready(c)
    # A worker that is ready says that starting works, and lifts the pause.
    assert {allowed(c, 20), Circuit.wait(c, 20)} == {1, 0}
    assert length(c.faults) == 2
    refute Circuit.whole?(c)
    assert Circuit.refusal(c, "default", 20) == nil
  end

  test "a start that fails is told as it is, tried again after a pause, and forgotten when one succeeds" do
    c = faults(%Circuit{}, :start, [0, 5])
    assert Circuit.refusal(c, "default", 6) == @problem
    assert {allowed(c, 6), allowed(c, 205)} == {0, 1}
    assert Circuit.whole?(Circuit.ready(c))
  end

  test "five faults within half a minute open it; older ones do not count" do
    assert faults(%Circuit{}, :end, [0, 1, 2, 3, 30_003]).state == :closed
    c = faults(%Circuit{}, :end, [0, 1, 2, 3, 4])
    assert c.state == :open
    assert {allowed(c, 1_003), Circuit.wait(c, 4)} == {0, 1_000}
    error = Circuit.refusal(c, "heavy", 504)
    assert {error.code, error.retry, error.details.next} == {:not_ready, true, 500}
    assert error.details.problem == @problem
    assert error.message =~ "pool heavy"
    assert error.message =~ "5 ended within 30 s"
    assert error.message =~ "SIGSEGV"
    assert error.message =~ "in 0.5 s"
    assert error.hint =~ "the log"
  end

  test "then one is tried: it proves itself by an answer or its age, or all wait longer" do
    open = faults(%Circuit{}, :end, [0, 1, 2, 3, 4])
    {1, c} = Circuit.allows(open, 4, 0, 0, 1_004)
    assert c.state == :half_open
    assert Circuit.refusal(c, "default", 1_005).message =~ "being tried now"
    # The trial is ready, and no other starts meanwhile.
    c = Circuit.ready(c)
    assert {c.state, allowed(c, 1_100, 0, 1), allowed(c, 1_100, 1, 0)} == {:half_open, 0, 0}
    assert Circuit.look(c, [{1_050, 0}], 1_100).state == :half_open
    # One from before the last fault proves nothing.
    assert Circuit.look(c, [{2, 99}], 1_100).state == :half_open
    assert Circuit.whole?(Circuit.look(c, [{1_050, 1}], 1_100))
    assert Circuit.whole?(Circuit.look(c, [{1_050, 0}], 11_050))

    again = Circuit.fault(c, :end, @problem, 1_200)
    assert {again.state, Circuit.wait(again, 1_200)} == {:open, 2_000}

    # One that was ended for another reason is followed by the next at once; beside a ready one after a while.
    assert allowed(c, 1_100) == 1
    assert allowed(c, 11_100, 0, 1) == 1
  end

  test "the pause grows to half a minute" do
    c = Enum.reduce(1..12, %Circuit{}, &Circuit.fault(&2, :start, @problem, &1))
    assert Circuit.wait(c, 12) == 30_000
  end

  test "what ended early" do
    assert Circuit.early?(0, 9_999)
    refute Circuit.early?(0, 10_000)
    refute Circuit.early?(1, 5)
  end
end
