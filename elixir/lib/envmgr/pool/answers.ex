defmodule Envmgr.Pool.Answers do
  # A worker's frame, taken apart: every payload goes to its caller as it is, in a message
  # `{reply, :result | :error, payload}`, by way of the lane's reader where buffers belong to it. The caller decodes.
  @moduledoc false

  require Logger

  alias Envmgr.Pool.{Flight, Lane, Slot}
  alias Envmgr.Wire.Messages

  @type event ::
          {:hello, binary()}
          | {:refused, binary()}
          | :landing
          | {:ping, non_neg_integer()}
          | {:report, non_neg_integer(), binary()}

  @doc """
  Delivers all messages of a frame. Returns the flight without the answered calls, and what the owner must see to,
  latest first; or why the frame breaks the protocol.
  """
  @spec deliver(binary(), Flight.t(), Slot.t(), Lane.t() | nil, keyword()) ::
          {:ok, Flight.t(), [event()]} | {:broken, String.t()}
  def deliver(frame, flight, slot, lane, labels),
    do: walk(frame, flight, {slot, lane, labels}, 0, [])

  defp walk(<<>>, flight, {slot, _lane, _labels}, answered, events) do
    if answered > 0, do: Slot.answered(slot, answered)
    {:ok, flight, events}
  end

  defp walk(frame, flight, {_slot, lane, labels} = fixed, answered, events) do
    case Messages.next(frame) do
      {{:error, 0, payload}, rest} ->
        walk(rest, flight, fixed, answered, [{:refused, payload} | events])

      {{kind, id, payload}, rest} when kind in [:result, :error] ->
        case Flight.answer(flight, id) do
          {:ok, reply, removed, flight} ->
            if reply, do: send(reply, {reply, kind, payload})
            walk(rest, flight, fixed, answered + removed, events)

          :unknown ->
            {:broken, "an answer to no open call (#{id})"}
        end

      {{:result, _id, _payload, [_ | _], _meta}, _rest} when lane == nil ->
        {:broken, "buffers without a lane"}

      {{:result, id, payload, sizes, meta}, rest} ->
        case Flight.answer(flight, id) do
          {:ok, reply, removed, flight} ->
            events = land(lane, reply, payload, meta, sizes) ++ events
            walk(rest, flight, fixed, answered + removed, events)

          :unknown ->
            {:broken, "an answer to no open call (#{id})"}
        end

      {{:log, id, stream, text}, rest} ->
        log(stream, text, [library: Flight.library(flight, id)] ++ labels)
        walk(rest, flight, fixed, answered, events)

      {event, rest} ->
        walk(rest, flight, fixed, answered, [event | events])

      :malformed ->
        {:broken, "a message that cannot be read"}
    end
  end

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

  defp log(stream, text, labels) do
    Logger.log(
      if(stream == 1, do: :info, else: :warning),
      fn -> String.trim_trailing(text) end,
      labels
    )
  end
end
