defmodule Envmgr.Calls.Call do
  # A call of a path with what was found of it: what the layers around calls look at and may change (`Calls.Around`).
  @moduledoc false

  alias Envmgr.Calls.Options
  alias Envmgr.Libraries.{Plan, Row}

  @enforce_keys [:row, :options, :args, :kwargs]
  defstruct [:row, :options, :args, :kwargs, :plan]

  @type t :: %__MODULE__{
          row: Row.t(),
          options: Options.t(),
          args: list(),
          kwargs: [{String.t(), term()}],
          plan: Plan.t() | nil
        }

  @spec path(t()) :: String.t()
  def path(call), do: elem(call.row, 0)

  @spec library(t()) :: String.t()
  def library(call), do: elem(call.row, 1)
end
