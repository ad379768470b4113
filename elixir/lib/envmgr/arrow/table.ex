defmodule Envmgr.Arrow.Table do
  # A schema and its batches. A dictionary is named by its id and a generation: a batch that replaces it begins another
  # one, a delta adds to it, so that the last state of a generation serves all that refer to it.
  @moduledoc false

  alias Envmgr.Arrow.{Column, Field}

  defstruct fields: [], batches: [], rows: 0, dictionaries: %{}, metadata: []

  @type key :: {integer(), non_neg_integer()}
  @type t :: %__MODULE__{
          fields: [Field.t()],
          batches: [{non_neg_integer(), [Column.t()]}],
          rows: non_neg_integer(),
          dictionaries: %{key() => [Column.t()]},
          metadata: [{binary(), binary()}]
        }
end
