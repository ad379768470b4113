defmodule Envmgr.Calls.FallbackTest do
  use ExUnit.Case, async: true

  import Envmgr.Test.Around

  alias Envmgr.Error

  setup_all do
    recovery = %{
      "fallbacks" => %{
        "unsteady" => ["spare.unsteady"],
        "fail" => ["spare.echo"],
        "nap" => ["other.unsteady", "spare.pid", "spare.nap"],
        "exit_now" => ["main.unsteady", "gone.echo"]
      }
    }

    start(__MODULE__, %{"main" => %{"recovery" => recovery}, "spare" => %{}, "other" => %{}})
    :ok
  end

  setup :notes

  defp execute(path, args, opts \\ []), do: Envmgr.execute(path, args, [name: __MODULE__] ++ opts)

  test "another path answers when a call fails for no fault of the caller's", %{notes: notes} do
    assert {:ok, 2, %{fallback: "spare.unsteady", library: "spare"}} =
             execute("main.unsteady", [notes, 1], metadata: true)

    assert %{"std" => %{recovery: %{"main" => %{fallbacks: count}}}} = Envmgr.stats(__MODULE__)
    assert count >= 1
  end

  test "not when the caller is at fault" do
    assert {:error, %Error{type: "ValueError", class: :usage}} = execute("main.fail", ["no"])
    assert {:error, %Error{code: :arguments}} = execute("main.fail", [])
    assert {:error, %Error{code: :conversion}} = execute("main.fail", [self()])
  end

  test "with the arguments as they are; the error of what was called tells of all", %{
    notes: notes
  } do
    assert {:error, %Error{path: "main.exit_now", code: :worker_lost} = error} =
             execute("main.exit_now", [3])

    assert error.message =~ "(nor did a fallback answer: main.unsteady, gone.echo)"

    assert [
             %{path: "main.exit_now", code: :worker_lost},
             %{path: "main.unsteady", code: :arguments},
             %{path: "gone.echo", code: :unknown_library}
           ] = error.details.attempts

    assert times(notes) == 0
  end

  test "until the one deadline of all" do
    assert {:error, %Error{code: :timeout, details: %{attempts: [_only]}} = error} =
             execute("main.nap", [30], timeout: 200)

    assert error.message == "no answer within 200 ms (and no time was left for a fallback)"
  end

  describe "the option" do
    test "names paths, in order", %{notes: notes} do
      opts = [fallback: ["other.nothing", "spare.unsteady"], metadata: true]
      assert {:ok, 2, %{fallback: "spare.unsteady"}} = execute("other.unsteady", [notes, 1], opts)
    end

    test "is a function of the error, also when no time is left" do
      assert {:ok, {:timeout, 200}} =
               execute("other.nap", [30], timeout: 200, fallback: &{&1.code, 200})

      assert {:ok, 7, %{fallback: :function, library: "other", generation: _}} =
               execute("other.exit_now", [1], fallback: fn _ -> 7 end, metadata: true)
    end

    test "is a function that lets the error be" do
      assert {:error, %Error{code: :worker_lost}} =
               execute("other.exit_now", [1], fallback: &{:error, &1})
    end

    test "is for a library that is not there, too" do
      assert {:error, %Error{code: :unknown_library}} = execute("nowhere.echo", [1])
      assert {:ok, 1} = execute("nowhere.echo", [1], fallback: "spare.echo")
      assert {:ok, :unknown_library} = execute("nowhere.echo", [1], fallback: & &1.code)

      assert {:error, %Error{code: :unknown_function}} =
               execute("other.ecko", [1], fallback: "spare.echo")

      assert {:ok, 3} =
               "nowhere.echo"
               |> Envmgr.async([3], name: __MODULE__, fallback: "spare.echo")
               |> Envmgr.await()

      assert :ok = Envmgr.unload("other", __MODULE__)
      assert {:ok, 2} = execute("other.echo", [2], fallback: "spare.echo")
      assert :ok = Envmgr.load("other", __MODULE__)
    end

    test "takes the place of the configuration's", %{notes: notes} do
      assert {:error, %Error{message: "failure 1"}} =
               execute("main.unsteady", [notes, 9], fallback: false)
    end
  end
end
