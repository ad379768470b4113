defmodule Envmgr.ZonedTime do
  @moduledoc """
  A Python `datetime.time` that a `Time` cannot hold: with a zone, a fixed offset, or fold 1.

  `offset` is in microseconds, as exact as Python's, and `nil` where the zone leaves it open; `zone` is an IANA name, or,
  beside an offset, what that is called (`nil`: after its distance, `UTC+02:00`).
  """

  @enforce_keys [:time]
  defstruct [:time, :offset, :zone, fold: 0]

  @type t :: %__MODULE__{
          time: Time.t(),
          fold: 0 | 1,
          offset: integer() | nil,
          zone: String.t() | nil
        }
end
