defmodule Envmgr.Calls.Async do
  # A call in a process of its own, which keeps the answer until it is awaited, the call is cancelled, or the caller ends.
  @moduledoc false

  alias Envmgr.{Async, Error}
  alias Envmgr.Calls.{Beside, Correlation, Entry, Outcome}

  @running 0
  @taken 1
  @cancelled 2

  @spec start(term(), term(), keyword()) :: Async.t()
  def start(target, args, opts) do
    {caller, ref, state} = {self(), make_ref(), :atomics.new(1, signed: false)}
    callers = [caller | Process.get(:"$callers", [])]
    metadata = Logger.metadata()

    pid =
      spawn(fn ->
        Process.put(:"$callers", callers)
        Logger.metadata(metadata)
        monitor = Process.monitor(caller)
        beside = %Beside{kind: :async, holder: caller, cancel: ref, caller: monitor}
        answer = call(target, args, opts, beside)
        if :atomics.get(state, 1) == @running, do: keep(answer, ref, monitor)
      end)

    path = if is_binary(target), do: target
    %Async{pid: pid, owner: caller, ref: ref, state: state, path: path}
  end

  @spec await(Async.t(), timeout()) :: Outcome.answer()
  def await(%Async{owner: owner} = async, _timeout) when owner != self(),
    do: error(async, :arguments, "an asynchronous call is awaited by the process that made it")

  def await(%Async{pid: pid, ref: ref} = async, timeout) do
    reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
    send(pid, {:await, ref, reply})

    receive do
      {^reply, answer} -> taken(async, answer)
      {:DOWN, ^reply, _, _, reason} -> gone(async, :atomics.get(async.state, 1), reason)
    after
      timeout -> late(async, reply, timeout)
    end
  end

  @doc "All answers, in order; those that are not there after `timeout` ms altogether are errors."
  @spec await_many([Async.t()], timeout()) :: [Outcome.answer()]
  def await_many(asyncs, :infinity), do: Enum.map(asyncs, &await(&1, :infinity))

  def await_many(asyncs, timeout) do
    until = System.monotonic_time(:millisecond) + timeout
    Enum.map(asyncs, &await(&1, max(until - System.monotonic_time(:millisecond), 0)))
  end

  @spec cancel(Async.t()) :: :ok
  def cancel(%Async{pid: pid, ref: ref, state: state}) do
    # That of another node cannot be written here; what waits for the call is told by its process then.
    if node(pid) == node(), do: :atomics.compare_exchange(state, 1, @running, @cancelled)
    send(pid, {:cancel, ref})
    :ok
  end

  # An answer that came at this very moment still counts.
  defp late(async, reply, timeout) do
    :erlang.demonitor(reply, [:flush])

    receive do
      {^reply, answer} -> taken(async, answer)
    after
      0 -> error(async, :timeout, "no answer within #{timeout} ms of waiting")
    end
  end

  defp taken(async, answer) do
    :atomics.compare_exchange(async.state, 1, @running, @taken)
    send(async.pid, {:taken, async.ref})

    case answer do
      {:answer, answer} -> answer
      {:raised, kind, reason, stacktrace} -> :erlang.raise(kind, reason, stacktrace)
    end
  end

  defp call(target, args, opts, beside) do
    {:answer, Entry.execute(target, args, Beside.option(opts, beside))}
  catch
    :exit, :normal -> exit(:normal)
    # A decoder or an encoder of the caller's may do anything: it is for the caller to see.
    kind, reason -> {:raised, kind, reason, __STACKTRACE__}
  end

  defp keep(answer, ref, monitor) do
    receive do
      {:await, ^ref, reply} ->
        send(reply, {reply, answer})
        keep(answer, ref, monitor)

      {ended, ^ref} when ended in [:taken, :cancel] ->
        :ok

      {:DOWN, ^monitor, _, _, _} ->
        :ok
    end
  end

  defp gone(async, @cancelled, _reason), do: error(async, :cancelled, "the call was cancelled")
  defp gone(async, @taken, _reason), do: error(async, :arguments, "the call was awaited before")

  defp gone(async, @running, reason),
    do: error(async, :worker_lost, "the call's process ended: #{inspect(reason, limit: 5)}")

  defp error(async, code, message),
    do: Correlation.mark({:error, Error.classified(made(async, code, message))}, [])

  defp made(async, code, message),
    do: %Error{code: code, message: message, path: async.path, hint: hint(code)}

  defp hint(:timeout), do: "the call goes on: await it again, or end it with Envmgr.cancel/1"
  defp hint(_code), do: nil
end
