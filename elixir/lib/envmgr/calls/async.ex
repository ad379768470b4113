defmodule Envmgr.Calls.Async do
  # A call in a process of its own, which keeps the answer until it is awaited, the call is cancelled, or the caller ends.
  @moduledoc false

  alias Envmgr.{Async, Calls, Error}
  alias Envmgr.Calls.Beside

  @running 0
  @taken 1
  @cancelled 2

  @type answer :: {:ok, term()} | {:ok, term(), map()} | {:error, Error.t()}

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
        target |> call(args, opts, beside) |> keep(ref, monitor)
      end)

    %Async{pid: pid, owner: caller, ref: ref, state: state}
  end

  @spec await(Async.t(), timeout()) :: answer()
  def await(%Async{owner: owner}, _timeout) when owner != self(),
    do: error(:arguments, "an asynchronous call is awaited by the process that made it")

  def await(%Async{pid: pid, ref: ref, state: state}, timeout) do
    reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
    send(pid, {:await, ref, reply})

    receive do
      {^reply, answer} ->
        :atomics.put(state, 1, @taken)
        send(pid, {:taken, ref})
        given(answer)

      {:DOWN, ^reply, _, _, reason} ->
        gone(:atomics.get(state, 1), reason)
    after
      timeout ->
        :erlang.demonitor(reply, [:flush])

        receive do
          {^reply, answer} ->
            :atomics.put(state, 1, @taken)
            send(pid, {:taken, ref})
            given(answer)
        after
          0 ->
            error(
              :timeout,
              "no answer within #{timeout} ms of waiting",
              "the call goes on: await it again, or Envmgr.cancel/1"
            )
        end
    end
  end

  @spec cancel(Async.t()) :: :ok
  def cancel(%Async{pid: pid, ref: ref, state: state}) do
    :atomics.compare_exchange(state, 1, @running, @cancelled)
    send(pid, {:cancel, ref})
    :ok
  end

  defp call(target, args, opts, beside) do
    {:answer, Calls.execute(target, args, [{:beside, beside} | opts])}
  catch
    # A decoder or encoder of the caller's may do anything: it is the caller's to see.
    kind, reason ->
      if reason == :normal, do: exit(:normal), else: {:raised, kind, reason, __STACKTRACE__}
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

  defp given({:answer, answer}), do: answer
  defp given({:raised, kind, reason, stacktrace}), do: :erlang.raise(kind, reason, stacktrace)

  defp gone(@cancelled, _reason), do: error(:cancelled, "the call was cancelled")
  defp gone(@taken, _reason), do: error(:arguments, "the call was awaited before")

  defp gone(@running, reason),
    do: error(:worker_lost, "the call's process ended: #{inspect(reason, limit: 5)}")

  defp error(code, message, hint \\ nil),
    do: {:error, %Error{code: code, message: message, hint: hint}}
end
