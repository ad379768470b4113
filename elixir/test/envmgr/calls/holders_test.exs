defmodule Envmgr.Calls.HoldersTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Error, Ref}
  alias Envmgr.Test.Project

  setup do
    {name, project} = Project.start(workers: 1)
    %{name: name, project: project}
  end

  # A process that makes a ref and waits for its end.
  defp elsewhere(name, args \\ [1]) do
    test = self()

    pid =
      spawn(fn ->
        send(test, {:made, Envmgr.execute!("probe.echo", args, name: name, as: :ref)})
        Process.sleep(:infinity)
      end)

    receive do
      {:made, ref} -> {pid, ref}
    after
      10_000 -> flunk("no ref was made")
    end
  end

  defp stale(ref),
    do:
      Project.eventually(fn ->
        match?({:error, %Error{code: :stale_ref}}, Envmgr.method(ref, "__bool__"))
      end)

  test "a ref ends with the process that got it", %{name: name} do
    {pid, ref} = elsewhere(name)
    assert {:ok, true} = Envmgr.method(ref, "__bool__")
    Process.exit(pid, :kill)
    assert stale(ref)
    assert {:error, %Error{} = error} = Envmgr.method(ref, "__bool__")
    assert error.message =~ "released when the process that held it, #{inspect(pid)}, ended"
    assert error.hint =~ "give_away"
  end

  test "refs inside of values, and many of them", %{name: name} do
    test = self()

    {pid, monitor} =
      spawn_monitor(fn ->
        thing = Envmgr.execute!("probe.Thing", [1], name: name)

        %{"x" => things} =
          Envmgr.execute!("probe.echo", [%{"x" => List.duplicate(thing, 100)}], name: name)

        send(test, {:made, [thing | things]})
      end)

    assert_receive {:made, things}
    assert length(things) == 101
    assert_receive {:DOWN, ^monitor, :process, ^pid, :normal}
    for %Ref{} = thing <- things, do: assert(stale(thing))
  end

  test "a ref that was given away lives on with the other", %{name: name} do
    {pid, ref} = elsewhere(name)
    assert :ok = Envmgr.give_away(ref, self())
    Process.exit(pid, :kill)
    {other, second} = elsewhere(name)
    Process.exit(other, :kill)
    assert stale(second)
    assert {:ok, true} = Envmgr.method(ref, "__bool__")
    assert :ok = Envmgr.release(ref)
    assert {:error, %Error{code: :stale_ref, message: message}} = Envmgr.give_away(ref, self())
    assert message =~ "released by Envmgr.release/1 in #{inspect(self())}"
    assert {:error, %Error{code: :stale_ref, message: ^message}} = Envmgr.method(ref, "__bool__")
  end

  test "to a process that has ended a ref is released", %{name: name} do
    ref = Envmgr.execute!("probe.Thing", [1], name: name)
    {pid, monitor} = spawn_monitor(fn -> :ok end)
    assert_receive {:DOWN, ^monitor, _, _, _}
    assert :ok = Envmgr.give_away(ref, pid)
    assert stale(ref)
  end

  test "a list of refs is released", %{name: name} do
    refs = for n <- 1..3, do: Envmgr.execute!("probe.Thing", [n], name: name)
    assert :ok = Envmgr.release(refs)
    for ref <- refs, do: assert({:error, %Error{code: :stale_ref}} = Envmgr.attr(ref, "value"))
    assert :ok = Envmgr.release([])
  end

  test "refs are counted; those of an answer that nobody waited for are let go", %{name: name} do
    worker = fn -> hd(Envmgr.stats(name)["std"].workers) end
    ref = Envmgr.execute!("probe.Thing", [1], name: name)
    assert worker.().refs == 1
    before = worker.().answered

    assert {:error, %Error{code: :timeout}} =
             Envmgr.execute("probe.stubborn", [], name: name, timeout: 1_000)

    assert Project.eventually(fn -> worker.().answered > before end)
    assert Project.eventually(fn -> worker.().refs == 1 end)
    assert {:ok, 1} = Envmgr.attr(ref, "value")
    assert :ok = Envmgr.release(ref)
    assert Project.eventually(fn -> worker.().refs == 0 end)
  end

  test "a ref whose worker died says how", %{name: name} do
    ref = Envmgr.execute!("probe.Thing", [1], name: name)
    assert {:error, %Error{code: :worker_lost}} = Envmgr.execute("probe.kill_me", [], name: name)
    assert {:error, %Error{code: :stale_ref} = error} = Envmgr.attr(ref, "value")
    assert error.message =~ "the object went with its worker: "
    assert error.message =~ "SIGKILL"
    assert error.message =~ "while it ran probe.kill_me"
    assert %DateTime{} = error.details.ended
    assert {:error, %Error{code: :stale_ref}} = Envmgr.give_away(ref, self())
    assert :ok = Envmgr.release(ref)
  end

  test "a ref whose worker was ended by a deadline says so", %{name: name} do
    ref = Envmgr.execute!("probe.Thing", [1], name: name)

    began = Project.path("began")

    # One that has not begun by then is taken back, and the worker lives.
    Project.eventually(fn ->
      assert {:error, %Error{code: :timeout}} =
               Envmgr.execute("probe.deaf", [600, began], name: name, timeout: 500)

      File.exists?(began)
    end)

    assert stale(ref)
    assert {:error, %Error{message: message}} = Envmgr.attr(ref, "value")
    assert message =~ "deadline"
  end

  test "a ref of an old generation says which one took its place", %{name: name, project: project} do
    for {generation, words} <- [
          {2, "generation 2 took the place of generation 1"},
          {1, "generation 2 was rolled back to generation 1"}
        ] do
      ref = Envmgr.execute!("probe.Thing", [1], name: name)
      Project.activate(project, "std", generation: generation, workers: 1)
      assert stale(ref)
      assert {:error, %Error{message: message}} = Envmgr.attr(ref, "value")
      assert message == "the object went with its worker: #{words}"
    end
  end

  test "a ref of an instance that has ended is stale", %{name: name} do
    ref = Envmgr.execute!("probe.Thing", [1], name: name)
    stop_supervised!(name)
    assert {:error, %Error{}} = Envmgr.attr(ref, "value")
    assert :ok = Envmgr.release(ref)
    assert {:error, %Error{code: :stale_ref}} = Envmgr.give_away(ref, self())
  end

  test "the objects of a process are in one worker, while that is not busy" do
    {name, _project} = Project.start(workers: 2)
    Project.eventually(fn -> length(Envmgr.stats(name)["std"].workers) == 2 end)
    make = fn -> Envmgr.execute!("probe.Thing", [1], name: name, as: :ref) end

    refs = for _ <- 1..20, do: make.()
    assert [home] = refs |> Enum.map(& &1.owner) |> Enum.uniq()
    assert {:ok, _} = Envmgr.execute("probe.echo", [refs], name: name)

    others = for _ <- 1..8, do: Task.async(fn -> make.().owner end)
    assert others |> Task.await_many(30_000) |> Enum.uniq() |> length() == 2

    # What is busy is no home.
    slow = Envmgr.async([{:ref, hd(refs)}, {:method, "slow_add", [1, 20.0]}], [], name: name)
    busy? = fn -> Enum.any?(Envmgr.stats(name)["std"].workers, &(&1.in_flight > 0)) end
    assert Project.eventually(busy?)
    assert make.().owner != home
    assert :ok = Envmgr.cancel(slow)
  end
end
