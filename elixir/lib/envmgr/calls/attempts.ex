defmodule Envmgr.Calls.Attempts do
  # The tries of a call, as its last error tells them: `details.attempts`, oldest first.
  @moduledoc false

  alias Envmgr.Error

  @typedoc "`wait`: ms from its error to the next try, nil after the last one. `took`: ms. `worker`: the process that owns it."
  @type attempt :: %{
          path: String.t() | nil,
          at: DateTime.t(),
          took: non_neg_integer(),
          code: atom(),
          message: String.t(),
          environment: String.t() | nil,
          generation: pos_integer() | nil,
          worker: pid() | nil,
          correlation: String.t() | nil,
          wait: non_neg_integer() | nil
        }

  @typedoc "When a try began: ms of the wall clock, and of the monotonic one."
  @type clock :: {integer(), integer()}

  @spec clock() :: clock()
  def clock, do: {System.os_time(:millisecond), System.monotonic_time(:millisecond)}

  @spec new(Error.t(), clock(), non_neg_integer() | nil) :: attempt()
  def new(error, {at, started}, wait) do
    %{
      path: error.path,
      at: DateTime.from_unix!(at, :millisecond),
      took: System.monotonic_time(:millisecond) - started,
      code: error.code,
      message: error.message,
      environment: error.environment,
      generation: error.generation,
      worker: error.worker,
      correlation: error.correlation,
      wait: wait
    }
  end

  @doc "Those that an error tells of; where it tells of none, the one that it is itself."
  @spec of(Error.t(), clock()) :: [attempt(), ...]
  def of(%{details: %{attempts: attempts}}, _clock), do: attempts
  def of(error, clock), do: [new(error, clock, nil)]

  @doc "The error, with its history and with the words that sum it up."
  @spec told(Error.t(), [attempt()], String.t()) :: Error.t()
  def told(error, attempts, words) do
    %{
      error
      | message: "#{error.message} (#{words})",
        details: Map.put(error.details, :attempts, attempts)
    }
  end
end
