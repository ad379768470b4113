defmodule Envmgr.Calls.Exchange do
  # One call and its one answer: encode, choose a worker, send to its owner, wait, decode.
  @moduledoc false

  alias Envmgr.{Error, Pool, Wire}
  alias Envmgr.Calls.Request
  alias Envmgr.Pool.Route
  alias Envmgr.Values.{Decoder, Encoder, Failure, Locate, Refusal, Unread}
  alias Envmgr.Wire.Messages

  # Below this a copy is cheaper than a message full of pointers.
  @flatten 4_096
  @room_for_header 65_536

  @spec run(Request.t(), list(), [{String.t(), term()}]) :: {:ok, term()} | {:error, Error.t()}
  def run(request, args, kwargs) do
    case Encoder.arguments(args, kwargs, request.owner, lane: nil, into: request.into) do
      {:ok, payload, []} ->
        send_payload(request, payload)

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

  defp send_payload(request, payload) do
    size = IO.iodata_length(payload)

    if size > Wire.max_frame() - @room_for_header do
      error(request,
        code: :conversion,
        message: "the arguments take #{size} bytes, more than a frame may hold"
      )
    else
      tail = Messages.call_tail(request.target, request.flags, payload, size)
      tail = if size < @flatten, do: IO.iodata_to_binary(tail), else: tail
      choose(request, size, tail)
    end
  end

  defp choose(request, size, tail) do
    case Route.lookup(request.name, request.environment) do
      {generation, workers, _pool} ->
        attempt(request, size, tail, generation, pick(workers, request.owner))

      nil ->
        gone(request)
    end
  rescue
    ArgumentError -> gone(request)
  end

  defp pick(workers, nil), do: Route.pick(workers)
  defp pick(workers, owner), do: Route.pinned(workers, owner)

  defp attempt(%{owner: nil} = request, size, tail, _generation, nil) do
    case Pool.await_worker(request.name, request.environment, Request.left(request)) do
      :ok ->
        choose(request, size, tail)

      :timeout ->
        timeout(request)

      {:error, error} ->
        {:error, %{error | path: request.path, library: error.library || request.library}}
    end
  end

  defp attempt(request, _size, _tail, _generation, nil), do: stale(request)

  defp attempt(request, size, tail, generation, {pid, _slot}) do
    reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
    send(pid, {:call, reply, request.deadline, request.library, size, tail})

    receive do
      {^reply, kind, payload} -> answered(kind, payload, request, generation, pid)
      {^reply, :moved} -> again(request, size, tail)
      {^reply, :elsewhere} -> choose(request, size, tail)
      {:DOWN, ^reply, _, _, reason} -> down(reason, request, size, tail)
    after
      Request.left(request) -> late(reply, request, generation, pid)
    end
  end

  # The deadline passed. An answer that came at this very moment still counts.
  defp late(reply, request, generation, pid) do
    :erlang.demonitor(reply, [:flush])

    receive do
      {^reply, kind, payload} -> answered(kind, payload, request, generation, pid)
      {^reply, moved} when moved in [:moved, :elsewhere] -> timeout(request)
    after
      0 ->
        send(pid, {:timeout, reply})
        timeout(request)
    end
  end

  defp answered(:result, payload, request, generation, pid) do
    payload = own(payload)
    home = home(request, generation, pid)

    case Decoder.decode(payload, home, {}, request.decode) do
      {:ok, value} ->
        {:ok, value}

      {:error, reason} ->
        {place, reason} = Unread.answer(payload, home, {}, request.decode, reason)

        error(request,
          code: :conversion,
          message: "the answer cannot be read: #{place}: #{reason}",
          details: %{path: place}
        )
    end
  end

  defp answered(:error, payload, request, generation, pid) do
    case Decoder.decode(own(payload), home(request, generation, pid)) do
      {:ok, %{} = failure} -> {:error, Failure.error(failure, labels(request, generation))}
      _malformed -> error(request, code: :conversion, message: "the error cannot be read")
    end
  end

  defp answered(:lost, why, request, generation, _pid) do
    hint = "the call may have run; repeat it only if that does no harm"
    error(request, code: :worker_lost, message: why, hint: hint, generation: generation)
  end

  # An owner that ends in order has told everybody whose call it wrote: this call was not written.
  defp down(reason, request, size, tail) when reason in [:noproc, :normal, :shutdown],
    do: again(request, size, tail)

  defp down({:shutdown, _}, request, size, tail), do: again(request, size, tail)

  defp down(reason, request, _size, _tail) do
    error(request,
      code: :worker_lost,
      message: "the worker's owner crashed: #{inspect(reason, limit: 5)}"
    )
  end

  defp again(%{owner: nil} = request, size, tail) do
    if Request.left(request) == 0, do: timeout(request), else: choose(request, size, tail)
  end

  defp again(request, _size, _tail), do: stale(request)

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
      name: request.name
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
    error(request,
      code: :stale_ref,
      message: "the object's worker is gone, and the object with it",
      hint: "make the object again"
    )
  end

  defp gone(request) do
    error(request,
      code: :not_ready,
      message: "the pool of environment #{request.environment} is not running"
    )
  end

  defp error(request, fields) do
    {:error, struct!(struct!(Error, labels(request, nil)), fields)}
  end

  defp labels(request, generation) do
    [
      path: request.path,
      library: request.library,
      environment: request.environment,
      generation: generation
    ]
  end
end
