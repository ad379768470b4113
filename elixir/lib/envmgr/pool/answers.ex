defmodule Envmgr.Pool.Answers do
  # A worker's frame, taken apart: every payload goes to its caller as it is, in a message
  # `{reply, :result | :error, payload}`. The caller decodes.
  @moduledoc false

  require Logger

  alias Envmgr.Pool.{Flight, Slot}
  alias Envmgr.Wire.Messages

  @type event ::
          {:hello, binary()}
          | {:refused, binary()}
          | {:pong, non_neg_integer()}
          | {:ping, non_neg_integer()}

  @doc """
  Delivers all messages of a frame. Returns the flight without the answered calls, and what the owner must see to,
  latest first; or why the frame breaks the protocol.
  """
  @spec deliver(binary(), Flight.t(), Slot.t(), keyword()) ::
          {:ok, Flight.t(), [event()]} | {:broken, String.t()}
  def deliver(frame, flight, slot, labels), do: walk(frame, flight, slot, labels, 0, [])

  defp walk(<<>>, flight, slot, _labels, answered, events) do
    if answered > 0, do: Slot.answered(slot, answered)
    {:ok, flight, events}
  end

  defp walk(frame, flight, slot, labels, answered, events) do
    case Messages.next(frame) do
      {{:error, 0, payload}, rest} ->
        walk(rest, flight, slot, labels, answered, [{:refused, payload} | events])

      {{kind, id, payload}, rest} ->
        case Flight.answer(flight, id) do
          {:ok, reply, removed, flight} ->
            if reply, do: send(reply, {reply, kind, payload})
            walk(rest, flight, slot, labels, answered + removed, events)

          :unknown ->
            {:broken, "an answer to no open call (#{id})"}
        end

      {{:log, id, stream, text}, rest} ->
        log(stream, text, [library: Flight.library(flight, id)] ++ labels)
        walk(rest, flight, slot, labels, answered, events)

      {event, rest} ->
        walk(rest, flight, slot, labels, answered, [event | events])

      :malformed ->
        {:broken, "a message that cannot be read"}
    end
  end

  defp log(stream, text, labels) do
    Logger.log(
      if(stream == 1, do: :info, else: :warning),
      fn -> String.trim_trailing(text) end,
      labels
    )
  end
end
