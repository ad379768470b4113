defmodule Envmgr.Pool.Recall do
  # What was written behind a slow call, while another worker has nothing to do: the worker is asked to give it back. It reads that
  # where its main thread is in Python code, or waits in a system call; a library's C code goes on until it returns. Functions of
  # the owner's state.
  @moduledoc false

  alias Envmgr.Pool.{Cancelling, Flight, Nudge, Pipe, Sharing, Slot}
  alias Envmgr.Wire.Messages

  # A signal that comes to C code may come again: every so many looks, and not forever.
  @again 10
  @most 100

  @doc "A look at the worker."
  @spec ask(Pipe.state()) :: Pipe.state()
  def ask(%{phase: :ready, slow?: true, callbacks: open} = s) when open == %{} do
    with [_ | _] = ids <- Flight.behind(s.flight), true <- Sharing.idle?(s) do
      asked(s, ids)
    else
      _nothing -> s
    end
  end

  def ask(s), do: s

  # What is the oldest says whether this was asked before.
  defp asked(%{recalled: head, head: head} = s, _ids) do
    if rem(s.seen, @again) == 0 and s.seen <= @most, do: signal(s), else: s
  end

  defp asked(s, ids) do
    s = Pipe.flush(Pipe.say(s, Messages.recall(ids)))
    signal(%{s | recalled: s.head})
  end

  # Where calls have threads of their own, another one reads.
  defp signal(%{threads: 1, interrupt: signal} = s) when is_integer(signal) do
    Nudge.once(s.os_pid, signal, s.signals)
    s
  end

  defp signal(s), do: s

  @doc "The worker has given this call back: it goes to another."
  @spec returned(Pipe.state(), pos_integer()) :: {:ok, Pipe.state()} | :unknown
  def returned(s, id) do
    case Flight.return(s.flight, id) do
      {:ok, nil, flight} ->
        Slot.give_back(s.slot, 1)
        {:ok, Cancelling.settled(without(s, flight, id), id)}

      {:ok, reply, flight} ->
        {:ok, Pipe.moved(without(s, flight, id), reply, :elsewhere)}

      :unknown ->
        :unknown
    end
  end

  defp without(%{bar: {id, _label}} = s, flight, id), do: without(%{s | bar: nil}, flight, id)
  defp without(s, flight, _id), do: Pipe.freed(%{s | flight: flight})
end
