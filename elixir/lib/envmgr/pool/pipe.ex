defmodule Envmgr.Pool.Pipe do
  # How an owner keeps its worker busy: as many calls written ahead as it has lately answered quickly, none behind a slow one.
  # Functions of the owner's state.
  @moduledoc false

  alias Envmgr.Pool.{Child, Flight, Lent, Outbox, Pace, Slot, Tardy, Watched}

  # The most unanswered calls in the pipe. A worker begins with one, each answered frame doubles it, and a slow call
  # takes it back to one (to as many as it has threads): what is not written can still go elsewhere.
  @window 64
  # The most calls that are in each other: those that have called functions of ours, and those that may. The outer ones are
  # answered after the inner ones, whichever function returns first. Where none of them goes on for so many ms, they may
  # wait for one that is not written yet.
  @inside 64
  @stuck 20
  @tick 10
  @busy_retry 2

  @type state :: %{
          :port => port(),
          :slot => Slot.t(),
          :outbox => Outbox.t(),
          :flight => Flight.t(),
          optional(atom()) => term()
        }

  @doc "Takes a call, and those that have come meanwhile. Everything that waits goes into one frame: this is what makes many small calls cheap."
  @spec push(state(), Outbox.call()) :: state()
  def push(s, call) do
    {outbox, tardy} = gather(Outbox.push(s.outbox, call), s.tardy, @window - 1)
    flush(%{s | outbox: outbox, tardy: tardy})
  end

  @doc "Says something about calls, without waiting for room."
  @spec say(state(), iodata()) :: state()
  def say(s, message), do: %{s | outbox: Outbox.control(s.outbox, message)}

  defp gather(outbox, tardy, 0), do: {outbox, tardy}

  defp gather(outbox, tardy, room) do
    receive do
      {:call, _, _, _, _, _} = call -> gather(Outbox.push(outbox, call), tardy, room - 1)
      # No call overtakes what was said of its function, or what its session has to say.
      {:unseen, path} -> gather(outbox, Tardy.suspect(tardy, path), room)
      {:session, message} -> gather(Outbox.control(outbox, message), tardy, room)
    after
      0 -> {outbox, tardy}
    end
  end

  @doc "Writes what may be written. The owner never waits for a busy port."
  @spec flush(state()) :: state()
  def flush(%{phase: phase} = s) when phase in [:ready, :draining] do
    s = pruned(s)
    write(s, room(s))
  end

  def flush(s), do: s

  # Those that are answered count no more. While functions run that is looked at when there are many, and not at each of them.
  defp pruned(%{askers: none} = s) when none == %{}, do: s

  defp pruned(%{askers: askers, callbacks: open} = s)
       when open != %{} and map_size(askers) < @inside,
       do: s

  defp pruned(s) do
    open = for {id, true} <- s.askers, Flight.aside?(s.flight, id), into: %{}, do: {id, true}
    %{s | askers: open}
  end

  defp write(s, room) do
    room = Tardy.room(s.tardy, s.outbox, room)

    with {data, outbox, flight} <- Outbox.frame(s.outbox, s.flight, room) do
      if Child.write(s.port, data) do
        plain? = Outbox.plain?(s.outbox)
        s = arm(begun(%{s | outbox: outbox, flight: flight}, Flight.size(s.flight)))
        s = if s.tardy == %{} or s.tardy == nil, do: s, else: barred(s)
        held(if plain?, do: s, else: waiting(s))
      else
        %{s | retry: s.retry || Process.send_after(self(), :retry, @busy_retry)}
      end
    else
      :empty -> held(if Outbox.plain?(s.outbox), do: s, else: waiting(s))
    end
  end

  # Behind what may be slow nothing is written.
  defp barred(s) do
    with {id, _, _, label} <- Flight.latest(s.flight),
         true <- Tardy.slow?(s.tardy, label),
         do: %{s | bar: {id, label}},
         else: (_quick -> s)
  end

  # Calls wait here for functions to return.
  defp held(%{callbacks: none} = s) when none == %{}, do: s
  defp held(%{inside: inside} = s) when inside != nil, do: s

  defp held(s) do
    if Outbox.size(s.outbox) == 0 do
      s
    else
      Process.send_after(self(), :inside, @stuck)
      %{s | inside: progress(s)}
    end
  end

  defp progress(s), do: {Slot.counts(s.slot).answered, Map.keys(s.callbacks)}

  @doc "Whether what waits for functions goes on. If not, one more call is written: they may wait for it."
  @spec inside(state()) :: state()
  def inside(%{phase: phase, inside: before, callbacks: open} = s)
      when phase in [:ready, :draining] and open != %{} do
    s = pruned(%{s | inside: nil})
    if progress(s) == before, do: write(s, max(room(s), 1)), else: flush(s)
  end

  def inside(s), do: flush(%{s | inside: nil})

  @doc "Has callers see how many calls wait here that are not of normal priority."
  @spec waiting(state()) :: state()
  def waiting(s) do
    {high, low} = Outbox.waiting(s.outbox)
    Slot.waiting(s.slot, high, low)
    s
  end

  defp begun(s, 0), do: %{s | pace: Pace.begin(s.pace, System.monotonic_time(:nanosecond))}
  defp begun(s, _some), do: s

  # What a function of ours calls meanwhile must get through: the worker waits for it.
  defp room(%{callbacks: open} = s) when open != %{},
    do: min(@window, @inside - map_size(s.askers)) - Flight.size(s.flight)

  defp room(%{slow?: true}), do: 0
  defp room(%{bar: bar}) when bar != nil, do: 0
  # While others start nothing is written ahead: they can take it over.
  defp room(%{coming?: true} = s), do: s.threads - Flight.size(s.flight)
  defp room(%{askers: none} = s) when none == %{}, do: s.window - Flight.size(s.flight)
  # Their functions have returned, and the worker may not have heard of it.
  defp room(s), do: min(s.window, @inside - map_size(s.askers)) - Flight.size(s.flight)

  @doc "What of the flight was answered says how the worker does."
  @spec pace(state(), Flight.t()) :: state()
  def pace(s, flight) do
    besides = Flight.besides(flight)
    if besides != Flight.besides(s.flight), do: Slot.aside(s.slot, besides)

    case Flight.size(s.flight) - Flight.size(flight) do
      0 ->
        %{s | flight: flight}

      departed ->
        now = System.monotonic_time(:nanosecond)
        pace = Pace.departed(s.pace, departed, Flight.size(flight), now)
        Slot.each(s.slot, Pace.known(pace))
        s = unbarred(%{s | flight: flight, pace: pace})
        if s.slow?, do: brisk(s), else: %{s | window: min(2 * s.window, @window)}
    end
  end

  defp unbarred(%{bar: nil} = s), do: s

  defp unbarred(%{bar: {id, label}} = s) do
    cond do
      Flight.in_order?(s.flight, id) -> s
      s.slow? -> %{s | bar: nil}
      true -> %{s | bar: nil, tardy: Tardy.quick(s.tardy, label)}
    end
  end

  defp brisk(s) do
    Slot.brisk(s.slot)
    %{s | slow?: false}
  end

  @doc "Calls went without an answer. Where that leaves the worker with nothing to do, or a thread, no answer will say that it is slow no more."
  @spec freed(state()) :: state()
  def freed(%{slow?: true} = s),
    do: if(Flight.size(s.flight) < s.threads, do: brisk(s), else: s)

  def freed(s), do: s

  @doc "The calls behind a slow one, as far as they are not written, try the other workers."
  @spec slow(state()) :: state()
  def slow(%{slow?: true} = s), do: s

  def slow(s) do
    Slot.slow(s.slot)
    flush(elsewhere(%{s | slow?: true, window: s.threads}, :infinity))
  end

  @doc "At most so many of the calls that wait here try the other workers."
  @spec elsewhere(state(), pos_integer() | :infinity) :: state()
  # Where nobody else takes calls any more they wait.
  def elsewhere(%{phase: :draining} = s, _most), do: s

  def elsewhere(s, most) do
    {calls, outbox} = Outbox.movable(s.outbox, most)
    move(%{s | outbox: outbox}, calls, :elsewhere)
  end

  @doc "Looks again soon at what is the oldest."
  @spec arm(state()) :: state()
  def arm(%{tick: nil} = s), do: %{s | tick: Process.send_after(self(), :tick, @tick)}
  def arm(s), do: s

  @doc "What was not written goes to others."
  @spec unwritten(state()) :: state()
  def unwritten(s) do
    calls = Outbox.calls(s.outbox)
    move(%{s | outbox: Outbox.empty(s.outbox)}, calls, :moved)
  end

  defp move(s, [], _why), do: s

  defp move(s, calls, why) do
    s = unsuspected(waiting(s))
    Enum.reduce(calls, s, fn {:call, reply, _, _, _, _}, s -> moved(s, reply, why) end)
  end

  # What went is somebody else's to find out.
  defp unsuspected(s) do
    if Outbox.size(s.outbox) == 0, do: %{s | tardy: Tardy.unsuspected(s.tardy)}, else: s
  end

  @spec moved(state(), reference(), :moved | :elsewhere) :: state()
  def moved(s, reply, why) do
    Slot.give_back(s.slot, 1)
    lent = Lent.return(s.lent, s.options.name, reply)
    watched = Watched.delete(s.watched, reply)
    send(reply, {reply, why})
    %{s | lent: lent, watched: watched}
  end
end
