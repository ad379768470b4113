defmodule Envmgr.Pool.Circuit do
  # Whether a pool whose workers do not start, or end soon after their start, starts more of them now. Pure.
  #
  # Closed: all that are missing; after a fault one at a time, after a pause that grows (`Backoff`). @most faults within
  # @within ms open it: nothing is started for a while, and who finds no worker is told at once. Then one worker is started
  # (half open), which proves itself or opens it again, for longer.
  @moduledoc false

  alias Envmgr.Error
  alias Envmgr.Pool.Backoff

  @within 30_000
  @most 5
  @first 1_000
  @last 30_000
  # A worker that has answered a call, or lived so long, ms, was no fault.
  @young 10_000

  defstruct state: :closed, faults: [], opened: 0, until: nil, problem: nil

  @typedoc "`faults`: when, latest first, and of which kind; `until`: nothing is started before; `problem`: the last one."
  @type t :: %__MODULE__{
          state: :closed | :open | :half_open,
          faults: [{integer(), kind()}],
          opened: non_neg_integer(),
          until: integer() | nil,
          problem: Error.t() | nil
        }

  @typedoc "It never was ready; or it ended early."
  @type kind :: :start | :end

  @doc "Whether a worker that ended after so many calls and ms ended early."
  @spec early?(non_neg_integer(), non_neg_integer()) :: boolean()
  def early?(answered, lived), do: answered == 0 and lived < @young

  @doc "A worker did not start, or ended early."
  @spec fault(t(), kind(), Error.t(), integer()) :: t()
  def fault(c, kind, problem, now) do
    faults = [{now, kind} | Enum.filter(c.faults, fn {at, _kind} -> at > now - @within end)]
    c = %{c | faults: faults, problem: problem}

    if c.state != :closed or length(faults) >= @most,
      do: %{c | state: :open, opened: c.opened + 1, until: now + pause(c.opened)},
      else: %{c | until: now + rest(kind, length(faults))}
  end

  defp pause(opened), do: min(@last, @first * Integer.pow(2, min(opened, 10)))

  # The first worker that is lost is replaced at once.
  defp rest(:end, 1), do: 0
  defp rest(:end, faults), do: Backoff.delay(faults - 1)
  defp rest(:start, faults), do: Backoff.delay(faults)

  @doc "Milliseconds until a worker may be started."
  @spec wait(t(), integer()) :: non_neg_integer()
  def wait(%{until: nil}, _now), do: 0
  def wait(%{until: until}, now), do: max(until - now, 0)

  @doc "When a worker is tried again, ms since 1970; nil: that waits for nothing."
  @spec retry_at(t()) :: integer() | nil
  def retry_at(c) do
    now = System.monotonic_time(:millisecond)
    wait = if c.state == :half_open, do: 0, else: wait(c, now)
    if wait > 0, do: System.os_time(:millisecond) + wait
  end

  @doc "How many may be started now of those that are missing, beside those that start and that are ready."
  @spec allows(t(), integer(), non_neg_integer(), non_neg_integer(), integer()) ::
          {non_neg_integer(), t()}
  def allows(c, missing, _starting, _ready, _now) when missing <= 0, do: {0, c}

  def allows(c, missing, starting, ready, now) do
    wait = wait(c, now)

    case c.state do
      :closed when c.faults == [] -> {missing, c}
      _careful when starting > 0 -> {0, c}
      :half_open when wait > 0 and ready > 0 -> {0, c}
      :half_open -> {1, %{c | until: now + @young}}
      _later when wait > 0 -> {0, c}
      :open -> {1, %{c | state: :half_open, until: now + @young}}
      :closed -> {1, c}
    end
  end

  @doc "A worker is ready: starting works."
  @spec ready(t()) :: t()
  def ready(%{state: :closed} = c) do
    faults = for {_at, :end} = fault <- c.faults, do: fault
    %{c | faults: faults, problem: nil, until: nil}
  end

  def ready(c), do: c

  @doc "A look at the workers that are ready: since when each is, and how many calls it has answered."
  @spec look(t(), [{since :: integer(), answered :: non_neg_integer()}], integer()) :: t()
  def look(%{faults: [], state: :closed} = c, _workers, _now), do: c

  def look(c, workers, now) do
    last = with [{at, _kind} | _] <- c.faults, do: at

    proved? =
      Enum.any?(workers, fn {since, answered} ->
        (last == [] or since >= last) and not early?(answered, now - since)
      end)

    if proved?, do: %__MODULE__{}, else: c
  end

  @doc "Whether all is well."
  @spec whole?(t()) :: boolean()
  def whole?(c), do: c.state == :closed and c.faults == []

  @doc "What a caller is told that finds no worker; nil: one comes soon."
  @spec refusal(t(), pool :: String.t(), integer()) :: Error.t() | nil
  def refusal(%{state: :closed, faults: [{_at, :start} | _]} = c, _pool, _now), do: c.problem
  def refusal(%{state: :closed}, _pool, _now), do: nil

  def refusal(c, pool, now) do
    next = if c.state == :half_open, do: 0, else: wait(c, now)

    %{
      c.problem
      | code: :not_ready,
        class: :resource,
        retry: true,
        message:
          "no worker of pool #{pool} stays: #{length(c.faults)} ended within #{div(@within, 1_000)} s, " <>
            "the last: #{c.problem.message}. #{next(c.state, next)}",
        hint: c.problem.hint || "mend what ends the workers: the log has what they said last",
        details: %{pool: pool, problem: c.problem, next: next}
    }
  end

  defp next(:half_open, _next), do: "One is being tried now"
  defp next(:open, ms), do: "The next one is tried in #{Float.round(ms / 1_000, 1)} s"
end
