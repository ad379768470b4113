defmodule Envmgr.Pool.Tardy do
  # Which functions of a worker have been slow lately: behind a call of one nothing is written ahead, so that what comes after it can
  # still go elsewhere. Pure.
  #
  # Where there is none, as nearly always, nothing is looked up.
  @moduledoc false

  alias Envmgr.Pool.{Flight, Outbox}

  # After so many of its calls a function is looked at anew, and so many functions are known.
  @trust 32
  @most 64

  @typedoc "By path, how many calls are still written so."
  @type t :: %{optional(String.t()) => pos_integer()}

  @spec new() :: t()
  def new, do: %{}

  @doc "A call was slow."
  @spec learn(t(), Flight.label()) :: t()
  def learn(tardy, label) do
    path = Flight.path(label)

    if is_map_key(tardy, path) or map_size(tardy) < @most,
      do: Map.put(tardy, path, @trust),
      else: tardy
  end

  @doc "Of what waits, how many may be written: the first call that may be slow is the last of them."
  @spec room(t(), Outbox.t(), integer()) :: integer()
  def room(tardy, _outbox, room) when tardy == %{} or room < 2, do: room

  def room(tardy, outbox, room),
    do: Outbox.reach(outbox, room, &is_map_key(tardy, Flight.path(&1)))

  @doc "What was written last: whether it may be slow."
  @spec wrote(t(), Flight.label()) :: {boolean(), t()}
  def wrote(tardy, label) do
    path = Flight.path(label)

    case tardy do
      %{^path => 1} -> {true, Map.delete(tardy, path)}
      %{^path => left} -> {true, %{tardy | path => left - 1}}
      _quick -> {false, tardy}
    end
  end
end
