defmodule Envmgr.Pool.Ending do
  # The end of a worker, as its owner sees it: who is told what, and what is left to wait for. Functions of the owner's state.
  @moduledoc false

  require Logger

  alias Envmgr.Pool.{Callbacks, Child, Flight, Lent, Nudge, Outbox, Pipe, Postmortem, Slot}
  alias Envmgr.Values.{Failure, Holding}

  @doc "Kills the worker. Everybody who waits is told at once, the Server too: it starts another."
  @spec kill(Pipe.state(), String.t()) :: Pipe.state()
  def kill(%{phase: :ending} = s, _why), do: s

  def kill(s, why) do
    close(s, why)
    if s.started?, do: send(s.server, {:closing, self()})
    Logger.warning("envmgr: #{s.manifest.environment}: #{why}", Flight.labels(s.flight))
    s = abandon(s, why)
    # One that is only about to be forked ends with its pipe.
    if s.os_pid, do: Child.kill(s.os_pid), else: Child.close(s.port)
    Process.send_after(self(), :overdue, s.options.grace)
    %{s | phase: :ending, failure: s.failure || %{"code" => "start", "message" => why}}
  end

  @doc "From now on a ref of this worker is stale: why is known before that."
  @spec close(Pipe.state(), String.t()) :: :ok
  def close(s, why) do
    if s.started?, do: Holding.tell(s.options.name, {:ended, self(), while_running(s, why)})
    Slot.close(s.slot)
  end

  defp while_running(s, why) do
    case Flight.running(s.flight) do
      {_reply, path} -> "#{why} while it ran #{path}"
      nil -> why
    end
  end

  @doc "Everybody who waits gets an answer: whose call ran hears of it, the others hear whose it was."
  @spec abandon(Pipe.state(), String.t(), Postmortem.t() | nil) :: Pipe.state()
  def abandon(s, why, found \\ nil) do
    running = Flight.running(s.flight)

    for reply <- Flight.replies(s.flight),
        do: send(reply, {reply, :lost, why(why, running, reply, found)})

    Nudge.stop(s.nudge)
    Callbacks.close(s.callbacks)
    s = late(Pipe.unwritten(s))
    lent = Lent.close(s.lent, s.options.name)

    %{
      s
      | flight: Flight.new(s.threads),
        outbox: %Outbox{},
        cancelled: %{},
        callbacks: %{},
        lent: lent,
        nudge: nil
    }
  end

  defp why(why, nil, _reply, nil), do: why
  defp why(why, {reply, path}, reply, nil), do: "#{why} while it ran #{path}"
  defp why(why, {_other, path}, _reply, nil), do: "#{why} while it ran a call of #{path}"
  defp why(_why, nil, _reply, found), do: Postmortem.fields(found, nil, true)

  defp why(_why, {running, path}, reply, found),
    do: Postmortem.fields(found, path, running == reply)

  defp late(s) do
    receive do
      {:call, reply, _, _, _, _} -> late(Pipe.moved(s, reply, :moved))
    after
      0 -> s
    end
  end

  @doc "The worker has ended: what the owner ends with."
  @spec finish(Pipe.state(), String.t(), Postmortem.t() | nil) ::
          {:stop, {:shutdown, term()}, Pipe.state()}
  def finish(s, why, found \\ nil) do
    words = fn -> "envmgr: #{s.manifest.environment}: a worker is gone: #{why}" end
    Logger.debug(words, Flight.labels(s.flight))
    close(s, why)
    abandoned = abandon(s, why, found)
    land(s.landing, s.options.grace)
    {:stop, {:shutdown, reason(s, why)}, %{abandoned | port: nil}}
  end

  # Answers that are in the lane were given before the worker ended: their callers have them before this process ends.
  defp land(0, _within), do: :ok

  defp land(count, within) do
    receive do
      :landed -> land(count - 1, within)
    after
      within -> :ok
    end
  end

  defp reason(%{phase: :draining, flight: {0, _, asides}}, _why) when asides == %{}, do: :drained
  # No fault of its own.
  defp reason(%{started?: true, ending: {:with_zygote, _}} = s, why),
    do: {:zygote, while_running(s, why)}

  defp reason(%{started?: true} = s, why), do: {:lost, while_running(s, why)}
  # That its zygote was ended says nothing of whether workers start.
  defp reason(%{ending: {:with_zygote, _}, failure: nil}, why), do: {:lost, why}

  defp reason(s, why) do
    failure = s.failure || %{"code" => "start", "message" => why}
    library = if is_binary(failure["library"]), do: failure["library"]

    fields = [
      environment: s.manifest.environment,
      generation: s.manifest.generation,
      library: library
    ]

    {:start, Failure.error(failure, fields)}
  end
end
