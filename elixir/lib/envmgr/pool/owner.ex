defmodule Envmgr.Pool.Owner do
  # The process that owns a worker's port, and alone writes to it. It never waits for a busy port.
  #
  # From callers: `{:call, reply, deadline, library, size, tail}` (by way of the lane's writer where the arguments hold
  # large buffers), `{:timeout, reply}`, `{:release, refs}`, `{:report, reply}`.
  # To callers, by the alias `reply`, exactly one of: `{reply, :result | :error, payload}`, `{reply, :result, payload, meta,
  # buffers}` (from the lane's reader where there are buffers), `{reply, :lost, why}`
  # (the call may have run), `{reply, :moved}` (it has not: take another worker), `{reply, :elsewhere}` (it has not:
  # this worker is busy with a slow call, another may be free).
  # To the Server: `{:ready, self, os_pid}`, `{:closing, self}`; and it ends with `{:shutdown, reason}`.
  @moduledoc false

  use GenServer, restart: :temporary
  require Logger

  alias Envmgr.Pool.{Answers, Child, Flight, Hello, Lane, Outbox, Slot, Stats}
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

  @enforce_keys [:server, :manifest, :slot, :options]
  defstruct [:server, :manifest, :slot, :options, :port, :os_pid, :failure, :tick, :head, :retry] ++
              [
                lane: nil,
                landing: 0,
                phase: :starting,
                window: 1,
                slow?: false,
                seen: 0,
                started?: false,
                pings: [],
                reports: %{},
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
        Child.write(port, Hello.settings(s.manifest, s.options, lane))
        {:noreply, %{s | port: port, os_pid: os_pid, lane: lane}}

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
      Slot.give_back(s.slot, 1)
      {:noreply, flush(%{s | outbox: Outbox.drop(outbox, reply)})}
    end
  end

  def handle_info({:call, _, _, _, _, _} = call, %{phase: :ready} = s) do
    {:noreply, flush(%{s | outbox: gather(Outbox.push(s.outbox, call), @window - 1)})}
  end

  def handle_info({:call, reply, _, _, _, _}, s) do
    moved(reply, s.slot)
    {:noreply, s}
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

  def handle_info({:timeout, reply}, s) do
    case {Outbox.drop(s.outbox, reply), Flight.abandon(s.flight, reply)} do
      {_none, _any} when s.phase == :ending ->
        {:noreply, s}

      {nil, :oldest} ->
        {:noreply, kill(s, "the worker was ended because a call passed its deadline")}

      {nil, {:cancel, id, flight}} ->
        # The ping comes back when the worker has read the cancellation: see Flight.settle/2.
        {ping, outbox} = s.outbox |> Outbox.control(Messages.cancel(id)) |> Outbox.next_id()
        outbox = Outbox.control(outbox, Messages.ping(ping))
        {:noreply, flush(%{s | flight: flight, outbox: outbox, pings: [ping | s.pings]})}

      {nil, :unknown} ->
        {:noreply, s}

      {outbox, _flight} ->
        Slot.give_back(s.slot, 1)
        {:noreply, flush(%{s | outbox: outbox})}
    end
  end

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
    for {:call, reply, _, _, _, _} <- Outbox.calls(s.outbox), do: moved(reply, s.slot)
    outbox = Outbox.control(%{s.outbox | calls: :queue.new()}, Messages.bye())
    idle(flush(%{s | phase: :draining, outbox: outbox}))
  end

  def handle_info(:drain, %{phase: :starting} = s), do: {:stop, {:shutdown, :drained}, s}

  def handle_info({port, {:exit_status, status}}, %{port: port} = s) do
    finish(%{s | os_pid: nil}, "the worker #{Child.ending(status)}")
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

    for {:call, reply, _, _, _, _} <- Outbox.calls(s.outbox) do
      Slot.give_back(s.slot, 1)
      send(reply, {reply, :elsewhere})
    end

    flush(%{s | slow?: true, window: 1, outbox: Outbox.empty(s.outbox)})
  end

  defp arm(%{tick: nil} = s), do: %{s | tick: Process.send_after(self(), :tick, @tick)}
  defp arm(s), do: s

  # The caller's own clock comes first; this one is for callers that died. A call must have been the oldest for a
  # while, so that one which waited long behind another is given time to run or to be dropped.
  defp watch(s) do
    case Flight.oldest(s.flight) do
      nil ->
        %{s | head: nil}

      {id, _reply, deadline, _library} when id == s.head ->
        if s.seen > @overdue_ticks and deadline < System.monotonic_time(:millisecond),
          do: kill(s, "the worker was ended because a call passed its deadline"),
          else: arm(slow(%{s | seen: s.seen + 1}))

      {id, _reply, _deadline, _library} ->
        arm(%{s | head: id, seen: 0})
    end
  end

  defp event({:hello, facts}, %{phase: :starting} = s) do
    case Hello.read(facts) do
      {:ok, lane?} ->
        lane = meet(s.lane, lane?, s.options.name)
        send(s.server, {:ready, self(), s.os_pid})
        %{s | phase: :ready, started?: true, lane: lane}

      {:error, why} ->
        kill(s, why)
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

  defp event({:ping, id}, s) do
    if id in s.pings do
      {settled, flight} = Flight.settle(s.flight, id)
      if settled > 0, do: Slot.give_back(s.slot, settled)
      %{s | flight: flight, pings: List.delete(s.pings, id)}
    else
      %{s | outbox: Outbox.control(s.outbox, Messages.ping(id))}
    end
  end

  defp event(_unexpected, s), do: kill(s, "the worker broke the protocol")

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
    if Flight.size(s.flight) == 0, do: Process.send_after(self(), :overdue, within)
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

  # Everybody who waits gets an answer.
  defp abandon(s, why) do
    for reply <- Flight.replies(s.flight), do: send(reply, {reply, :lost, why})
    for {:call, reply, _, _, _, _} <- Outbox.calls(s.outbox), do: moved(reply, s.slot)
    late(s.slot)
    %{s | flight: Flight.new(), outbox: %Outbox{}}
  end

  defp late(slot) do
    receive do
      {:call, reply, _, _, _, _} ->
        moved(reply, slot)
        late(slot)
    after
      0 -> :ok
    end
  end

  defp moved(reply, slot) do
    Slot.give_back(slot, 1)
    send(reply, {reply, :moved})
  end

  defp finish(s, why) do
    close(s, why)
    abandoned = abandon(s, why)
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

  defp reason(%{phase: :draining, flight: {0, _}}, _why), do: :drained
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
