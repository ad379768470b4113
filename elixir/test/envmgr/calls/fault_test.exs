defmodule Envmgr.Calls.FaultTest do
  use ExUnit.Case, async: true

  alias Envmgr.Calls.Fault
  alias Envmgr.Error

  # code, class, retry → the caller's fault?, again when idempotent?, again otherwise?, verdict on the library, certain?
  @table [
    {:exception, :usage, false, {true, false, false, :sound, true}},
    {:exception, :conversion, false, {true, false, false, :sound, true}},
    {:exception, :library, false, {false, false, false, :failed, true}},
    {:exception, :resource, true, {false, true, false, :failed, false}},
    {:exception, :policy, false, {false, false, false, :failed, true}},
    {:pipeline, :usage, false, {true, false, false, :sound, true}},
    {:timeout, nil, false, {false, true, false, :failed, false}},
    {:worker_lost, nil, false, {false, true, false, :failed, false}},
    {:start, :library, false, {false, false, false, :failed, false}},
    {:not_ready, nil, false, {false, true, true, :failed, false}},
    {:circuit_open, nil, false, {false, false, false, :unknown, false}},
    {:rate_limited, nil, false, {false, true, true, :unknown, false}},
    {:unknown_library, nil, false, {false, false, false, :failed, false}},
    {:unknown_function, nil, false, {true, false, false, :unknown, false}},
    {:arguments, nil, false, {true, false, false, :unknown, true}},
    {:conversion, nil, false, {true, false, false, :unknown, true}},
    {:stale_ref, nil, false, {true, false, false, :unknown, false}},
    {:cancelled, nil, false, {true, false, false, :unknown, false}}
  ]

  for {code, class, retry, facts} <- @table do
    test "#{code} of class #{inspect(class)}" do
      error = %Error{code: unquote(code), message: "", class: unquote(class)}
      error = Error.classified(%{error | retry: unquote(retry)})

      assert unquote(Macro.escape(facts)) ==
               {Fault.callers?(error), Fault.again?(error, true, false),
                Fault.again?(error, false, false), Fault.verdict({:error, error}),
                Fault.certain?(error)}
    end
  end

  test "an open circuit is waited for when the caller asks for it" do
    assert Fault.again?(%Error{code: :circuit_open, message: ""}, false, true)
  end

  test "a call that ended its worker would end another; one that somebody ended would not" do
    lost = fn details, class ->
      %Error{code: :worker_lost, message: "", class: class, details: details}
    end

    assert Fault.certain?(lost.(%{own?: true, signal: 11}, :library))
    assert Fault.certain?(lost.(%{own?: true, status: 3}, :library))
    refute Fault.certain?(lost.(%{own?: false, signal: 11}, :library))
    refute Fault.certain?(lost.(%{own?: true, signal: 15}, :library))
    refute Fault.certain?(lost.(%{own?: true, signal: 9}, :resource))
  end

  test "answers" do
    assert Fault.verdict({:ok, 1}) == :sound
    assert Fault.verdict({:ok, 1, %{}}) == :sound
  end
end
