defmodule Soak.Crowd do
  # So many callers for a while. Each does one thing after the other, and is watched: who does not come back is a lost answer.
  @moduledoc false

  alias Soak.{Book, Calls, Deeds}

  @libraries ~w(calm storm storm shift threads)

  @doc "Returns when the last has come back."
  def gather(name, directory, callers, until) do
    for number <- 1..callers do
      seed = :rand.uniform(1_000_000_000)

      spawn_monitor(fn ->
        :rand.seed(:exsss, {seed, number, 0})
        go(name, directory, until)
      end)
    end
    |> Enum.each(fn {pid, monitor} ->
      receive do
        {:DOWN, ^monitor, _, ^pid, :normal} -> :ok
        {:DOWN, ^monitor, _, ^pid, reason} -> Book.wrong("a caller ended: #{inspect(reason)}")
      end
    end)
  end

  defp go(name, directory, until) do
    library = Enum.random(@libraries)
    kind = Deeds.draw()
    scene = %{name: name, library: library, notes: Path.join(directory, library)}
    seed = :rand.uniform(1_000_000_000)

    {pid, monitor} =
      spawn_monitor(fn ->
        :rand.seed(:exsss, {seed, 0, 0})
        Deeds.run(kind, scene)
        left_over(library, kind)
      end)

    # No deed makes more than eight calls.
    most = 8 * (Calls.timeout() + Calls.slack())

    receive do
      {:DOWN, ^monitor, _, _, :normal} ->
        Book.count(library, kind, :deeds)

      {:DOWN, ^monitor, _, _, reason} ->
        Book.wrong("#{library} #{kind} ended: #{inspect(reason, limit: 30)}")
    after
      most ->
        at = Process.info(pid, [:current_stacktrace, :messages])
        Book.wrong("#{library} #{kind} does not come back: #{inspect(at)}")
        Process.exit(pid, :kill)
    end

    Process.sleep(:rand.uniform(10))
    if now() < until, do: go(name, directory, until)
  end

  # An answer that comes twice, or to a call that has ended, would be here.
  defp left_over(library, kind) do
    receive do
      message -> Book.wrong("#{library} #{kind}: a message too many: #{inspect(message)}")
    after
      0 -> :ok
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
