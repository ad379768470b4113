defmodule Envmgr.Pool.Outbox do
  # What waits to be written to a worker: calls, and messages about calls. Pure; the owner writes.
  @moduledoc false

  alias Envmgr.Pool.Flight
  alias Envmgr.Wire.Messages

  @frame_calls 64
  @frame_bytes 1_048_576
  @ids 0xFFFFFFFF

  defstruct calls: :queue.new(), control: [], next: 1

  @type call ::
          {:call, reply :: reference(), Flight.deadline(), library :: String.t(),
           size :: non_neg_integer(), tail :: tail()}
  @typedoc "What follows a call's id, perhaps with the buffers that the worker has already got for it."
  @type tail ::
          iodata() | {:lane, iodata(), first_key :: pos_integer(), count :: pos_integer()}
  @type t :: %__MODULE__{calls: :queue.queue(call()), control: iodata(), next: pos_integer()}

  @spec push(t(), call()) :: t()
  def push(outbox, call), do: %{outbox | calls: :queue.in(call, outbox.calls)}

  @doc "A message that no window holds back."
  @spec control(t(), iodata()) :: t()
  def control(outbox, message), do: %{outbox | control: [outbox.control | message]}

  @doc "An id that no open call has."
  @spec next_id(t()) :: {pos_integer(), t()}
  def next_id(%{next: id} = outbox), do: {id, %{outbox | next: following(id)}}

  @doc "Takes a call out again, by its reply; nil when it is not here. The worker is told to forget the call's buffers."
  @spec drop(t(), reference()) :: t() | nil
  def drop(outbox, reply) do
    case :queue.filter(&(elem(&1, 1) == reply), outbox.calls) |> :queue.peek() do
      {:value, call} ->
        forget(%{outbox | calls: :queue.filter(&(elem(&1, 1) != reply), outbox.calls)}, call)

      :empty ->
        nil
    end
  end

  @doc "Takes all calls out; the worker is told to forget their buffers."
  @spec empty(t()) :: t()
  def empty(outbox) do
    Enum.reduce(calls(outbox), %{outbox | calls: :queue.new()}, &forget(&2, &1))
  end

  defp forget(outbox, {:call, _, _, _, _, {:lane, _tail, key, count}}),
    do: control(outbox, Messages.forget(key, count))

  defp forget(outbox, _call), do: outbox

  @doc "The next frame, of at most `room` calls, and what is left and in flight once it is written."
  @spec frame(t(), Flight.t(), integer()) :: {iodata(), t(), Flight.t()} | :empty
  def frame(outbox, flight, room) do
    case fill(
           outbox.calls,
           outbox.next,
           flight,
           min(room, @frame_calls),
           @frame_bytes,
           outbox.control
         ) do
      {[], _calls, _next, _flight} ->
        :empty

      {data, calls, next, flight} ->
        {data, %{outbox | calls: calls, next: next, control: []}, flight}
    end
  end

  @spec calls(t()) :: [call()]
  def calls(outbox), do: :queue.to_list(outbox.calls)

  defp fill(calls, id, flight, room, bytes, data) when room > 0 and bytes > 0 do
    case :queue.out(calls) do
      {{:value, {:call, reply, deadline, library, size, tail}}, calls} ->
        flight = Flight.add(flight, {id, reply, deadline, library})

        fill(calls, following(id), flight, room - 1, bytes - size, [
          data | Messages.call(id, tail)
        ])

      {:empty, calls} ->
        {data, calls, id, flight}
    end
  end

  defp fill(calls, id, flight, _room, _bytes, data), do: {data, calls, id, flight}

  defp following(@ids), do: 1
  defp following(id), do: id + 1
end
