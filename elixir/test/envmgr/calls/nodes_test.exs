defmodule Envmgr.Calls.NodesTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Async, Error, Ref, Session}
  alias Envmgr.Test.Project

  # A process of another node, as it would come by a message.
  defp far, do: :erlang.binary_to_term(<<131, 88, 119, 5, "far@x", 0::32, 1::32, 0::32, 7::32>>)

  setup do
    {name, _} = Project.start(workers: 1)
    %{name: name}
  end

  test "a session of another node is not waited for", %{name: name} do
    session = %Session{id: "theirs", pid: far(), name: name}

    for answer <- [
          Envmgr.execute("probe.echo", [1], session: session),
          Envmgr.await(Envmgr.async("probe.echo", [1], session: session))
        ] do
      assert {:error, %Error{code: :arguments, message: message}} = answer
      assert message =~ "is of far@x: calls of it are made there"
    end
  end

  test "an object of another node", %{name: name} do
    ref = %Ref{id: 1, type: "a.B", owner: far(), environment: "std", generation: 1, name: name}

    for answer <- [
          Envmgr.method(ref, "get"),
          Envmgr.execute("probe.echo", [ref], name: name),
          Envmgr.give_away(ref, self())
        ] do
      assert {:error, %Error{code: :arguments, message: message, hint: hint}} = answer
      assert message =~ "is in a worker of far@x"
      assert hint =~ ":erpc.call/4"
    end

    assert :ok = Envmgr.release(ref)
  end

  test "an asynchronous call of another node" do
    call = %Async{pid: far(), ref: make_ref(), owner: far(), state: make_ref(), path: "a.b"}
    assert :ok = Envmgr.cancel(call)
    assert {:error, %Error{code: :arguments}} = Envmgr.await(call, 10)
  end
end
