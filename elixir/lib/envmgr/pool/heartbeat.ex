defmodule Envmgr.Pool.Heartbeat do
  # Whether an idle worker lives: it is pinged, and one that does not answer is dead. One that has a call is busy, and the call's
  # deadline decides. Functions of the owner's state.
  #
  # At that it is counted anew: a caller that was killed after it had counted its call, and before it had sent it, is never heard of.
  @moduledoc false

  alias Envmgr.Options
  alias Envmgr.Pool.{Flight, Lane, Outbox, Pipe, Slot}
  alias Envmgr.Wire.Messages

  # So many pings may pass in which it has nothing to do and says nothing.
  @most 3

  defstruct ping: nil, silent: 0

  @typedoc "`ping`: the number of the one that was not answered yet."
  @type t :: %__MODULE__{ping: pos_integer() | nil, silent: non_neg_integer()}

  @spec start(Options.t()) :: reference()
  def start(options), do: Process.send_after(self(), :beat, options.heartbeat)

  @doc "The time has come to look."
  @spec beat(Pipe.state()) :: {:ok, Pipe.state()} | {:dead, String.t()}
  def beat(%{phase: :ready} = s) do
    start(s.options)
    s = recount(s)
    %{ping: ping, silent: silent} = s.beat

    cond do
      not idle?(s) ->
        {:ok, %{s | beat: %{s.beat | silent: 0}}}

      ping == nil ->
        {:ok, ping(s)}

      silent + 1 < @most ->
        {:ok, %{s | beat: %{s.beat | silent: silent + 1}}}

      true ->
        {:dead,
         "the worker had no call and did not answer within #{@most * s.options.heartbeat} ms"}
    end
  end

  def beat(s), do: {:ok, s}

  # What is counted and not here for so many beats never comes.
  defp recount(s) do
    seen = {Slot.load(s.slot), Slot.answered(s.slot)}

    cond do
      elem(seen, 0) == 0 or not idle?(s) ->
        %{s | counted: nil}

      not match?({^seen, _beats}, s.counted) ->
        %{s | counted: {seen, 1}}

      elem(s.counted, 1) < @most or under_way?(s) ->
        %{s | counted: {seen, elem(s.counted, 1) + 1}}

      true ->
        Slot.give_back(s.slot, elem(seen, 0))
        %{s | counted: nil}
    end
  end

  # A call may be in the mailbox, or on its way by the lane.
  defp under_way?(s), do: waiting?() or (s.lane != nil and Lane.busy?(s.lane))
  defp waiting?, do: Process.info(self(), :message_queue_len) != {:message_queue_len, 0}

  defp idle?(s), do: Flight.empty?(s.flight) and Outbox.size(s.outbox) == 0

  defp ping(s) do
    {id, outbox} = Outbox.next_id(s.outbox)
    s = Pipe.say(%{s | outbox: outbox}, Messages.ping(id))
    Pipe.flush(%{s | beat: %__MODULE__{ping: id}})
  end

  @doc "The worker's answer; or its own ping, which is answered."
  @spec heard(Pipe.state(), non_neg_integer()) :: Pipe.state()
  def heard(%{beat: %{ping: id}} = s, id), do: %{s | beat: %__MODULE__{}}
  def heard(s, id), do: Pipe.say(s, Messages.ping(id))
end
