defmodule Envmgr.Pool.Cancelled do
  # The written calls that nobody waits for any more, until the worker says how each ended. Pure.
  #
  # A worker that does not end one within the grace period is killed, but never for what another call does: while the main
  # thread is at work for somebody else, the clock of a cancelled call starts again.
  @moduledoc false

  alias Envmgr.Pool.Flight

  @typedoc "The turn of what stood before each when its clock started, and whether that has changed once."
  @type t :: %{pos_integer() => {before :: pos_integer() | nil, moved? :: boolean()}}

  @spec add(t(), Flight.t(), pos_integer()) :: t()
  def add(cancelled, flight, id) do
    cancelled = Map.put(cancelled, id, {nil, false})
    %{cancelled | id => {before(cancelled, flight, id), false}}
  end

  @doc "The grace period is over: whether the worker has had it, or begins another."
  @spec expire(t(), Flight.t(), pos_integer()) :: :over | {:again, t()} | :settled
  def expire(cancelled, flight, id) do
    case cancelled do
      %{^id => {before, moved?}} ->
        expire(
          cancelled,
          id,
          before,
          before(cancelled, flight, id),
          moved? and aside?(flight, id)
        )

      _gone ->
        :settled
    end
  end

  defp expire(_cancelled, _id, nil, nil, _moved?), do: :over
  defp expire(_cancelled, _id, before, now, true) when before != now, do: :over

  defp expire(cancelled, id, before, now, moved?),
    do: {:again, %{cancelled | id => {now, moved? or before != now}}}

  @doc "Whether a signal can help: one of them runs, or may."
  @spec running?(t(), Flight.t()) :: boolean()
  def running?(cancelled, _flight) when cancelled == %{}, do: false

  def running?(cancelled, flight),
    do: Enum.any?(cancelled, fn {id, _} -> oldest?(flight, id) or aside?(flight, id) end)

  defp before(cancelled, flight, id),
    do: Flight.before(flight, id, &(not is_map_key(cancelled, &1)))

  defp aside?(flight, id), do: Flight.reply(flight, id) != :unknown
  defp oldest?(flight, id), do: match?({^id, _, _, _}, Flight.oldest(flight))
end
