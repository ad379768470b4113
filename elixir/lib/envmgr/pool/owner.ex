defmodule Envmgr.Pool.Owner do
  # The process that owns a worker's port, and alone writes to it. It never waits for a busy port.
  #
  # From callers: `{:call, reply, deadline, label, size, tail}` (by way of the lane's writer where the arguments hold
  # large buffers), before it perhaps `{:watch, reply, pid, first}` (the call ends with that process) and `{:lend, reply, passer,
  # keys}` (functions in it); then `{:cancel, reply}` (nobody waits for it any more), `{:unwatch, reply}` (it got its last message), `{:more, reply, items}` (of a stream);
  # `{:release, refs}`, `{:report, reply}`.
  # To callers, by the alias `reply`, exactly one of: `{reply, :result | :error, payload}`, `{reply, :result, payload, meta,
  # buffers}` (from the lane's reader where there are buffers), `{reply, :lost, why}`
  # (the call may have run), `{reply, :moved}` (it has not: take another worker), `{reply, :elsewhere}` (it has not:
  # this worker is busy with a slow call, another may be free). A stream gets `{reply, :aside}`, `{reply, :chunk, payload}` for each
  # demand, and for an end `{reply, :end}`.
  # To the Server: `{:ready, self, os_pid}`, `{:closing, self}`; and it ends with `{:shutdown, reason}`.
  @moduledoc false

  use GenServer, restart: :temporary
  require Logger

  alias Envmgr.Pool.{Answers, Callback, Callbacks, Cancelled, Child, Crash, Flight, Hello, Lane}
  alias Envmgr.Pool.{Lent, Nudge, Outbox, Raised, Slot, Stats, Watched}
  alias Envmgr.Values.{Decoder, Failure, Holding}
  alias Envmgr.Wire.Messages

  # The most unanswered calls in the pipe. A worker begins with one, each answered frame doubles it, and a slow call
  # takes it back to one: what is not written can still go elsewhere.
  @window 64
  # A call that is the oldest for two ticks is slow.
  @tick 10
  @overdue_ticks 25
  @busy_retry 2
  # How long the end of a lane may come before the news of its worker's end.
  @lane_grace 200
  # How long a worker that ends may send what it has answered.
  @landing_grace 60_000
  # How long a worker may take to end a call that was cancelled.
  @cancel_grace 500
  # Most coroutines and streams end without a signal, when the worker reads that they should.
  @unsignalled 20
  # How often calls aside are looked at whose caller may have died, and how long after their deadline they are ended.
  @sweep 500

  @enforce_keys [:server, :manifest, :slot, :options]
  defstruct [:server, :manifest, :slot, :options, :port, :os_pid, :failure, :tick, :head, :retry] ++
              [:interrupt, :crash, :nudge, :sweep] ++
              [
                lane: nil,
                landing: 0,
                phase: :starting,
                window: 1,
                slow?: false,
                seen: 0,
                started?: false,
                reports: %{},
                watched: %{},
                cancelled: %{},
                callbacks: %{},
                lent: %Lent{},
                flight: Flight.new(),
                outbox: %Outbox{}
              ]

  @spec start_link(map()) :: GenServer.on_start()
  def start_link(settings), do: GenServer.start_link(__MODULE__, settings)

  @impl true
  def init(settings) do
    Process.flag(:trap_exit, true)
    Logger.metadata(environment: settings.manifest.environment)
    {:ok, struct!(__MODULE__, settings)}
  end

  # The Server sends this once it watches: an end that comes at once must not go unseen.
  @impl true
  def handle_info(:open, s) do
    case Child.open(s.manifest) do
      {:ok, port, os_pid} ->
        Process.send_after(self(), :start_timeout, s.options.start_timeout)
        compressed? = s.manifest.compression == "zlib"
        lane = Lane.open(within: s.options.start_timeout, compressed?: compressed?)
        crash = Crash.path()
        Child.write(port, Hello.settings(s.manifest, s.options, lane, crash))
        {:noreply, %{s | port: port, os_pid: os_pid, lane: lane, crash: crash}}

      {:error, why} ->
        finish(s, why)
    end
  end

  # A call that went by the lane may come when its caller waits no more.
  def handle_info({:call, reply, deadline, _, _, {:lane, _, _, _}} = call, %{phase: :ready} = s) do
    outbox = Outbox.push(s.outbox, call)

    if deadline > System.monotonic_time(:millisecond) do
      {:noreply, flush(%{s | outbox: outbox})}
    else
      {:noreply, flush(dropped(s, reply, Outbox.drop(outbox, reply)))}
    end
  end

  def handle_info({:call, _, _, _, _, _} = call, %{phase: :ready} = s) do
    {:noreply, flush(%{s | outbox: gather(Outbox.push(s.outbox, call), @window - 1)})}
  end

  def handle_info({:call, reply, _, _, _, _}, s), do: {:noreply, moved(s, reply, :moved)}

  def handle_info({:watch, reply, pid, first}, %{phase: :ready} = s),
    do: {:noreply, %{s | watched: Watched.add(s.watched, reply, pid, first)}}

  def handle_info({:lend, reply, passer, keys}, s) do
    lent = Lent.add(s.lent, reply, passer, keys)
    live? = s.phase in [:ready, :draining]
    {:noreply, %{s | lent: if(live?, do: lent, else: Lent.return(lent, s.options.name, reply))}}
  end

  def handle_info({port, {:data, frame}}, %{port: port} = s) do
    case Answers.deliver(frame, s.flight, s.slot, s.lane, environment: s.manifest.environment) do
      {:ok, flight, events} ->
        events
        |> Enum.reverse()
        |> Enum.reduce(pace(s, flight), &event/2)
        |> flush()
        |> idle()

      {:broken, why} when s.phase != :ending ->
        {:noreply, kill(s, "the worker broke the protocol: #{why}")}

      {:broken, _why} ->
        {:noreply, s}
    end
  end

  def handle_info({:cancel, reply}, s),
    do: {:noreply, cancel(%{s | watched: Watched.delete(s.watched, reply)}, reply)}

  def handle_info({:unwatch, reply}, s),
    do: {:noreply, %{s | watched: Watched.delete(s.watched, reply)}}

  def handle_info({{:gone, reply}, _monitor, :process, _pid, _reason}, s),
    do: {:noreply, cancel(%{s | watched: Map.delete(s.watched, reply)}, reply)}

  def handle_info({:grace, id}, s) do
    case Cancelled.expire(s.cancelled, s.flight, id) do
      :over ->
        why =
          "a call that was cancelled, or passed its deadline, did not end within #{@cancel_grace} ms"

        {:noreply, kill(s, "the worker was ended because " <> why)}

      {:again, cancelled} ->
        Process.send_after(self(), {:grace, id}, @cancel_grace)
        {:noreply, %{s | cancelled: cancelled}}

      :settled ->
        {:noreply, s}
    end
  end

  def handle_info({:more, reply, items}, s) do
    case Flight.find(s.flight, reply) do
      nil -> {:noreply, s}
      id -> {:noreply, flush(more(s, id, items))}
    end
  end

  def handle_info({:returned, number, status, payload}, s),
    do: {:noreply, returned(s, number, status, payload)}

  def handle_info({{:ended, number}, _monitor, :process, _pid, reason}, s) do
    why = "the process of the function ended: #{Exception.format_exit(reason)}"
    {:noreply, returned(s, number, 1, Raised.failure("exit", why))}
  end

  def handle_info({{:passer, pid}, _monitor, :process, _pid, _reason}, s),
    do: {:noreply, %{s | lent: Lent.gone(s.lent, s.options.name, pid)}}

  def handle_info({:release, refs}, %{phase: :ready} = s) do
    {:noreply, flush(%{s | outbox: Outbox.control(s.outbox, Messages.release(refs))})}
  end

  # What the worker has converted; one that is busy says so when it is free.
  def handle_info({:report, reply}, %{phase: :ready} = s) do
    {id, outbox} = Outbox.next_id(s.outbox)
    outbox = Outbox.control(outbox, Messages.report(id))
    {:noreply, flush(%{s | outbox: outbox, reports: Map.put(s.reports, id, reply)})}
  end

  def handle_info(:drain, %{phase: :ready} = s) do
    Slot.close(s.slot)
    s = unwritten(s, :moved)
    idle(flush(%{s | phase: :draining, outbox: Outbox.control(s.outbox, Messages.bye())}))
  end

  def handle_info(:drain, %{phase: :starting} = s), do: {:stop, {:shutdown, :drained}, s}

  def handle_info({port, {:exit_status, status}}, %{port: port} = s) do
    finish(%{s | os_pid: nil}, "the worker #{Child.ending(status)}", Crash.read(s.crash))
  end

  def handle_info({:EXIT, port, reason}, %{port: port} = s) do
    finish(s, "the worker's pipe broke (#{inspect(reason)})")
  end

  def handle_info(:landed, s), do: idle(%{s | landing: s.landing - 1})

  def handle_info({:EXIT, pid, _reason}, %{lane: %{reader: reader, writer: writer}} = s)
      when pid in [reader, writer] do
    Process.send_after(self(), :lane_ended, @lane_grace)
    {:noreply, s}
  end

  def handle_info(:lane_ended, s), do: {:noreply, kill(s, "the worker's second lane broke")}

  def handle_info(:retry, s), do: {:noreply, flush(%{s | retry: nil})}

  def handle_info(:start_timeout, %{phase: :starting} = s) do
    {:noreply, kill(s, "the worker was not ready within #{s.options.start_timeout} ms")}
  end

  # Asynchronous calls and streams end with their callers; a plain call that went aside has its deadline alone.
  def handle_info(:sweep, s) do
    late = Flight.overdue(s.flight, System.monotonic_time(:millisecond) - @sweep)
    {:noreply, late |> Enum.reduce(%{s | sweep: nil}, &cancel(&2, &1)) |> sweep()}
  end

  def handle_info(:tick, s), do: {:noreply, watch(%{s | tick: nil})}
  def handle_info(:overdue, s), do: finish(s, "the worker did not end in time")
  def handle_info(_late, s), do: {:noreply, s}

  @impl true
  def terminate(_reason, s) do
    close(s, "the pool was shut down")
    Lane.unpublish(s.options.name)
    Stats.ended(s.options.name, self())
    abandon(s, "the pool is shutting down")
    if s.port && s.os_pid, do: Child.stop(s.port, s.os_pid)
    Lane.close(s.lane)
    Crash.delete(s.crash)
  end

  # Everything that waits goes into one frame: this is what makes many small calls cheap.
  defp gather(outbox, 0), do: outbox

  defp gather(outbox, room) do
    receive do
      {:call, _, _, _, _, _} = call -> gather(Outbox.push(outbox, call), room - 1)
    after
      0 -> outbox
    end
  end

  defp flush(%{phase: phase} = s) when phase in [:ready, :draining] do
    with {data, outbox, flight} <-
           Outbox.frame(s.outbox, s.flight, room(s)) do
      if Child.write(s.port, data),
        do: arm(%{s | outbox: outbox, flight: flight}),
        else: %{s | retry: s.retry || Process.send_after(self(), :retry, @busy_retry)}
    else
      :empty -> s
    end
  end

  defp flush(s), do: s

  # What a function of ours calls meanwhile must get through: the worker waits for it.
  defp room(%{callbacks: open} = s) when open != %{}, do: @window - Flight.size(s.flight)
  defp room(%{slow?: true}), do: 0
  defp room(s), do: s.window - Flight.size(s.flight)

  defp pace(s, flight) do
    cond do
      Flight.size(flight) == Flight.size(s.flight) -> %{s | flight: flight}
      s.slow? -> brisk(%{s | flight: flight})
      true -> %{s | flight: flight, window: min(2 * s.window, @window)}
    end
  end

  defp brisk(s) do
    Slot.brisk(s.slot)
    %{s | slow?: false}
  end

  # The calls behind a slow one, as far as they are not written, try the other workers.
  defp slow(%{slow?: true} = s), do: s

  defp slow(s) do
    Slot.slow(s.slot)
    flush(unwritten(%{s | slow?: true, window: 1}, :elsewhere))
  end

  defp arm(%{tick: nil} = s), do: %{s | tick: Process.send_after(self(), :tick, @tick)}
  defp arm(s), do: s

  # A call that is not written is taken back. One that is gets one last message from the worker whatever becomes of it, or the
  # worker is killed.
  defp cancel(%{phase: :ending} = s, _reply), do: s

  defp cancel(s, reply) do
    case Outbox.drop(s.outbox, reply) do
      nil -> cancel_written(s, reply, Flight.cancel(s.flight, reply))
      outbox -> flush(dropped(s, reply, outbox))
    end
  end

  defp cancel_written(s, _reply, :unknown), do: s

  defp cancel_written(s, reply, {:ok, id, flight}) do
    {answers, callbacks} = Callbacks.cancel(s.callbacks, id)
    outbox = s.outbox |> Outbox.control(Messages.cancel(id)) |> Outbox.control(answers)
    Process.send_after(self(), {:grace, id}, @cancel_grace)

    s = %{
      s
      | flight: flight,
        outbox: outbox,
        callbacks: callbacks,
        cancelled: Cancelled.add(s.cancelled, flight, id),
        lent: Lent.forget(s.lent, s.options.name, reply)
    }

    case Flight.oldest(flight) do
      {^id, _, _, _} -> s |> slow() |> flush() |> nudge(0)
      _other -> s |> flush() |> nudge(@unsignalled)
    end
  end

  defp nudge(%{nudge: nil, interrupt: signal} = s, delay) when is_integer(signal) do
    if Cancelled.running?(s.cancelled, s.flight),
      do: %{s | nudge: Nudge.start(s.os_pid, signal, delay)},
      else: s
  end

  defp nudge(%{nudge: nudge} = s, _delay) do
    if Cancelled.running?(s.cancelled, s.flight), do: s, else: %{s | nudge: Nudge.stop(nudge)}
  end

  defp dropped(s, reply, outbox) do
    Slot.give_back(s.slot, 1)
    %{s | outbox: outbox, lent: Lent.forget(s.lent, s.options.name, reply)}
  end

  defp more(s, id, items) do
    outbox = Outbox.control(s.outbox, Messages.more(id, items))
    %{s | outbox: outbox, flight: Flight.occupy(s.flight, id, true)}
  end

  defp returned(s, number, status, payload) do
    case Callbacks.returned(s.callbacks, number, status, payload) do
      nil ->
        s

      {message, id, callbacks} ->
        flight = Flight.occupy(s.flight, id, true)

        flush(%{
          s
          | callbacks: callbacks,
            flight: flight,
            outbox: Outbox.control(s.outbox, message)
        })
    end
  end

  defp sweep(%{sweep: nil, flight: {_size, _queue, asides}} = s) when asides != %{},
    do: %{s | sweep: Process.send_after(self(), :sweep, @sweep)}

  defp sweep(s), do: s

  # The caller's own clock comes first; this one is for callers that died. A call must have been the oldest for a
  # while, so that one which waited long behind another is given time to run or to be dropped.
  defp watch(s) do
    case Flight.oldest(s.flight) do
      nil ->
        %{s | head: nil}

      {id, reply, deadline, _label} when id == s.head ->
        s = arm(nudge(slow(%{s | seen: s.seen + 1}), 0))

        if reply != nil and s.seen > @overdue_ticks and
             deadline < System.monotonic_time(:millisecond),
           do: cancel(s, reply),
           else: s

      {id, _reply, _deadline, _label} ->
        arm(%{s | head: id, seen: 0})
    end
  end

  defp event({:hello, facts}, %{phase: :starting} = s) do
    case Hello.read(facts) do
      {:ok, facts} ->
        lane = meet(s.lane, facts.lane?, s.options.name)
        send(s.server, {:ready, self(), s.os_pid})
        %{s | phase: :ready, started?: true, lane: lane, interrupt: facts.interrupt}

      {:error, why, hint} ->
        failure = %{"code" => "start", "message" => why, "hint" => hint}
        kill(%{s | failure: failure}, why)
    end
  end

  defp event({:refused, payload}, s) do
    case Decoder.decode(payload) do
      {:ok, %{} = failure} -> %{s | failure: failure}
      _malformed -> s
    end
  end

  defp event(:landing, s), do: %{s | landing: s.landing + 1}

  defp event({:report, id, payload}, s) do
    {reply, reports} = Map.pop(s.reports, id)
    if reply, do: send(reply, {reply, payload})
    Stats.reported(s.options.name, self(), payload)
    %{s | reports: reports}
  end

  # Nobody waited for the answer any more.
  defp event({:unclaimed, payload}, s) do
    Decoder.decode(payload, %{
      owner: self(),
      generation: nil,
      environment: nil,
      name: nil,
      holder: :nobody
    })

    s
  end

  defp event({:settled, id}, s),
    do: nudge(%{s | cancelled: Map.delete(s.cancelled, id)}, @unsignalled)

  # A stream's caller has said what it wants first.
  defp event({:aside, id, reply}, s) do
    case Watched.first(s.watched, reply) do
      nil ->
        sweep(s)

      first ->
        send(reply, {reply, :aside})
        more(s, id, first)
    end
  end

  defp event({:callback, id, number, key, payload}, s) do
    callback = %Callback{table: s.options.name, key: key, payload: payload, home: home(s, id)}
    %{s | callbacks: Callbacks.open(s.callbacks, id, number, callback)}
  end

  defp event({:drop, keys}, s), do: %{s | lent: Lent.drop(s.lent, s.options.name, keys)}

  defp event({:ping, id}, s), do: %{s | outbox: Outbox.control(s.outbox, Messages.ping(id))}

  defp event(_unexpected, s), do: kill(s, "the worker broke the protocol")

  defp home(s, id) do
    %{
      owner: self(),
      library: Flight.library(s.flight, id),
      generation: s.manifest.generation,
      environment: s.manifest.environment,
      name: s.options.name
    }
  end

  defp meet(%Lane{} = lane, true, table) do
    send(lane.writer, :met)
    Lane.publish(table, lane)
    lane
  end

  defp meet(lane, _not_met, _table) do
    Lane.close(lane)
    nil
  end

  # A drained worker has said all it had to; it must end soon. What is in the lane may take a while.
  defp idle(%{phase: :draining} = s) do
    within = if s.landing == 0, do: s.options.grace, else: @landing_grace
    if Flight.empty?(s.flight), do: Process.send_after(self(), :overdue, within)
    {:noreply, s}
  end

  defp idle(s), do: {:noreply, s}

  defp kill(%{phase: :ending} = s, _why), do: s

  defp kill(s, why) do
    close(s, why)
    if s.started?, do: send(s.server, {:closing, self()})
    Logger.warning("envmgr: #{s.manifest.environment}: #{why}")
    s = abandon(s, why)
    Child.kill(s.os_pid)
    Process.send_after(self(), :overdue, s.options.grace)
    %{s | phase: :ending, failure: s.failure || %{"code" => "start", "message" => why}}
  end

  # From now on a ref of this worker is stale: why is known before that.
  defp close(s, why) do
    if s.started?, do: Holding.tell(s.options.name, {:ended, self(), why})
    Slot.close(s.slot)
  end

  # Everybody who waits gets an answer: whose call ran hears of it, the others hear whose it was.
  defp abandon(s, why, frames \\ nil) do
    running = Flight.running(s.flight)

    for reply <- Flight.replies(s.flight),
        do: send(reply, {reply, :lost, why(why, running, reply, frames)})

    Nudge.stop(s.nudge)
    Callbacks.close(s.callbacks)
    s = late(unwritten(s, :moved))
    lent = Lent.close(s.lent, s.options.name)

    %{
      s
      | flight: Flight.new(),
        outbox: %Outbox{},
        cancelled: %{},
        callbacks: %{},
        lent: lent,
        nudge: nil
    }
  end

  defp why(why, nil, _reply, _frames), do: why

  defp why(why, {reply, path}, reply, frames),
    do: "#{why} while it ran #{path}#{if frames, do: "\n\n" <> frames}"

  defp why(why, {_other, path}, _reply, _frames), do: "#{why} while it ran a call of #{path}"

  defp late(s) do
    receive do
      {:call, reply, _, _, _, _} -> late(moved(s, reply, :moved))
    after
      0 -> s
    end
  end

  # What was not written goes elsewhere.
  defp unwritten(s, why) do
    calls = Outbox.calls(s.outbox)
    s = %{s | outbox: Outbox.empty(s.outbox)}
    Enum.reduce(calls, s, fn {:call, reply, _, _, _, _}, s -> moved(s, reply, why) end)
  end

  defp moved(s, reply, why) do
    Slot.give_back(s.slot, 1)
    lent = Lent.return(s.lent, s.options.name, reply)
    watched = Watched.delete(s.watched, reply)
    send(reply, {reply, why})
    %{s | lent: lent, watched: watched}
  end

  defp finish(s, why, frames \\ nil) do
    close(s, why)
    abandoned = abandon(s, why, frames)
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
  defp reason(%{started?: true}, why), do: {:lost, why}

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
