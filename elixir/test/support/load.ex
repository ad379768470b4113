defmodule Envmgr.Test.Load do
  # Callers that call without a pause.
  @moduledoc false

  @doc "Starts callers of one function."
  def start(name, callers, path, args \\ []) do
    test = self()
    stop = :atomics.new(1, [])
    call = fn -> Envmgr.execute(path, args, name: name) end

    pids =
      for _ <- 1..callers do
        spawn_link(fn -> send(test, {:done, self(), answers(call, stop, %{})}) end)
      end

    {pids, stop}
  end

  @doc "Ends them: how often each answer came."
  def stop({pids, stop}) do
    :atomics.put(stop, 1, 1)

    Enum.reduce(pids, %{}, fn pid, all ->
      receive do
        {:done, ^pid, answers} -> Map.merge(all, answers, fn _, a, b -> a + b end)
      after
        60_000 -> raise ExUnit.AssertionError, message: "a caller got no answer"
      end
    end)
  end

  defp answers(call, stop, seen) do
    seen = Map.update(seen, call.(), 1, &(&1 + 1))
    if :atomics.get(stop, 1) == 1, do: seen, else: answers(call, stop, seen)
  end
end
