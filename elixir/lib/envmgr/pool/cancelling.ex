defmodule Envmgr.Pool.Cancelling do
  # One way for a deadline, a cancellation and a consumer that ended: what is not written is taken back, what is written is told
  # to the worker, what runs gets the signal, and a worker that does not end it within the grace period is killed.
  # Functions of the owner's state.
  @moduledoc false

  alias Envmgr.Pool.{
    Callbacks,
    Cancelled,
    Flight,
    Lent,
    Nudge,
    Outbox,
    Pipe,
    Sharing,
    Slot,
    Tardy,
    Watched
  }

  alias Envmgr.Wire.Messages

  # How long a worker may take to end a call, ms. Where the machine is so busy that few signals are sent meanwhile, the worker has
  # not had that time either: it is given so many, but no more than so many times as long.
  @grace 500
  @signals 5
  @most 20
  @look 100
  # Most coroutines and streams end without a signal, when the worker reads that they should.
  @unsignalled 20
  # How often calls aside are looked at whose caller may have died, and how long after their deadline they are ended.
  @sweep 500
  # For how many ticks a call must have been the oldest before its deadline ends it here, and after how many it is asked whether
  # those who wait are still there.
  @overdue_ticks 25
  @left_ticks 10

  @doc "Nobody waits any more for a call."
  @spec cancel(Pipe.state(), reference()) :: Pipe.state()
  def cancel(s, reply), do: end_call(%{s | watched: Watched.delete(s.watched, reply)}, reply)

  # Of a call that was written the worker says one last word whatever becomes of it, or it is killed.
  defp end_call(%{phase: :ending} = s, _reply), do: s

  defp end_call(s, reply) do
    case Outbox.drop(s.outbox, reply) do
      nil -> cancel_written(s, reply, Flight.cancel(s.flight, reply))
      outbox -> Pipe.flush(dropped(s, reply, outbox))
    end
  end

  defp cancel_written(s, _reply, :unknown), do: s

  defp cancel_written(s, reply, {:ok, id, flight}) do
    {answers, callbacks} = Callbacks.cancel(s.callbacks, id)
    outbox = s.outbox |> Outbox.control(Messages.cancel(id)) |> Outbox.control(answers)
    begin(s, id)

    s = %{
      s
      | flight: flight,
        outbox: outbox,
        callbacks: callbacks,
        cancelled: Cancelled.add(s.cancelled, flight, id),
        lent: Lent.forget(s.lent, s.options.name, reply)
    }

    case Flight.oldest(flight) do
      {^id, _, _, _} -> s |> Pipe.slow() |> Pipe.flush() |> nudge(0)
      _other -> s |> Pipe.flush() |> nudge(@unsignalled)
    end
  end

  defp nudge(%{nudge: nil, interrupt: signal} = s, delay) when is_integer(signal) do
    if Cancelled.running?(s.cancelled, s.flight),
      do: %{s | nudge: Nudge.start(s.os_pid, signal, delay, s.signals)},
      else: s
  end

  defp nudge(%{nudge: nudge} = s, _delay) do
    if Cancelled.running?(s.cancelled, s.flight), do: s, else: %{s | nudge: Nudge.stop(nudge)}
  end

  @doc "A call was taken out of the outbox."
  @spec dropped(Pipe.state(), reference(), Outbox.t()) :: Pipe.state()
  def dropped(s, reply, outbox) do
    Slot.give_back(s.slot, 1)
    s = Pipe.waiting(%{s | outbox: outbox})
    %{s | lent: Lent.forget(s.lent, s.options.name, reply)}
  end

  defp begin(s, id) do
    since = {Nudge.sent(s.signals), System.monotonic_time(:millisecond)}
    Process.send_after(self(), {:grace, id, since}, @grace)
  end

  @doc "The grace period of a call is over. `since`: how many signals there were when it began, and when that was."
  @spec grace(Pipe.state(), pos_integer(), {non_neg_integer(), integer()}) ::
          {:ok, Pipe.state()} | {:kill, String.t()}
  def grace(s, id, since) do
    case {Cancelled.expire(s.cancelled, s.flight, id), told?(s, since)} do
      {:over, true} ->
        {:kill,
         "the worker was ended because #{name(s.flight, id)} that was cancelled, or passed its deadline, did not end within #{@grace} ms"}

      {:over, false} ->
        Process.send_after(self(), {:grace, id, since}, @look)
        {:ok, s}

      {{:again, cancelled}, _told?} ->
        begin(s, id)
        {:ok, %{s | cancelled: cancelled}}

      {:settled, _told?} ->
        {:ok, s}
    end
  end

  # Whether the worker has heard often enough that it is to end something; where no signal is sent time alone counts.
  defp told?(%{nudge: nil}, _since), do: true

  defp told?(s, {sent, at}),
    do:
      Nudge.sent(s.signals) - sent >= @signals or
        System.monotonic_time(:millisecond) - at > @most * @grace

  # What runs is told with the end of the worker, where it is known.
  defp name(flight, id) do
    label = if Flight.running(flight) == nil, do: Flight.label(flight, id)
    if label, do: "a call of #{Flight.path(label)}", else: "a call"
  end

  @doc "The worker has said how a cancelled call ended."
  @spec settled(Pipe.state(), pos_integer()) :: Pipe.state()
  def settled(s, id), do: nudge(%{s | cancelled: Map.delete(s.cancelled, id)}, @unsignalled)

  @doc "A call that went aside has its deadline alone, where nobody watches its caller."
  @spec sweep(Pipe.state()) :: Pipe.state()
  def sweep(%{sweep: nil, flight: {_size, _queue, asides}} = s) when asides != %{},
    do: %{s | sweep: Process.send_after(self(), :sweep, @sweep)}

  def sweep(s), do: s

  @doc "Ends what is aside and overdue."
  @spec swept(Pipe.state()) :: Pipe.state()
  def swept(s) do
    late = Flight.overdue(s.flight, System.monotonic_time(:millisecond) - @sweep)
    late |> Enum.reduce(left(%{s | sweep: nil}), &cancel(&2, &1)) |> sweep()
  end

  # A caller that waits for long has itself watched; one that ended before that is found here.
  defp left(s) do
    waiting =
      for {:call, reply, deadline, _, _, _} <- Outbox.calls(s.outbox),
          Flight.left?(deadline),
          do: reply

    Enum.reduce(waiting ++ Flight.left(s.flight), s, &cancel(&2, &1))
  end

  defp looked(%{seen: seen} = s) when rem(seen, @left_ticks) == 0, do: left(s)
  defp looked(s), do: s

  @doc """
  A look at the oldest call: at the second one it is slow. The caller's own clock comes first; the one here is for callers that
  died. A call must have been the oldest for a while, so that one which waited long behind another is given time to run.
  """
  @spec watch(Pipe.state()) :: Pipe.state()
  # A worker with threads is slow when each has a call, and none of them was answered since the last look.
  def watch(%{threads: threads} = s) when threads > 1 do
    s = sweep(s)
    full = {:full, Slot.counts(s.slot).answered}

    cond do
      Flight.size(s.flight) < threads -> %{s | head: nil}
      s.head == full -> Pipe.arm(looked(Pipe.slow(%{s | seen: s.seen + 1})))
      true -> Pipe.arm(%{s | head: full, seen: 0})
    end
  end

  def watch(s) do
    case Flight.oldest(s.flight) do
      nil ->
        %{s | head: nil}

      {id, reply, deadline, label} when id == s.head ->
        if s.seen == 0, do: Sharing.slow(s, label)
        s = %{s | seen: s.seen + 1, tardy: Tardy.learn(s.tardy, label)}
        s = Pipe.arm(nudge(Pipe.slow(s), 0))

        if reply != nil and s.seen > @overdue_ticks and
             Flight.passed?(deadline, System.monotonic_time(:millisecond)),
           do: cancel(s, reply),
           else: looked(s)

      {id, _reply, _deadline, _label} ->
        Pipe.arm(%{s | head: id, seen: 0})
    end
  end
end
