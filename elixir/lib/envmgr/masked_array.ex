defmodule Envmgr.MaskedArray do
  @moduledoc """
  A `numpy.ma.MaskedArray`: `array` and `mask` (`nil` where nothing is masked) are `Envmgr.Array`s, `fill_value` is a value
  or `nil`, `hard` says whether assignment leaves the mask alone.
  """

  @enforce_keys [:array]
  defstruct [:array, :mask, :fill_value, hard: false]

  @type t :: %__MODULE__{
          array: Envmgr.Array.t(),
          mask: Envmgr.Array.t() | nil,
          fill_value: term(),
          hard: boolean()
        }
end
