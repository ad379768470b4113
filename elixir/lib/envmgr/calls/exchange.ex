defmodule Envmgr.Calls.Exchange do
  # One call and its one answer: encode, choose a worker, send to its owner, wait.
  #
  # What is sent is a load `{size, tail, held, arguments}`: a call's message without its id, what goes with it (`[]` or
  # `Held`), and what both were made of, for a worker that has no second lane.
  @moduledoc false

  alias Envmgr.{Pool, Wire}
  alias Envmgr.Calls.{Beside, Correlation, Held, Outcome, Refused, Request, Sessions, Span}
  alias Envmgr.Calls.Trace
  alias Envmgr.Pool.{Lane, Route, Slot}
  alias Envmgr.Values.{Encoder, Holding, Locate, Refusal}
  alias Envmgr.Wire.Messages

  # Below this a copy is cheaper than a message full of pointers.
  @flatten 4_096
  @room_for_header 65_536
  @patience 500
  # A call that takes longer, ms, is ended with its caller. Short ones would pay for it.
  @unwatched 50

  @type load ::
          {size :: non_neg_integer(), Messages.tail(), [] | Held.t(),
           arguments :: {list(), term()}}

  @doc "For a chain `kwargs` is `:chain`, and `args` the `{args, kwargs}` of its steps."
  @spec run(Request.t(), list(), [{String.t(), term()}] | :chain) ::
          Outcome.answer()
  def run(request, args, kwargs) do
    request = mark(request, :check)
    options = [lane: request.lane, into: request.into]
    args |> Encoder.arguments(kwargs, request.owner, options) |> encoded(request, args, kwargs)
  end

  @doc "As `run/3`, with what has become of the arguments."
  @spec encoded(tuple(), Request.t(), list(), [{String.t(), term()}] | :chain) ::
          Outcome.answer()
  def encoded(encoded, request, args, kwargs) do
    case encoded do
      {:ok, payload, []} ->
        request |> mark(:encode) |> send_payload(payload, [], {args, kwargs})

      {:ok, payload, held} ->
        held = Held.new(held, request.holder)
        answer = request |> mark(:encode) |> send_payload(payload, held, {args, kwargs})

        # Python had them not, or may not use them: the call was taken back, or its worker is gone.
        with {:error, %{code: code}} when code != :exception <- answer,
             do: Held.take_back(held, request.name)

        answer

      {:ref, ref} ->
        if Refused.foreign?(request, ref),
          # No object is this process's: the first one is found.
          do: refused(request, Locate.arguments(args, kwargs, self(), request.into, nil)),
          else: run(%{request | owner: ref.owner}, args, kwargs)

      {:error, refusal} ->
        refused(request, Locate.arguments(args, kwargs, request.owner, request.into, refusal))
    end
  end

  defp refused(request, {place, refusal}) do
    if refusal.ref && Refused.foreign?(request, refusal.ref),
      do: Refused.foreign(request, refusal.ref, place),
      else:
        Outcome.error(request,
          code: :conversion,
          message: "#{place}: #{Refusal.text(refusal)}",
          hint: refusal.hint,
          details: %{path: place, elixir: refusal.elixir, python: refusal.python}
        )
  end

  @doc "Many calls in one, of the payloads of each: a list of answers."
  @spec each(Request.t(), [iodata()]) :: {:ok, [Outcome.answer()]} | {:error, Envmgr.Error.t()}
  def each(request, payloads) do
    request = %{request | flags: Messages.each(request.flags)}
    send_payload(request, Messages.items(payloads), [], {[], []})
  end

  defp mark(%{trace: nil} = request, _step), do: request
  defp mark(request, step), do: Trace.mark(request, step)

  defp send_payload(request, payload, held, arguments) do
    size = IO.iodata_length(payload)

    if size > Wire.max_frame() - @room_for_header do
      Outcome.error(request,
        code: :conversion,
        message: "the arguments take #{size} bytes, more than a frame may hold"
      )
    else
      tail = Messages.call_tail(request.target, request.flags, payload, size)
      tail = if size < @flatten, do: IO.iodata_to_binary(tail), else: tail
      tail = if request.context, do: {:context, tail, request.context}, else: tail
      choose(request, {size, tail, held, arguments}, false)
    end
  end

  # A call that was taken on is not refused later, wherever it goes.
  defp choose(request, load, taken_on? \\ true)

  defp choose(%{owner: nil} = request, load, taken_on?) do
    case Route.lookup(request.name, request.environment, request.pool) do
      {generation, workers, _pool} ->
        cond do
          not Route.serves?(workers, request.library) -> Refused.elsewhere(request)
          Messages.as_ref?(request.flags) and not Route.keeps?(workers) -> Refused.unkept(request)
          request.session != nil -> in_session(request, load, taken_on?)
          true -> attempt(request, load, generation, pick(workers, request, taken_on?))
        end

      nil ->
        Refused.nowhere(request)
    end
  rescue
    ArgumentError -> Outcome.gone(request)
  end

  defp choose(%{session: %{}} = request, load, taken_on?),
    do: in_session(request, load, taken_on?)

  defp choose(%{owner: owner} = request, load, taken_on?) do
    wish = unless taken_on?, do: Request.wish(request)

    case Route.pinned(request.name, request.environment, owner, wish) do
      {:overloaded, why} -> Refused.overloaded(request, why)
      {generation, worker} -> attempt(request, load, generation, worker)
      nil -> attempt(request, load, nil, nil)
    end
  rescue
    ArgumentError -> Outcome.gone(request)
  end

  defp in_session(request, load, taken_on?) do
    place = Route.place(request.environment, request.pool)
    wish = unless taken_on? or nested?(request), do: Request.wish(request)

    case Sessions.route(request.session, place, request.owner, wish) do
      {:ok, generation, worker} -> attempt(request, load, generation, worker)
      {:overloaded, why} -> Refused.overloaded(request, why)
      none when none in [:none, :stale] -> attempt(request, load, nil, nil)
      :gone -> Refused.nowhere(request)
      {:error, fields} -> Outcome.error(request, fields)
    end
  end

  # What a function of ours calls may be what its worker waits for.
  defp nested?(request), do: match?(%{beside: %{kind: :nested}}, request)

  defp pick(workers, %{beside: %{avoid: avoid}}, _taken_on?) when avoid != nil,
    do: Route.pick_other(workers, avoid)

  defp pick(workers, request, taken_on?) do
    home = Holding.home(request.name, request.environment)

    if taken_on? or nested?(request),
      do: Route.pick(workers, home),
      else: Route.admit(workers, home, Request.wish(request))
  end

  defp attempt(request, _load, _generation, {:overloaded, why}),
    do: Refused.overloaded(request, why)

  # Whoever asks for a second worker has a first one.
  defp attempt(%{beside: %{avoid: avoid}} = request, _load, _generation, nil) when avoid != nil,
    do: Outcome.error(request, code: :not_ready, message: "there is no second worker")

  defp attempt(%{owner: nil} = request, load, _generation, nil) do
    case Pool.await_worker(request.name, request.environment, request.pool, patience(request)) do
      :ok ->
        once_more(request, load)

      :timeout ->
        case {Beside.wanted(request), Request.left(request)} do
          {:wanted, 0} -> Outcome.timeout(request)
          {:wanted, _left} -> once_more(request, load)
          {unwanted, _left} -> ended(unwanted, request)
        end

      {:error, error} ->
        {:error,
         %{
           error
           | path: request.path,
             library: error.library || request.library,
             correlation: Correlation.of(request.correlation)
         }}
    end
  end

  defp attempt(request, _load, _generation, nil), do: Outcome.stale(request)

  defp attempt(
         %{beside: nil, span: nil, owner: nil} = request,
         {size, tail, [], _} = load,
         generation,
         {pid, _slot}
       ) do
    reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
    if request.unseen?, do: send(pid, {:unseen, request.path})
    send(pid, {:call, reply, {request.deadline, self()}, request.label, size, tail})
    await(reply, request, load, generation, pid)
  end

  defp attempt(request, {size, tail, held, {args, kwargs}} = load, generation, {pid, slot}) do
    case route(held, request.name, pid) do
      {nil, _buffers} ->
        Slot.give_back(slot, 1)
        Held.take_back(held, request.name)
        run(%{request | lane: nil}, args, kwargs)

      {process, buffers} ->
        Span.sent(request, generation, pid)
        reply = Beside.open(request, pid)
        if held != [], do: Held.lend(held, request.name, pid, reply)
        if request.unseen?, do: send(pid, {:unseen, request.path})
        call = {reply, owner_deadline(request), Request.label(request), size, tail}

        if buffers == [],
          do: send(process, Tuple.insert_at(call, 0, :call)),
          else: send(process, call |> Tuple.insert_at(0, :board) |> Tuple.append(buffers))

        if request.beside,
          do: await_beside(reply, request, load, generation, pid),
          else: await(reply, request, load, generation, pid)
    end
  end

  # To whom the call goes: the owner, or first the writer of its lane.
  defp route([], _name, owner), do: {owner, []}
  defp route(%{buffers: []}, _name, owner), do: {owner, []}
  defp route(%{buffers: buffers}, name, owner), do: {Lane.writer(name, owner), buffers}

  # A stream's deadline is for each chunk, and its consumer's clock the only one.
  defp owner_deadline(%{beside: %{kind: :stream}}), do: :infinity
  defp owner_deadline(%{beside: nil, deadline: deadline}), do: {deadline, self()}
  # Who waits for these is watched from the start.
  defp owner_deadline(request), do: request.deadline

  # Whoever waits for a worker to start hears of a cancellation in between.
  defp patience(%{beside: nil} = request), do: Request.left(request)
  defp patience(request), do: min(Request.left(request), @patience)

  defp await_beside(reply, request, load, generation, pid) do
    case Beside.await(request, reply, pid, Request.left(request)) do
      {:got, :aside} ->
        {:ok, %{reply: reply, owner: pid, generation: generation, request: request}}

      {:got, :end} ->
        {:ok, :end}

      {:got, message} ->
        came(message, request, load, generation, pid)

      :late ->
        Outcome.timeout(request)

      unwanted ->
        ended(unwanted, request)
    end
  end

  # The caller of an asynchronous call has ended: nobody is there to be told.
  defp ended(:left, _request), do: exit(:normal)

  defp ended(:cancelled, request),
    do: Outcome.error(request, code: :cancelled, message: "the call was cancelled")

  defp await(reply, request, load, generation, pid) do
    receive do
      {^reply, kind, payload} ->
        came({kind, payload}, request, load, generation, pid)

      {^reply, :result, payload, meta, buffers} ->
        came({:result, payload, meta, buffers}, request, load, generation, pid)

      {^reply, moved} ->
        came(moved, request, load, generation, pid)

      {:DOWN, ^reply, _, _, reason} ->
        came({:down, reason}, request, load, generation, pid)
    after
      patient(request) -> came({:unwatched, reply}, request, load, generation, pid)
    end
  end

  # The clock of a call that has just begun need not be read again.
  defp patient(%{fresh?: true, timeout: timeout}) when timeout > 10 * @unwatched, do: @unwatched
  defp patient(request), do: min(Request.left(request), @unwatched)

  @typedoc "What may come of a call that was sent; `:unwatched`: nothing has, for a while."
  @type message :: Beside.message() | {:unwatched, reference()}

  @doc "What becomes of a call that was sent to this worker, by the first that came of it."
  @spec came(message(), Request.t(), load(), pos_integer() | nil, pid()) :: Outcome.answer()
  def came({:unwatched, reply}, request, load, generation, pid) do
    send(pid, {:watch, reply, self(), nil})
    await_watched(reply, request, load, generation, pid)
  end

  def came({:down, reason}, request, load, _generation, _pid), do: down(reason, request, load)

  def came({kind, payload}, request, _load, generation, pid),
    do: Outcome.answered(kind, payload, request, generation, pid)

  def came({:result, payload, meta, buffers}, request, _load, generation, pid),
    do: Outcome.landed(payload, meta, buffers, request, generation, pid)

  def came(:moved, request, load, _generation, _pid), do: again(request, load)
  def came(:elsewhere, request, load, _generation, _pid), do: moved(request, load)

  # Who moves a call forgets whom it watched.
  defp await_watched(reply, request, load, generation, pid) do
    receive do
      {^reply, kind, payload} ->
        send(pid, {:unwatch, reply})
        came({kind, payload}, request, load, generation, pid)

      {^reply, :result, payload, meta, buffers} ->
        send(pid, {:unwatch, reply})
        came({:result, payload, meta, buffers}, request, load, generation, pid)

      {^reply, moved} ->
        came(moved, request, load, generation, pid)

      {:DOWN, ^reply, _, _, reason} ->
        down(reason, request, load)
    after
      Request.left(request) -> late(reply, request, load, generation, pid)
    end
  end

  # The deadline passed. An answer that came at this very moment still counts.
  defp late(reply, request, load, generation, pid) do
    :erlang.demonitor(reply, [:flush])
    send(pid, {:unwatch, reply})

    receive do
      {^reply, kind, payload} ->
        came({kind, payload}, request, load, generation, pid)

      {^reply, :result, payload, meta, buffers} ->
        came({:result, payload, meta, buffers}, request, load, generation, pid)

      {^reply, moved} when moved in [:moved, :elsewhere] ->
        Outcome.timeout(request)
    after
      0 ->
        send(pid, {:cancel, reply})
        Outcome.timeout(request)
    end
  end

  # An owner that ends in order has told everybody whose call it wrote: this call was not written.
  defp down(reason, request, load) when reason in [:noproc, :normal, :shutdown],
    do: again(request, load)

  defp down({:shutdown, _}, request, load), do: again(request, load)

  defp down(reason, request, _load), do: Outcome.lost(request, reason)

  defp again(%{owner: nil} = request, load) do
    if Request.left(request) == 0, do: Outcome.timeout(request), else: moved(request, load)
  end

  defp again(request, _load), do: Outcome.stale(request)

  defp moved(request, {size, tail, held, arguments}),
    do: once_more(request, {size, tail, Held.again(held, request.name), arguments})

  defp once_more(request, load), do: choose(%{request | fresh?: false}, load)
end
