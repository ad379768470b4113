defmodule Envmgr.Pool.Backoff do
  # How long to wait before a start that failed is tried again.
  @moduledoc false

  @first 100
  @last 5_000

  @doc "Milliseconds before the next try, after `failures` in a row; doubles from #{@first} to #{@last}."
  @spec delay(pos_integer()) :: pos_integer()
  def delay(failures), do: min(@last, @first * Integer.pow(2, min(failures - 1, 10)))
end
