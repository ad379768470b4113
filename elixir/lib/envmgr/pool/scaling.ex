defmodule Envmgr.Pool.Scaling do
  # How many workers a pool should have, from looks at what they do, several a second. Pure.
  #
  # It grows when calls wait though all workers are busy, look after look; it shrinks to what was busy at a time at most in the
  # last @calm ms, half of the rest at a time. So it grows quickly, and what comes every minute finds the workers of the last time.
  @moduledoc false

  alias Envmgr.Libraries.Sizing

  # So many looks in a row.
  @pressed 2
  @calm 30_000

  defstruct pressed: 0, peak: 0, since: nil

  @type t :: %__MODULE__{
          pressed: non_neg_integer(),
          peak: non_neg_integer(),
          since: integer() | nil
        }

  @typedoc "Workers that are ready, that start, that are busy; calls that wait."
  @type seen :: %{
          ready: non_neg_integer(),
          starting: non_neg_integer(),
          busy: non_neg_integer(),
          waiting: non_neg_integer()
        }

  @doc "How many workers are wanted now, of `wanted` before."
  @spec look(t(), seen(), Sizing.t(), pos_integer(), integer()) :: {pos_integer(), t()}
  def look(s, _seen, %{min: same, max: same}, wanted, _now), do: {wanted, s}

  def look(s, seen, sizing, wanted, now) do
    pressed = if seen.waiting > 0 and seen.busy >= seen.ready, do: s.pressed + 1, else: 0
    s = %{s | pressed: pressed, peak: max(s.peak, seen.busy), since: s.since || now}

    cond do
      pressed >= @pressed and seen.ready > 0 and seen.starting == 0 and wanted < sizing.max ->
        {min(sizing.max, wanted + min(seen.waiting, wanted)), %__MODULE__{peak: seen.busy}}

      now - s.since < @calm ->
        {wanted, s}

      true ->
        spare = wanted - max(sizing.min, s.peak)
        fresh = %__MODULE__{peak: seen.busy, since: now}
        {if(spare > 0, do: wanted - div(spare + 1, 2), else: wanted), fresh}
    end
  end
end
