defmodule Envmgr.Pool.Owner do
  # The process that owns a worker's port, and alone writes to it. It never waits for a busy port.
  #
  # From callers: `{:call, reply, deadline, label, size, tail}` (`Flight.deadline()`; by way of the lane's writer where the arguments hold
  # large buffers), before it perhaps `{:unseen, path}` (no call of this function has ended yet), `{:watch, reply, pid, first}` (the call ends with that process) and `{:lend, reply, passer,
  # keys}` (functions in it); then `{:cancel, reply}` (nobody waits for it any more), `{:unwatch, reply}` (it got its last message), `{:more, reply, items}` (of a stream);
  # `{:release, refs}`, `{:report, reply}`; `{:session, message}`, what the worker is to know of a session.
  # To callers, by the alias `reply`, exactly one of: `{reply, :result | :error, payload}`, `{reply, :result, payload, meta,
  # buffers}` (from the lane's reader where there are buffers), `{reply, :lost, why}`
  # (the call may have run), `{reply, :moved}` (it has not: take another worker), `{reply, :elsewhere}` (it has not:
  # this worker is busy with a slow call, another may be free). A stream gets `{reply, :aside}`, `{reply, :chunk, payload}` for each
  # demand, and for an end `{reply, :end}`.
  # From the Server: `{:coming, coming?}`, whether other workers are about to be ready. To it: `{:ready, self, os_pid}`,
  # `{:closing, self}`; and it ends with `{:shutdown, reason}`.
  @moduledoc false

  use GenServer, restart: :temporary
  require Logger

  alias Envmgr.Libraries.Sizing
  alias Envmgr.Pool.{Account, Answers, Birth, Cancelling, Child, Crash, Ending, Flight, Heartbeat}
  alias Envmgr.Pool.{Hello, Lane, Lent, Life, Nudge, Outbox, Pace, Pipe, Recall}
  alias Envmgr.Pool.{Serving, Sharing, Slot, Stats, Tardy, Watched}
  alias Envmgr.Values.Decoder
  alias Envmgr.Wire.Messages

  # How long the end of a lane may come before the news of its worker's end.
  @lane_grace 200
  # How long a worker that ends may send what it has answered.
  @landing_grace 60_000
  @enforce_keys [:server, :manifest, :slot, :options]
  defstruct [:server, :manifest, :slot, :options, :port, :os_pid, :failure, :tick, :head, :retry] ++
              [:interrupt, :crash, :nudge, :sweep, :life, :zygote, :mark, :began, :ending] ++
              [:pool, :sizing, :number, :inside, :signals, :parent, :bar, :counted, :recalled] ++
              [
                asked: 0,
                forked?: false,
                hung_up?: false,
                beat: %Heartbeat{},
                pace: %Pace{},
                tardy: nil,
                lane: nil,
                landing: 0,
                phase: :starting,
                threads: 1,
                window: 1,
                slow?: false,
                coming?: false,
                seen: 0,
                started?: false,
                bye?: false,
                reports: %{},
                watched: %{},
                cancelled: %{},
                callbacks: %{},
                askers: %{},
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
    s = struct!(__MODULE__, settings)
    threads = Sizing.at_a_time(s.sizing)
    flight = Flight.new(threads)
    s = %{s | threads: threads, window: threads, flight: flight, tardy: Tardy.new(threads)}
    {:ok, %{s | signals: Nudge.count()}}
  end

  # The Server sends this once it watches: an end that comes at once must not go unseen.
  @impl true
  def handle_info(:open, s), do: {:noreply, Birth.ask(s)}

  def handle_info({:zygote, {:forked, _socket, number} = kind}, %{port: nil} = s),
    do: open(%{s | number: number}, kind)

  def handle_info({:zygote, kind}, %{port: nil} = s), do: open(s, kind)

  def handle_info({:DOWN, _monitor, :process, zygote, _reason}, %{zygote: zygote} = s) do
    if s.port, do: Account.ended(s, s.ending || :unknown), else: open(s, :worker)
  end

  # Of an earlier try nothing counts any more.
  def handle_info({:forked, number, os_pid, parent}, %{number: number} = s),
    do: {:noreply, Birth.known(%{s | parent: parent}, os_pid)}

  def handle_info({:unforked, number}, %{number: number} = s), do: unforked(s)
  def handle_info({:ended, number, ending}, %{number: number} = s), do: Account.ended(s, ending)

  def handle_info({:unaccounted, number, until}, %{number: number} = s),
    do: Account.unaccounted(s, until)

  # A call that went by the lane may come when its caller waits no more.
  def handle_info({:call, reply, deadline, _, _, {:lane, _, _, _}} = call, %{phase: :ready} = s) do
    outbox = Outbox.push(s.outbox, call)

    if not Flight.passed?(deadline, System.monotonic_time(:millisecond)) do
      {:noreply, spent(Pipe.flush(%{s | outbox: outbox}))}
    else
      {:noreply, Pipe.flush(Cancelling.dropped(s, reply, Outbox.drop(outbox, reply)))}
    end
  end

  def handle_info({:call, _, _, _, _, _} = call, %{phase: :ready} = s),
    do: {:noreply, spent(Pipe.push(s, call))}

  def handle_info({:call, reply, _, _, _, _}, s), do: {:noreply, Pipe.moved(s, reply, :moved)}

  def handle_info({:watch, reply, pid, first}, %{phase: phase} = s)
      when phase in [:ready, :draining],
      do: {:noreply, %{s | watched: Watched.add(s.watched, reply, pid, first)}}

  def handle_info({:unseen, path}, s),
    do: {:noreply, %{s | tardy: Tardy.suspect(s.tardy, path)}}

  # In another worker of the pool.
  def handle_info({:slow, path}, s), do: {:noreply, %{s | tardy: Tardy.learn(s.tardy, path)}}

  def handle_info({:lend, reply, passer, keys}, s),
    do: {:noreply, Serving.lend(s, reply, passer, keys)}

  def handle_info({port, {:data, frame}}, %{port: port} = s) do
    labels = [environment: s.manifest.environment]

    case Answers.deliver(frame, s.flight, s.slot, s.lane, s.options.name, labels) do
      {:ok, flight, events} ->
        events
        |> Enum.reverse()
        |> Enum.reduce(Pipe.pace(s, flight), &event/2)
        |> Pipe.flush()
        |> idle()

      {:broken, why} when s.phase != :ending ->
        {:noreply, Ending.kill(s, "the worker broke the protocol: #{why}")}

      {:broken, _why} ->
        {:noreply, s}
    end
  end

  def handle_info({:cancel, reply}, s), do: {:noreply, Cancelling.cancel(s, reply)}

  def handle_info({{:gone, reply}, _monitor, :process, _pid, _reason}, s),
    do: {:noreply, Cancelling.cancel(s, reply)}

  def handle_info({:unwatch, reply}, s),
    do: {:noreply, %{s | watched: Watched.delete(s.watched, reply)}}

  def handle_info({:grace, id, since}, s) do
    case Cancelling.grace(s, id, since) do
      {:ok, s} -> {:noreply, s}
      {:kill, why} -> {:noreply, Ending.kill(s, why)}
    end
  end

  def handle_info({:more, reply, items}, s), do: {:noreply, Serving.more(s, reply, items)}

  def handle_info({:returned, number, status, payload}, s),
    do: {:noreply, Serving.returned(s, number, status, payload)}

  def handle_info({{:ended, number}, _monitor, :process, _pid, reason}, s),
    do: {:noreply, Serving.ended(s, number, reason)}

  def handle_info({{:passer, pid}, _monitor, :process, _pid, _reason}, s),
    do: {:noreply, Serving.gone(s, pid)}

  def handle_info({:release, refs}, %{phase: :ready} = s) do
    {:noreply, s |> Pipe.say(Messages.release(refs)) |> Pipe.flush()}
  end

  # An idle worker is asked whether it lives.
  def handle_info(:beat, s) do
    case Heartbeat.beat(s) do
      {:ok, s} -> {:noreply, s}
      {:dead, why} -> {:noreply, Ending.kill(s, why)}
    end
  end

  # Whether others are about to share the calls.
  def handle_info({:coming, coming?}, s), do: {:noreply, Sharing.coming(s, coming?)}

  # What a session has to say comes before its next call.
  def handle_info({:session, message}, %{phase: phase} = s) when phase in [:ready, :draining] do
    {:noreply, s |> Pipe.say(message) |> Pipe.flush()}
  end

  # What the worker has converted; one that is busy says so when it is free.
  def handle_info({:report, reply}, %{phase: :ready} = s) do
    {id, outbox} = Outbox.next_id(s.outbox)
    s = %{s | outbox: outbox, reports: Map.put(s.reports, id, reply)}
    {:noreply, s |> Pipe.say(Messages.report(id)) |> Pipe.flush()}
  end

  def handle_info(:drain, %{phase: :ready} = s) do
    Slot.close(s.slot)
    s = Pipe.unwritten(s)
    idle(%{s | phase: :draining, coming?: false})
  end

  # Nobody else takes what waits here: it is written yet.
  def handle_info(:finish, %{phase: :ready} = s) do
    Slot.close(s.slot)
    idle(%{s | phase: :draining, coming?: false})
  end

  def handle_info(how, %{phase: :starting} = s) when how in [:drain, :finish],
    do: {:stop, {:shutdown, :drained}, s}

  def handle_info({port, {:exit_status, handover}}, %{port: port, forked?: true} = s) do
    if handover != 0, do: broken(s), else: Account.hung_up(s)
  end

  def handle_info({port, {:exit_status, status}}, %{port: port} = s),
    do: Account.finish(s, status)

  def handle_info({:EXIT, port, _reason}, %{port: port, hung_up?: true} = s), do: {:noreply, s}

  # Something was written to one that has ended: how it ended is still to be heard.
  def handle_info({:EXIT, port, _reason}, %{port: port, forked?: true} = s), do: broken(s)

  def handle_info({:EXIT, port, reason}, %{port: port} = s) do
    Ending.finish(s, "the worker's pipe broke (#{inspect(reason)})")
  end

  def handle_info(:landed, s), do: idle(%{s | landing: s.landing - 1})

  def handle_info({:EXIT, pid, _reason}, %{lane: %{reader: reader, writer: writer}} = s)
      when pid in [reader, writer] do
    Process.send_after(self(), :lane_ended, @lane_grace)
    {:noreply, s}
  end

  def handle_info(:lane_ended, s),
    do: {:noreply, Ending.kill(s, "the worker's second lane broke")}

  def handle_info(:retry, s), do: {:noreply, Pipe.flush(%{s | retry: nil})}
  def handle_info(:inside, s), do: {:noreply, Pipe.inside(s)}

  def handle_info({:start_timeout, port}, %{phase: :starting, port: port} = s) do
    {:noreply, Ending.kill(s, "the worker was not ready within #{s.options.start_timeout} ms")}
  end

  def handle_info(:sweep, s), do: {:noreply, Cancelling.swept(s)}

  def handle_info(:tick, s),
    do: {:noreply, %{s | tick: nil} |> Sharing.share() |> Cancelling.watch() |> Recall.ask()}

  def handle_info(:overdue, s), do: Ending.finish(s, "the worker did not end in time")
  def handle_info(_late, s), do: {:noreply, s}

  @impl true
  def terminate(reason, s) do
    Ending.close(s, "the pool was shut down")
    Lane.unpublish(s.options.name)
    Stats.ended(s.options.name, self())
    Ending.abandon(s, "the pool is shutting down")
    if s.port, do: Child.stop(s.port, s.os_pid)
    Lane.close(s.lane)
    Crash.hide(s.crash)
    Life.stopped(s, reason)
  end

  defp open(s, kind) do
    case Birth.open(s, kind) do
      {:ok, s} -> {:noreply, s}
      {:error, why} -> Ending.finish(s, why)
    end
  end

  defp broken(%{os_pid: nil} = s), do: unforked(s)
  defp broken(s), do: Account.hung_up(s)

  # The zygote ended meanwhile, or could not; it may be another by now.
  defp unforked(%{phase: :starting} = s) do
    s = Birth.back(%{s | number: nil})
    if s.asked < 2, do: {:noreply, Birth.ask(s)}, else: open(s, :worker)
  end

  defp unforked(s), do: Account.ended(s, :unknown)

  defp event({:hello, facts}, %{phase: :starting} = s) do
    Crash.hide(s.crash)

    case Hello.read(facts) do
      {:ok, facts} ->
        s = Birth.known(s, facts.pid)
        lane = meet(s.lane, facts.lane?, s.options.name)
        send(s.server, {:ready, self(), s.os_pid})
        tell(s, "worker #{s.os_pid} is ready")
        Heartbeat.start(s.options)
        Life.ready(s)
        %{s | phase: :ready, started?: true, lane: lane, interrupt: facts.interrupt}

      {:error, why, hint} ->
        failure = %{"code" => "start", "message" => why, "hint" => hint}
        Ending.kill(%{s | failure: failure}, why)
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

  defp event({:returned, ids}, s), do: Enum.reduce(ids, s, &returned/2)
  defp event({:settled, id}, s), do: Cancelling.settled(s, id)
  defp event({:aside, id, reply}, s), do: Serving.aside(s, id, reply)
  defp event({:drop, keys}, s), do: Serving.drop(s, keys)
  defp event({:ping, id}, s), do: Heartbeat.heard(s, id)

  defp event({:callback, id, number, key, payload}, s),
    do: Serving.callback(s, id, number, key, payload)

  defp event(_unexpected, s), do: Ending.kill(s, "the worker broke the protocol")

  defp returned(id, s) do
    case Recall.returned(s, id) do
      {:ok, s} -> s
      :unknown -> Ending.kill(s, "the worker gave back a call that it had not (#{id})")
    end
  end

  # The only call of a worker is all that it gets.
  defp spent(%{sizing: %{profile: "call"}, flight: flight} = s) do
    if Flight.empty?(flight) do
      s
    else
      Slot.close(s.slot)
      send(s.server, {:spent, self()})
      Pipe.unwritten(%{s | phase: :draining})
    end
  end

  defp spent(s), do: s

  defp tell(s, what) do
    Logger.debug(fn -> "envmgr: #{s.manifest.environment}: #{what}" end,
      generation: s.manifest.generation
    )
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

  # Streams are open until their consumers have enough, coroutines run until they return: a worker that hears bye would end
  # them. What is written and has not begun may be one.
  defp idle(%{phase: :draining, bye?: false} = s) do
    if Flight.empty?(s.flight) and Outbox.size(s.outbox) == 0,
      do: idle(Pipe.flush(Pipe.say(%{s | bye?: true}, Messages.bye()))),
      else: {:noreply, s}
  end

  # A drained worker has said all it had to; it must end soon. What is in the lane may take a while.
  defp idle(%{phase: :draining} = s) do
    within = if s.landing == 0, do: s.options.grace, else: @landing_grace
    if Flight.empty?(s.flight), do: Process.send_after(self(), :overdue, within)
    {:noreply, s}
  end

  defp idle(s), do: {:noreply, s}
end
