defmodule Envmgr.ZonedDateTime do
  @moduledoc """
  A Python `datetime.datetime` that no Elixir struct holds: a naive one with fold 1 (its `offset` is `nil`), or one with a
  zone whose offset is no whole number of seconds, that has no abbreviation, or whose fold its offset does not tell.

  `naive` is the time on the clock; `offset` and `dst`, the part of the offset that is daylight saving, are in microseconds;
  `zone` is an IANA name, or `nil` for a fixed offset.
  """

  @enforce_keys [:naive]
  defstruct [:naive, :offset, :zone, :abbr, dst: 0, fold: 0]

  @type t :: %__MODULE__{
          naive: NaiveDateTime.t(),
          fold: 0 | 1,
          offset: integer() | nil,
          dst: integer(),
          zone: String.t() | nil,
          abbr: String.t() | nil
        }
end
