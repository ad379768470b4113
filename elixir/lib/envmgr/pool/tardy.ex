defmodule Envmgr.Pool.Tardy do
  # Which functions may be slow: those that were lately, in any worker of the pool, and those of which no call has ended yet. Behind a
  # call of one nothing is written ahead, so that what comes after it can still go elsewhere. Pure.
  #
  # Where there is none, as nearly always, nothing is looked up.
  @moduledoc false

  alias Envmgr.Pool.{Flight, Outbox}

  # After so many quick calls a function is slow no more, and so many functions are known.
  @trust 32
  @most 64

  @typedoc "By path, how many quick calls are still to come; nil: of a worker with threads, where no call is behind another."
  @type t :: %{optional(String.t()) => pos_integer()} | nil

  @doc "Of a worker that runs so many calls at a time."
  @spec new(pos_integer()) :: t()
  def new(1), do: %{}
  def new(_threads), do: nil

  @doc "A call was slow."
  @spec learn(t(), Flight.label()) :: t()
  def learn(tardy, label), do: put(tardy, Flight.path(label), @trust)

  @doc "Nothing is known of a function: its first call will tell."
  @spec suspect(t(), String.t()) :: t()
  def suspect(tardy, path) when is_map_key(tardy, path), do: tardy
  def suspect(tardy, path), do: put(tardy, path, 1)

  defp put(nil, _path, _left), do: nil

  defp put(tardy, path, left) when is_map_key(tardy, path) or map_size(tardy) < @most,
    do: Map.put(tardy, path, left)

  defp put(tardy, _path, _left), do: tardy

  @doc "Without the functions that are only suspected."
  @spec unsuspected(t()) :: t()
  def unsuspected(nil), do: nil
  def unsuspected(tardy), do: Map.reject(tardy, &match?({_path, 1}, &1))

  @doc "Of what waits, how many may be written: the first call that may be slow is the last of them."
  @spec room(t(), Outbox.t(), integer()) :: integer()
  def room(tardy, _outbox, room) when tardy == %{} or tardy == nil or room < 2, do: room
  def room(tardy, outbox, room), do: Outbox.reach(outbox, room, &slow?(tardy, &1))

  @spec slow?(t(), Flight.label()) :: boolean()
  def slow?(tardy, label), do: is_map_key(tardy, Flight.path(label))

  @doc "A call was quick."
  @spec quick(t(), Flight.label()) :: t()
  def quick(tardy, label) do
    path = Flight.path(label)

    case tardy do
      %{^path => 1} -> Map.delete(tardy, path)
      %{^path => left} -> %{tardy | path => left - 1}
      _unknown -> tardy
    end
  end
end
