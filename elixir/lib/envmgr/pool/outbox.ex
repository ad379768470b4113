defmodule Envmgr.Pool.Outbox do
  # What waits to be written to a worker: calls, and messages about calls. Pure; the owner writes.
  #
  # Of calls that wait, those of priority high leave first, and those of priority low when no other waits.
  @moduledoc false

  alias Envmgr.Pool.Flight
  alias Envmgr.Wire.Messages

  @frame_calls 64
  @frame_bytes 1_048_576
  @ids 0xFFFFFFFF
  @none {[], []}

  defstruct calls: @none, high: @none, low: @none, control: [], next: 1

  @type call ::
          {:call, reply :: reference(), Flight.deadline(), Flight.label(),
           size :: non_neg_integer(), tail :: tail()}
  @typedoc "What follows a call's id, perhaps with the buffers that the worker has already got for it."
  @type tail ::
          iodata() | {:lane, iodata(), first_key :: pos_integer(), count :: pos_integer()}
  @type t :: %__MODULE__{
          calls: :queue.queue(call()),
          high: :queue.queue(call()),
          low: :queue.queue(call()),
          control: iodata(),
          next: pos_integer()
        }

  @spec push(t(), call()) :: t()
  def push(outbox, {:call, _, _, label, _, _} = call) when elem(label, 0) == :high,
    do: %{outbox | high: :queue.in(call, outbox.high)}

  def push(outbox, {:call, _, _, label, _, _} = call) when elem(label, 0) == :low,
    do: %{outbox | low: :queue.in(call, outbox.low)}

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
    Enum.find_value([:calls, :high, :low], fn priority ->
      queue = Map.fetch!(outbox, priority)

      case :queue.filter(&(elem(&1, 1) == reply), queue) |> :queue.peek() do
        {:value, call} ->
          queue = :queue.filter(&(elem(&1, 1) != reply), queue)
          forget(Map.put(outbox, priority, queue), call)

        :empty ->
          nil
      end
    end)
  end

  @doc "Takes all calls out; the worker is told to forget their buffers."
  @spec empty(t()) :: t()
  def empty(outbox) do
    Enum.reduce(
      calls(outbox),
      %{outbox | calls: @none, high: @none, low: @none},
      &forget(&2, &1)
    )
  end

  defp forget(outbox, {:call, _, _, _, _, {:lane, _tail, key, count}}),
    do: control(outbox, Messages.forget(key, count))

  defp forget(outbox, _call), do: outbox

  @doc "The next frame, of at most `room` calls, and what is left and in flight once it is written."
  @spec frame(t(), Flight.t(), integer()) :: {iodata(), t(), Flight.t()} | :empty
  def frame(%{high: @none, low: @none} = outbox, flight, room) do
    room = min(room, @frame_calls)

    case fill(outbox.calls, outbox.next, flight, room, @frame_bytes, outbox.control) do
      {[], _calls, _next, _flight, _room, _bytes} ->
        :empty

      {data, calls, next, flight, _room, _bytes} ->
        {data, %{outbox | calls: calls, next: next, control: []}, flight}
    end
  end

  def frame(%{high: high, calls: calls, low: low, next: next} = outbox, flight, room) do
    room = min(room, @frame_calls)

    {data, high, next, flight, room, bytes} =
      fill(high, next, flight, room, @frame_bytes, outbox.control)

    {data, calls, next, flight, room, bytes} = fill(calls, next, flight, room, bytes, data)
    {data, low, next, flight, _room, _bytes} = fill(low, next, flight, room, bytes, data)

    if data == [],
      do: :empty,
      else:
        {data, %{outbox | high: high, calls: calls, low: low, next: next, control: []}, flight}
  end

  defp fill(calls, id, flight, room, bytes, data) when room > 0 and bytes > 0 do
    case :queue.out(calls) do
      {{:value, {:call, reply, deadline, label, size, tail}}, calls} ->
        flight = Flight.add(flight, {id, reply, deadline, label})

        fill(calls, following(id), flight, room - 1, bytes - size, [
          data | Messages.call(id, tail)
        ])

      {:empty, calls} ->
        {data, calls, id, flight, room, bytes}
    end
  end

  defp fill(calls, id, flight, room, bytes, data), do: {data, calls, id, flight, room, bytes}

  @spec calls(t()) :: [call()]
  def calls(outbox), do: Enum.flat_map([outbox.high, outbox.calls, outbox.low], &:queue.to_list/1)

  defp following(@ids), do: 1
  defp following(id), do: id + 1
end
