defmodule Envmgr.Calls.Call do
  # A call with what was found of it: what the layers around calls look at and may change (`Calls.Around`).
  @moduledoc false

  alias Envmgr.Calls.{Options, Outcome}
  alias Envmgr.Libraries.{Plan, Row}

  @enforce_keys [:path, :options, :args, :kwargs, :deadline]
  defstruct [:path, :library, :row, :plan, :options, :args, :kwargs, :deadline, :instead]

  @typedoc """
  `row` is nil for what a ref begins. `kwargs` is `:chain` for a chain. `deadline`: of all that is done for the call, ms of the
  monotonic clock. `instead` calls another path in its place, with all that stands around that but its fallbacks.
  """
  @type t :: %__MODULE__{
          path: String.t(),
          library: String.t() | nil,
          row: Row.t() | nil,
          plan: Plan.t() | nil,
          options: Options.t(),
          args: list(),
          kwargs: [{String.t(), term()}] | :chain,
          deadline: integer() | :infinity,
          instead: (t(), String.t() -> Outcome.answer()) | nil
        }

  @doc "The deadline of all that is done for it runs from `now`, in nanoseconds of the monotonic time."
  @spec new(Row.t(), Options.t(), list(), [{String.t(), term()}] | :chain, integer()) :: t()
  def new(row, options, args, kwargs, now) do
    call = of(elem(row, 0), elem(row, 1), options, elem(row, 3), now)
    %{call | row: row, plan: elem(row, 12), args: args, kwargs: kwargs}
  end

  @doc "Of what is not known by a path."
  @spec of(String.t(), String.t() | nil, Options.t(), timeout(), integer()) :: t()
  def of(path, library, options, default_timeout, now) do
    timeout = options.timeout || default_timeout
    deadline = if timeout == :infinity, do: :infinity, else: div(now, 1_000_000) + timeout
    options = %{options | timeout: timeout, deadline: deadline}

    %__MODULE__{
      path: path,
      library: library,
      options: options,
      args: [],
      kwargs: [],
      deadline: deadline
    }
  end

  @doc "The path under which the function is known, whatever it was called by."
  @spec real(t()) :: String.t()
  def real(%{row: row, path: path}), do: elem(row, 10) || path

  @doc "Milliseconds until the deadline."
  @spec left(t()) :: timeout()
  def left(%{deadline: :infinity}), do: :infinity

  def left(%{deadline: deadline}),
    do: max(deadline - System.monotonic_time(:millisecond), 0)
end
