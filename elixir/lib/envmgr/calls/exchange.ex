defmodule Envmgr.Calls.Exchange do
  # One call and its one answer: encode, choose a worker, send to its owner, wait, decode.
  #
  # What is sent is a load `{size, tail, held, arguments}`: a call's message without its id, what goes with it (`[]` or
  # `Held`), and what both were made of, for a worker that has no second lane.
  @moduledoc false

  require Logger

  alias Envmgr.{Error, Pool, Wire}
  alias Envmgr.Calls.{Beside, Correlation, Held, Holders, Request, Stale, Trace}
  alias Envmgr.Pool.{Lane, Route, Slot}
  alias Envmgr.Values.{Decoder, Encoder, Failure, Locate, Refusal, Unread}
  alias Envmgr.Wire.Messages

  # Below this a copy is cheaper than a message full of pointers.
  @flatten 4_096
  @room_for_header 65_536
  @patience 500
  # A call that takes longer, ms, is ended with its caller. Short ones would pay for it.
  @unwatched 50

  @doc "For a chain `kwargs` is `:chain`, and `args` the `{args, kwargs}` of its steps."
  @spec run(Request.t(), list(), [{String.t(), term()}] | :chain) ::
          {:ok, term()} | {:ok, term(), map()} | {:error, Error.t()}
  def run(request, args, kwargs) do
    request = Trace.mark(request, :check)

    case Encoder.arguments(args, kwargs, request.owner, lane: request.lane, into: request.into) do
      {:ok, payload, []} ->
        request |> Trace.mark(:encode) |> send_payload(payload, [], {args, kwargs})

      {:ok, payload, held} ->
        held = Held.new(held, request.holder)
        answer = request |> Trace.mark(:encode) |> send_payload(payload, held, {args, kwargs})

        # Python had them not, or may not use them: the call was taken back, or its worker is gone.
        with {:error, %{code: code}} when code != :exception <- answer,
             do: Held.take_back(held, request.name)

        answer

      {:ref, owner} ->
        run(%{request | owner: owner}, args, kwargs)

      {:error, refusal} ->
        {place, refusal} = Locate.arguments(args, kwargs, request.owner, request.into, refusal)

        error(request,
          code: :conversion,
          message: "#{place}: #{Refusal.text(refusal)}",
          hint: refusal.hint,
          details: %{path: place, elixir: refusal.elixir, python: refusal.python}
        )
    end
  end

  defp send_payload(request, payload, held, arguments) do
    size = IO.iodata_length(payload)

    if size > Wire.max_frame() - @room_for_header do
      error(request,
        code: :conversion,
        message: "the arguments take #{size} bytes, more than a frame may hold"
      )
    else
      tail = Messages.call_tail(request.target, request.flags, payload, size)
      tail = if size < @flatten, do: IO.iodata_to_binary(tail), else: tail
      tail = if request.context, do: {:context, tail, request.context}, else: tail
      choose(request, {size, tail, held, arguments})
    end
  end

  defp choose(request, load) do
    case Route.lookup(request.name, request.environment) do
      {generation, workers, _pool} ->
        attempt(request, load, generation, pick(workers, request.owner))

      nil ->
        gone(request)
    end
  rescue
    ArgumentError -> gone(request)
  end

  defp pick(workers, nil), do: Route.pick(workers)
  defp pick(workers, owner), do: Route.pinned(workers, owner)

  defp attempt(%{owner: nil} = request, load, _generation, nil) do
    case Pool.await_worker(request.name, request.environment, patience(request)) do
      :ok ->
        choose(request, load)

      :timeout ->
        case {Beside.wanted(request), Request.left(request)} do
          {:wanted, 0} -> timeout(request)
          {:wanted, _left} -> choose(request, load)
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

  defp attempt(request, _load, _generation, nil), do: stale(request)

  defp attempt(%{beside: nil} = request, {size, tail, [], _} = load, generation, {pid, _slot}) do
    reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
    send(pid, {:call, reply, request.deadline, request.label, size, tail})
    await(reply, request, load, generation, pid)
  end

  defp attempt(request, {size, tail, held, {args, kwargs}} = load, generation, {pid, slot}) do
    case route(held, request.name, pid) do
      {nil, _buffers} ->
        Slot.give_back(slot, 1)
        Held.take_back(held, request.name)
        run(%{request | lane: nil}, args, kwargs)

      {process, buffers} ->
        reply = Beside.open(request, pid)
        if held != [], do: Held.lend(held, request.name, pid, reply)
        call = {reply, owner_deadline(request), request.label, size, tail}

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
  defp owner_deadline(request), do: request.deadline

  # Whoever waits for a worker to start hears of a cancellation in between.
  defp patience(%{beside: nil} = request), do: Request.left(request)
  defp patience(request), do: min(Request.left(request), @patience)

  defp await_beside(reply, request, load, generation, pid) do
    case Beside.await(request, reply, pid, Request.left(request)) do
      {:got, {:result, payload, meta, buffers}} ->
        landed(payload, meta, buffers, request, generation, pid)

      {:got, {:down, reason}} ->
        down(reason, request, load)

      {:got, {kind, payload}} ->
        answered(kind, payload, request, generation, pid)

      {:got, :moved} ->
        again(request, load)

      {:got, :elsewhere} ->
        choose(request, load)

      {:got, :aside} ->
        {:ok, %{reply: reply, owner: pid, generation: generation, request: request}}

      {:got, :end} ->
        {:ok, :end}

      :late ->
        timeout(request)

      unwanted ->
        ended(unwanted, request)
    end
  end

  @doc "The items of a chunk of a stream."
  @spec chunk(binary(), map()) :: {:ok, list()} | {:error, Error.t()}
  def chunk(payload, %{request: request, generation: generation, owner: owner}) do
    case decode(payload, {}, %{}, %{request | metadata: false, trace: nil}, generation, owner) do
      {:ok, items} when is_list(items) -> {:ok, items}
      {:ok, _other} -> error(request, code: :conversion, message: "a chunk that is no list")
      {:error, error} -> {:error, error}
    end
  end

  @doc "Why a stream that was open has no further chunk."
  @spec broken(Beside.message() | :late, map()) :: Error.t()
  def broken(message, %{request: request, generation: generation, owner: owner}) do
    {:error, error} =
      case message do
        {:down, reason} ->
          lost(request, reason)

        {kind, payload} when kind in [:error, :lost] ->
          answered(kind, payload, request, generation, owner)

        :late ->
          timeout(request)

        _other ->
          error(request, code: :worker_lost, message: "the worker broke the protocol")
      end

    error
  end

  # The caller of an asynchronous call has ended: nobody is there to be told.
  defp ended(:left, _request), do: exit(:normal)

  defp ended(:cancelled, request),
    do: error(request, code: :cancelled, message: "the call was cancelled")

  defp await(reply, request, load, generation, pid) do
    receive do
      {^reply, kind, payload} ->
        answered(kind, payload, request, generation, pid)

      {^reply, :result, payload, meta, buffers} ->
        landed(payload, meta, buffers, request, generation, pid)

      {^reply, :moved} ->
        again(request, load)

      {^reply, :elsewhere} ->
        choose(request, load)

      {:DOWN, ^reply, _, _, reason} ->
        down(reason, request, load)
    after
      min(Request.left(request), @unwatched) ->
        send(pid, {:watch, reply, self(), nil})
        await_watched(reply, request, load, generation, pid)
    end
  end

  # Who moves a call forgets whom it watched.
  defp await_watched(reply, request, load, generation, pid) do
    receive do
      {^reply, kind, payload} ->
        send(pid, {:unwatch, reply})
        answered(kind, payload, request, generation, pid)

      {^reply, :result, payload, meta, buffers} ->
        send(pid, {:unwatch, reply})
        landed(payload, meta, buffers, request, generation, pid)

      {^reply, :moved} ->
        again(request, load)

      {^reply, :elsewhere} ->
        choose(request, load)

      {:DOWN, ^reply, _, _, reason} ->
        down(reason, request, load)
    after
      Request.left(request) -> late(reply, request, generation, pid)
    end
  end

  # The deadline passed. An answer that came at this very moment still counts.
  defp late(reply, request, generation, pid) do
    :erlang.demonitor(reply, [:flush])
    send(pid, {:unwatch, reply})

    receive do
      {^reply, kind, payload} ->
        answered(kind, payload, request, generation, pid)

      {^reply, :result, payload, meta, buffers} ->
        landed(payload, meta, buffers, request, generation, pid)

      {^reply, moved} when moved in [:moved, :elsewhere] ->
        timeout(request)
    after
      0 ->
        send(pid, {:cancel, reply})
        timeout(request)
    end
  end

  defp answered(:result, payload, request, generation, pid),
    do: decode(payload, {}, %{}, request, generation, pid)

  defp answered(:error, payload, request, generation, pid) do
    case Decoder.decode(own(payload), home(request, generation, pid)) do
      {:ok, %{} = failure} -> {:error, failed(failure, request, generation, pid)}
      _malformed -> error(request, code: :conversion, message: "the error cannot be read")
    end
  end

  defp answered(:lost, [_ | _] = fields, request, generation, _pid),
    do: error(request, [{:generation, generation} | fields])

  defp answered(:lost, why, request, generation, _pid) do
    hint = "the call may have run; repeat it only if that does no harm"
    error(request, code: :worker_lost, message: why, hint: hint, generation: generation)
  end

  defp failed(failure, request, generation, pid) do
    case Failure.error(failure, labels(request, generation)) do
      %Error{code: :stale_ref} = error -> Stale.known(error, request, pid)
      %Error{} = error when request.trace == nil -> error
      error -> told(error, failure, Trace.mark(request, :transport), generation)
    end
  end

  defp told(error, failure, request, generation) do
    trace = Trace.finish(request, python(failure), labels(request, generation))
    %{error | details: Map.put(error.details, :trace, trace)}
  end

  defp python(%{"trace" => %{} = trace}), do: trace
  defp python(_meta), do: %{}

  # An answer that is more than a payload.
  defp landed(payload, meta, buffers, request, generation, pid) do
    meta =
      case Decoder.decode(meta) do
        {:ok, %{} = meta} -> meta
        _none -> %{}
      end

    for warning <- warnings(meta), do: Logger.warning("envmgr: #{request.path}: #{warning}")

    decode(payload, buffers, meta, request, generation, pid)
  end

  defp warnings(%{"warnings" => warnings}) when is_list(warnings), do: warnings
  defp warnings(_meta), do: []

  defp decode(payload, buffers, meta, request, generation, pid) do
    request = Trace.mark(request, :transport)
    payload = own(payload)
    home = home(request, generation, pid)

    case Decoder.decode(payload, home, buffers, request.decode) do
      {:ok, value} when request.metadata ->
        {:ok, value, metadata(payload, buffers, meta, request, generation)}

      {:ok, value} when request.trace == nil ->
        {:ok, value}

      {:ok, value} ->
        metadata(payload, buffers, meta, request, generation)
        {:ok, value}

      {:error, reason} ->
        {place, reason} = Unread.answer(payload, home, buffers, request.decode, reason)

        error(request,
          code: :conversion,
          message: "the answer cannot be read: #{place}: #{reason}",
          details: %{path: place}
        )
    end
  end

  defp metadata(payload, buffers, meta, request, generation) do
    sizes = buffers |> Tuple.to_list() |> Enum.map(&byte_size/1)

    %{
      warnings: warnings(meta),
      bytes: byte_size(payload) + Enum.sum(sizes),
      library: request.library,
      environment: request.environment,
      generation: generation
    }
    |> traced(meta, Trace.mark(request, :decode), generation)
  end

  defp traced(metadata, _meta, %{trace: nil}, _generation), do: metadata

  defp traced(metadata, meta, request, generation) do
    trace = Trace.finish(request, python(meta), labels(request, generation))
    Map.merge(metadata, %{trace: trace, correlation: request.correlation})
  end

  # An owner that ends in order has told everybody whose call it wrote: this call was not written.
  defp down(reason, request, load) when reason in [:noproc, :normal, :shutdown],
    do: again(request, load)

  defp down({:shutdown, _}, request, load), do: again(request, load)

  defp down(reason, request, _load), do: lost(request, reason)

  defp lost(request, reason) do
    error(request,
      code: :worker_lost,
      message: "the worker's owner crashed: #{inspect(reason, limit: 5)}"
    )
  end

  defp again(%{owner: nil} = request, load) do
    if Request.left(request) == 0, do: timeout(request), else: choose(request, load)
  end

  defp again(request, _load), do: stale(request)

  # A payload is a slice of its frame; a large frame must not live on in a small value. Slices below 64 bytes are
  # copied while they are decoded.
  defp own(payload) when byte_size(payload) <= 64, do: payload

  defp own(payload) do
    if :binary.referenced_byte_size(payload) > 4 * byte_size(payload),
      do: :binary.copy(payload),
      else: payload
  end

  defp home(request, generation, pid) do
    %{
      owner: pid,
      library: request.library,
      generation: generation,
      environment: request.environment,
      name: request.name,
      holder: request.holder
    }
  end

  defp timeout(request) do
    error(request,
      code: :timeout,
      message: "no answer within #{request.timeout} ms",
      hint: "a longer deadline: the option timeout of the call, or timeout in envmgr.toml"
    )
  end

  defp stale(request) do
    error(request, request.name |> Holders.fate(request.owner, nil) |> Stale.fields())
  end

  defp gone(request) do
    error(request,
      code: :not_ready,
      message: "the pool of environment #{request.environment} is not running"
    )
  end

  defp error(request, fields) do
    {:error, Error |> struct!(labels(request, nil)) |> struct!(fields) |> Error.classified()}
  end

  defp labels(request, generation) do
    [
      path: request.path,
      library: request.library,
      environment: request.environment,
      generation: generation,
      correlation: Correlation.of(request.correlation)
    ]
  end
end
