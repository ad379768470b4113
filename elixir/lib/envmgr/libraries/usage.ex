defmodule Envmgr.Libraries.Usage do
  # Which functions are called, how often, how long they take, how they fail. A function's counters are in its row, which its
  # callers have looked up anyway, and under its path, where the next row of it finds them: a new generation goes on
  # counting.
  @moduledoc false

  alias Envmgr.Error
  alias Envmgr.Libraries.Row
  alias Envmgr.Libraries.Usage.{Histogram, Record, Tally}

  # Names of attributes may come from anywhere. What is beyond that is counted together.
  @most 5_000

  @spec now() :: integer()
  def now, do: System.monotonic_time(:nanosecond)

  @doc "The counters of a path; those for all others of its library where there are too many. nil: the instance has ended."
  @spec tally(atom(), String.t(), String.t() | nil) :: Tally.t() | nil
  def tally(table, path, library) do
    case :ets.lookup(table, {:calls, path}) do
      [{_key, tally, _library, _first}] -> tally
      [] -> made(table, path, library)
    end
  rescue
    ArgumentError -> nil
  end

  defp made(table, path, library) do
    others = "#{library}.*"

    if path == others or :ets.update_counter(table, :called, 1, {:called, 0}) <= @most,
      do: make(table, path, library),
      else: tally(table, others, library)
  end

  defp make(table, path, library) do
    tally = Tally.new()
    row = {{:calls, :binary.copy(path)}, tally, library, System.os_time(:millisecond)}
    if :ets.insert_new(table, row), do: tally, else: tally(table, path, library)
  end

  @doc "A user's call ended, whatever stood around it. Gives the answer back."
  @spec ended(answer, Tally.t() | nil, integer()) :: answer when answer: term()
  def ended(answer, nil, _started), do: answer

  def ended({:error, error} = answer, tally, started) do
    Tally.failed(tally, class(error))
    Tally.add(tally, started, now())
    answer
  end

  def ended(answer, tally, started) do
    Tally.add(tally, started, now())
    answer
  end

  @doc "As `ended/3`, of many calls of which each took so long, ns."
  @spec ended_together([term(), ...], Tally.t() | nil, integer()) :: :ok
  def ended_together(_answers, nil, _took), do: :ok

  def ended_together(answers, tally, took) do
    for {:error, error} <- answers, do: Tally.failed(tally, class(error))
    now = now()
    Tally.add(tally, now - took, now, length(answers))
  end

  @doc "What was counted as a call failed afterwards."
  @spec failed(Tally.t() | nil, Error.t()) :: :ok
  def failed(nil, _error), do: :ok
  def failed(tally, error), do: Tally.failed(tally, class(error))

  @doc "The call of this row is answered from the cache; it is counted as a call by `ended/3`."
  @spec cached(Row.t()) :: :ok
  def cached(row), do: if(tally = Row.tally(row), do: Tally.cached(tally), else: :ok)

  @doc "Whether no call of it has ended in this VM."
  @spec unseen?(Tally.t() | nil) :: boolean()
  def unseen?(nil), do: false
  def unseen?(tally), do: Tally.unseen?(tally)

  defp class(%Error{} = error), do: Error.classified(error).class
  defp class(_other), do: :internal

  @doc "What half of a function's calls in this VM took at most, ns; 0 where there was none. Reads all its counters: some 30 µs."
  @spec median(Row.t()) :: non_neg_integer()
  def median(row) do
    with tally when tally != nil <- Row.tally(row),
         {buckets, _errors, _cached} = Tally.read(tally),
         [ns] when ns != nil <- Histogram.quantiles(buckets, [0.5]),
         do: ns,
         else: (_none -> 0)
  end

  @doc "What was counted in this VM since it began, or since somebody else took it over."
  @spec read(atom()) :: [Record.t()]
  def read(table) do
    offset = System.time_offset(:nanosecond)

    for {{:calls, path}, tally, library, first} <- all(table),
        {buckets, errors, cached} = Tally.read(tally),
        buckets != %{} or errors != %{} do
      last = div(Tally.last(tally) + offset, 1_000_000)

      %Record{
        path: path,
        library: library,
        first: first,
        last: max(last, first),
        cached: cached,
        errors: errors,
        buckets: buckets
      }
    end
  end

  @doc "Calls, errors and hits of the cache in this VM, by library."
  @spec totals(atom()) :: %{
          String.t() => %{count: integer(), errors: integer(), cached: integer()}
        }
  def totals(table) do
    for record <- read(table), reduce: %{} do
      all ->
        row = Record.row(record)
        total = Map.take(row, [:count, :errors, :cached])
        Map.update(all, record.library, total, &Map.merge(&1, total, fn _, a, b -> a + b end))
    end
  end

  @doc "Takes away what somebody else counts from now on."
  @spec take(atom(), [Record.t()]) :: :ok
  def take(table, records) do
    for record <- records,
        do:
          table
          |> tally(record.path, record.library)
          |> Tally.take({record.buckets, record.errors, record.cached})

    :ok
  end

  defp all(table), do: :ets.match_object(table, {{:calls, :_}, :_, :_, :_})
end
