defmodule Envmgr.Pool.Outbox do
  # What waits to be written to a worker: calls, and messages about calls. Pure; the owner writes.
  #
  # Of calls that wait, those of priority high leave first, and those of priority low when no other waits. Within a priority
  # callers take turns.
  @moduledoc false

  alias Envmgr.Pool.{Fair, Flight}
  alias Envmgr.Wire.Messages

  @frame_calls 64
  @frame_bytes 1_048_576
  @ids 0xFFFFFFFF
  @none Fair.new()

  defstruct calls: @none, high: @none, low: @none, control: [], next: 1

  @type call ::
          {:call, reply :: reference(), Flight.deadline(), Flight.label(),
           size :: non_neg_integer(), tail :: tail()}
  @typedoc "What follows a call's id, perhaps with the buffers that the worker has already got for it."
  @type tail ::
          iodata() | {:lane, iodata(), first_key :: pos_integer(), count :: pos_integer()}
  @type t :: %__MODULE__{
          calls: Fair.t(call()),
          high: Fair.t(call()),
          low: Fair.t(call()),
          control: iodata(),
          next: pos_integer()
        }

  @spec push(t(), call()) :: t()
  def push(outbox, {:call, _, _, label, _, _} = call) when is_tuple(label) do
    queue = queue(elem(label, 0))
    %{outbox | queue => outbox |> Map.fetch!(queue) |> Fair.push(call, Flight.caller(label))}
  end

  def push(outbox, call), do: %{outbox | calls: Fair.push(outbox.calls, call, nil)}

  defp queue(:normal), do: :calls
  defp queue(priority), do: priority

  @doc "A message that no window holds back."
  @spec control(t(), iodata()) :: t()
  def control(outbox, message), do: %{outbox | control: [outbox.control | message]}

  @doc "An id that no open call has."
  @spec next_id(t()) :: {pos_integer(), t()}
  def next_id(%{next: id} = outbox), do: {id, %{outbox | next: following(id)}}

  @doc "Whether all calls that wait are of normal priority."
  @spec plain?(t()) :: boolean()
  def plain?(%{high: {0, _, _}, low: {0, _, _}}), do: true
  def plain?(_outbox), do: false

  @doc "How many calls of priority high and low wait."
  @spec waiting(t()) :: {high :: non_neg_integer(), low :: non_neg_integer()}
  def waiting(outbox), do: {Fair.size(outbox.high), Fair.size(outbox.low)}

  @doc "How many calls wait."
  @spec size(t()) :: non_neg_integer()
  def size(outbox), do: Fair.size(outbox.high) + Fair.size(outbox.calls) + Fair.size(outbox.low)

  @doc "Takes a call out again, by its reply; nil when it is not here. The worker is told to forget the call's buffers."
  @spec drop(t(), reference()) :: t() | nil
  def drop(outbox, reply) do
    Enum.find_value([:calls, :high, :low], fn priority ->
      with {call, queue} <- outbox |> Map.fetch!(priority) |> Fair.take(&(elem(&1, 1) == reply)),
           do: forget(Map.put(outbox, priority, queue), call)
    end)
  end

  @doc "Takes out at most `most` calls that any worker may run, those first that would leave first."
  @spec movable(t(), pos_integer() | :infinity) :: {[call()], t()}
  def movable(outbox, most) do
    {moved, kept} = outbox |> calls() |> Enum.split_with(&(not Flight.pinned?(elem(&1, 3))))
    {moved, rest} = if most == :infinity, do: {moved, []}, else: Enum.split(moved, most)
    empty = Enum.reduce(moved, %{outbox | calls: @none, high: @none, low: @none}, &forget(&2, &1))
    {moved, Enum.reduce(kept ++ rest, empty, &push(&2, &1))}
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
  def frame(%{high: {0, _, _}, low: {0, _, _}} = outbox, flight, room) do
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

  @doc "How many calls leave next, at most `room`, up to the first of which this holds."
  @spec reach(t(), integer(), (Flight.label() -> boolean())) :: integer()
  def reach(outbox, room, last?),
    do: reach([outbox.high, outbox.calls, outbox.low], room, 0, last?)

  defp reach([queue | rest] = queues, room, count, last?) when count < room do
    case Fair.pop(queue) do
      {{:call, _, _, label, _, _}, queue} ->
        if last?.(label), do: count + 1, else: reach([queue | rest], room, count + 1, last?)

      :empty ->
        reach(tl(queues), room, count, last?)
    end
  end

  defp reach(_queues, _room, count, _last?), do: count

  defp fill(calls, id, flight, room, bytes, data) when room > 0 and bytes > 0 do
    case Fair.pop(calls) do
      {{:call, reply, deadline, label, size, tail}, calls} ->
        flight = Flight.add(flight, {id, reply, deadline, label})

        fill(calls, following(id), flight, room - 1, bytes - size, [
          data | Messages.call(id, tail)
        ])

      :empty ->
        {data, calls, id, flight, room, bytes}
    end
  end

  defp fill(calls, id, flight, room, bytes, data), do: {data, calls, id, flight, room, bytes}

  @spec calls(t()) :: [call()]
  def calls(outbox), do: Enum.flat_map([outbox.high, outbox.calls, outbox.low], &Fair.to_list/1)

  defp following(@ids), do: 1
  defp following(id), do: id + 1
end
