defmodule Envmgr.Timedelta do
  @moduledoc """
  A Python `datetime.timedelta`: `days` of either sign, `seconds` in 0..86399 and `microseconds` in 0..999999, as Python
  normalises them.

      iex> Envmgr.Timedelta.from_microseconds(-1)
      %Envmgr.Timedelta{days: -1, seconds: 86_399, microseconds: 999_999}
  """

  @day 86_400_000_000
  @second 1_000_000

  defstruct days: 0, seconds: 0, microseconds: 0

  @type t :: %__MODULE__{days: integer(), seconds: 0..86_399, microseconds: 0..999_999}

  @doc """
  The whole duration in microseconds.

      iex> Envmgr.Timedelta.to_microseconds(%Envmgr.Timedelta{seconds: 90})
      90_000_000
  """
  @spec to_microseconds(t()) :: integer()
  def to_microseconds(%__MODULE__{days: days, seconds: seconds, microseconds: microseconds}),
    do: days * @day + seconds * @second + microseconds

  @doc """
  The duration of so many microseconds.

      iex> Envmgr.Timedelta.from_microseconds(90_000_000)
      %Envmgr.Timedelta{days: 0, seconds: 90, microseconds: 0}
  """
  @spec from_microseconds(integer()) :: t()
  def from_microseconds(total) when is_integer(total) do
    rest = Integer.mod(total, @day)

    %__MODULE__{
      days: Integer.floor_div(total, @day),
      seconds: div(rest, @second),
      microseconds: rem(rest, @second)
    }
  end
end
