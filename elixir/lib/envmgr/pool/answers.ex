defmodule Envmgr.Pool.Answers do
  # A worker's frame, taken apart: every payload goes to its caller as it is, in a message
  # `{reply, :result | :error | :chunk, payload}` or `{reply, :end}`, by way of the lane's reader where buffers belong to it.
  # The caller decodes.
  @moduledoc false

  alias Envmgr.Pool.{Flight, Lane, Output, Slot, Variables}
  alias Envmgr.Wire.Messages

  @type event ::
          {:hello, binary()}
          | {:refused, binary()}
          | :landing
          | {:settled, pos_integer()}
          | {:unclaimed, payload :: binary()}
          | {:aside, pos_integer(), reference() | nil}
          | {:callback, non_neg_integer(), non_neg_integer(), non_neg_integer(), binary()}
          | {:drop, [non_neg_integer()]}
          | {:returned, [pos_integer()]}
          | {:ping, non_neg_integer()}
          | {:report, non_neg_integer(), binary()}

  @doc """
  Delivers all messages of a frame. Returns the flight without the answered calls, and what the owner must see to,
  latest first; or why the frame breaks the protocol.
  """
  @spec deliver(binary(), Flight.t(), Slot.t(), Lane.t() | nil, atom(), keyword()) ::
          {:ok, Flight.t(), [event()]} | {:broken, String.t()}
  def deliver(frame, flight, slot, lane, table, labels),
    do: walk(frame, flight, {slot, lane, {table, labels}}, 0, [])

  defp walk(<<>>, flight, {slot, _lane, _names}, answered, events) do
    if answered > 0, do: Slot.answered(slot, answered)
    {:ok, flight, events}
  end

  defp walk(frame, flight, {slot, lane, {table, labels}} = fixed, answered, events) do
    case Messages.next(frame) do
      {{:error, 0, payload}, rest} ->
        walk(rest, flight, fixed, answered, [{:refused, payload} | events])

      {{kind, id, payload}, rest} when kind in [:result, :error] ->
        case Flight.answer(flight, id) do
          {:ok, nil, flight} ->
            events = unclaimed(kind, payload) ++ [{:settled, id} | events]
            walk(rest, flight, fixed, answered + 1, events)

          {:ok, reply, flight} ->
            answered = count(slot, rest, answered)
            send(reply, {reply, kind, payload})
            walk(rest, flight, fixed, answered, events)

          :unknown ->
            {:broken, "an answer to no open call (#{id})"}
        end

      {{:result, _id, _payload, [_ | _], _meta}, _rest} when lane == nil ->
        {:broken, "buffers without a lane"}

      {{:result, id, payload, sizes, meta}, rest} ->
        case Flight.answer(flight, id) do
          {:ok, reply, flight} ->
            answered = count(slot, rest, answered)
            unclaimed = if reply, do: [], else: unclaimed(:result, payload)

            events =
              land(lane, reply, payload, meta, sizes) ++ unclaimed ++ settled(reply, id) ++ events

            walk(rest, flight, fixed, answered, events)

          :unknown ->
            {:broken, "an answer to no open call (#{id})"}
        end

      {{:end, id}, rest} ->
        case Flight.answer(flight, id) do
          {:ok, reply, flight} ->
            if reply, do: send(reply, {reply, :end})
            walk(rest, flight, fixed, answered + 1, settled(reply, id) ++ events)

          :unknown ->
            {:broken, "the end of no open stream (#{id})"}
        end

      {{:chunk, id, payload}, rest} ->
        case Flight.reply(flight, id) do
          {:ok, reply} ->
            if reply, do: send(reply, {reply, :chunk, payload})
            walk(rest, Flight.occupy(flight, id, nil), fixed, answered, events)

          :unknown ->
            {:broken, "a chunk of no open stream (#{id})"}
        end

      {{:aside, id}, rest} ->
        case Flight.aside(flight, id) do
          {:ok, reply, flight} ->
            walk(rest, flight, fixed, answered, [{:aside, id, reply} | events])

          :unknown ->
            {:broken, "a call went aside that does not run (#{id})"}
        end

      {{:callback, id, _number, _key, _payload} = event, rest} ->
        walk(rest, Flight.occupy(flight, id, nil), fixed, answered, [event | events])

      {{:log, id, stream, text}, rest} ->
        Output.deliver({stream, text, nil, nil}, Flight.label(flight, id), labels)
        walk(rest, flight, fixed, answered, events)

      {{:log, id, stream, text, name, level}, rest} ->
        Output.deliver({stream, text, name, level}, Flight.label(flight, id), labels)
        walk(rest, flight, fixed, answered, events)

      # Before the call's answer: who has that finds the variables changed.
      {{:session, _id, session, payload}, rest} ->
        events =
          if Variables.deliver(table, session, payload),
            do: events,
            else: [{:unclaimed, payload} | events]

        walk(rest, flight, fixed, answered, events)

      {event, rest} ->
        walk(rest, flight, fixed, answered, [event | events])

      :malformed ->
        {:broken, "a message that cannot be read"}
    end
  end

  # Who has the one answer of a frame, and calls again at once, finds its worker free: its objects are there. Of many the owner
  # tells together.
  defp count(slot, <<>>, 0) do
    Slot.answered(slot, 1)
    0
  end

  defp count(_slot, _rest, answered), do: answered + 1

  # The refs in it are held by nobody.
  defp unclaimed(:result, payload), do: [{:unclaimed, payload}]
  defp unclaimed(:error, _payload), do: []

  defp land(_lane, nil, _payload, _meta, []), do: []

  defp land(_lane, reply, payload, meta, []) do
    send(reply, {reply, :result, payload, meta, {}})
    []
  end

  # Also without a caller: what is in the lane must be read.
  defp land(lane, reply, payload, meta, sizes) do
    send(lane.reader, {:land, reply || make_ref(), payload, meta, sizes})
    [:landing]
  end

  defp settled(nil, id), do: [{:settled, id}]
  defp settled(_reply, _id), do: []
end
