defmodule Envmgr.Pool.PostmortemTest do
  use ExUnit.Case, async: true

  alias Envmgr.Pool.Postmortem

  @crash """
  Fatal Python error: Segmentation fault

  Thread 0x00007f0a (most recent call first):
    File "/usr/lib/python3.12/threading.py", line 355 in wait

  Current thread 0x00007f0b (most recent call first):
    File "/site-packages/lib/core.py", line 12 in inner
    File "/site-packages/lib/api.py", line 3 in call
    File "/p/.envmgr/runtime/cp312-abc/envmgr_runtime/execution/calls.py", line 66 in run
    File "/p/.envmgr/runtime/cp312-abc/worker.py", line 30 in <module>

  Extension modules: numpy._core._multiarray_umath (total: 1)
  """

  test "a signal's name, call, frames and advice" do
    fields = Postmortem.fields(Postmortem.of(139, @crash), "lib.call", true)
    assert fields[:code] == :worker_lost and fields[:class] == :library

    assert fields[:message] ==
             "the worker was ended by SIGSEGV while it ran lib.call, at core.py:12 in inner"

    assert fields[:hint] =~ "C code" and fields[:hint] =~ "The call may have run"

    assert fields[:details] == %{
             signal: 11,
             running: "lib.call",
             own?: true,
             frames: [
               {"/site-packages/lib/core.py", 12, "inner"},
               {"/site-packages/lib/api.py", 3, "call"}
             ]
           }
  end

  test "what is not told is not guessed" do
    assert Postmortem.of(:unknown, nil).how == "ended, and its zygote did not say how"
    assert %{how: how, hint: hint} = Postmortem.of(:runs, nil)
    assert how =~ "closed its pipe" and hint =~ "descriptors"
    assert Envmgr.Pool.Child.ended(String.to_integer(System.pid()), 1) in [:runs, nil]
    assert Envmgr.Pool.Child.ended(4_194_301, 1) == nil
  end

  test "whoever only waited behind hears whose call it was" do
    fields = Postmortem.fields(Postmortem.of(139, @crash), "lib.call", false)
    assert fields[:message] =~ "while it ran a call of lib.call, not this one"
    refute fields[:hint] =~ "C code"
  end

  test "each signal says what to do" do
    for {signal, class, words} <- [
          {9, :resource, "memory"},
          {6, :library, "stderr"},
          {7, :resource, "file"},
          {15, :library, "asked"},
          {31, :library, "sandbox"},
          {64, :library, "log"}
        ] do
      ending = Postmortem.of(128 + signal, nil)
      assert {ending.class, ending.signal} == {class, signal}
      assert ending.hint =~ words
    end
  end

  test "a status without a signal" do
    fields = Postmortem.fields(Postmortem.of(3, nil), nil, true)
    assert fields[:message] == "the worker exited with status 3"
    assert fields[:hint] =~ "os._exit"
    assert fields[:details] == %{status: 3}
    assert Postmortem.of(76, nil).class == :internal
    assert %{class: :library, how: how, hint: hint} = Postmortem.of(74, nil)
    assert how =~ "descriptors were closed" and hint =~ "closerange"
  end

  test "crash files that say nothing" do
    for text <- [
          nil,
          "",
          "Fatal Python error: Aborted\n",
          "Current thread (most recent call first):\n",
          <<0, 1>>,
          "  File \"x\", line"
        ] do
      assert Postmortem.frames(text) == []
    end

    assert Postmortem.frames(
             "Stack (most recent call first):\n  File \"a\\\"b\", line 1 in <lambda>\n"
           ) ==
             [{"a\\\"b", 1, "<lambda>"}]
  end
end
