defmodule Envmgr.Calls.Errors do
  # Which errors come, of which functions, and how often. Counted by the caller that gets one, in a table of the instance; a
  # call that succeeds never comes here.
  @moduledoc false

  require Logger

  alias Envmgr.Calls.Errors.Windows
  alias Envmgr.{Error, Telemetry}
  alias Envmgr.Values.Secrets

  # Paths may be anything that somebody typed.
  @most 500
  @longest_path 200
  @longest_message 300

  # The place of the first of the last occurrences in a row, and how many are kept.
  @recent 5
  @kept 5

  @doc "Makes the table of an instance, for the process that owns the instance's."
  @spec open(atom()) :: true
  def open(instance) do
    table = :ets.new(:errors, [:public, write_concurrency: true, read_concurrency: true])
    :ets.insert(instance, {:errors, table})
  end

  @doc "A caller gets this error."
  @spec note(atom(), Error.t()) :: :ok
  def note(instance, error, now \\ System.system_time(:millisecond)) do
    error = Error.classified(error)
    path = error.path && String.slice(error.path, 0, @longest_path)
    key = {path, error.code, error.class, error.type}
    [{:errors, table}] = :ets.lookup(instance, :errors)
    windows = windows(table, key, error.library, now)
    number = Windows.add(windows, div(now, 1000))
    :ets.update_element(table, key, {@recent + rem(number, @kept), occurrence(error, now)})
    spike = Windows.spike(windows, div(now, 1000))
    if spike, do: tell(spike, instance, error)
    :ok
  rescue
    # The instance does not run.
    _error in [ArgumentError, MatchError] -> :ok
  end

  @doc "What `Envmgr.errors/1` answers."
  @spec read(atom()) :: [map()]
  def read(instance, now \\ System.system_time(:millisecond)) do
    [{:errors, table}] = :ets.lookup(instance, :errors)

    table
    |> :ets.tab2list()
    |> Enum.map(&described(&1, div(now, 1000)))
    |> Enum.sort_by(&{-&1.quarter_hour, -&1.day, -DateTime.to_unix(&1.last), &1.path})
  end

  defp windows(table, key, library, now) do
    case :ets.lookup(table, key) do
      [row] -> elem(row, 1)
      [] -> make(table, key, library, now)
    end
  end

  defp make(table, key, library, now) do
    windows = Windows.new()

    if :ets.insert_new(table, {key, windows, library, now, nil, nil, nil, nil, nil}) do
      if :ets.info(table, :size) > @most, do: forget(table, key)
      windows
    else
      windows(table, key, library, now)
    end
  end

  # The one that was not seen for the longest time; not what comes just now.
  defp forget(table, key) do
    {_last, oldest} =
      table
      |> :ets.select([{{:"$1", :"$2", :_, :_, :_, :_, :_, :_, :_}, [], [{{:"$1", :"$2"}}]}])
      |> Enum.reject(fn {other, _windows} -> other == key end)
      |> Enum.map(fn {other, windows} -> {Windows.last(windows), other} end)
      |> Enum.min()

    :ets.delete(table, oldest)
  end

  defp occurrence(error, now) do
    message = Secrets.redact(error.message || "")

    message =
      if String.length(message) > @longest_message,
        do: String.slice(message, 0, @longest_message) <> "…",
        else: message

    {now, error.correlation, :binary.copy(message)}
  end

  defp described(row, now) do
    [{path, code, class, type}, windows, library, first | kept] = Tuple.to_list(row)
    kept = kept |> Enum.reject(&is_nil/1) |> Enum.sort(:desc)

    recent =
      for {at, correlation, message} <- kept,
          do: %{at: time(at), correlation: correlation, message: message}

    windows
    |> Windows.read(now)
    |> Map.merge(%{
      path: path,
      library: library,
      code: code,
      class: class,
      type: type,
      first: time(first),
      last:
        with([%{at: at} | _] <- recent, do: at, else: ([] -> time(Windows.last(windows) * 1000))),
      spike: with(at when at != nil <- Windows.spiked(windows), do: time(at * 1000)),
      message: with([%{message: message} | _] <- recent, do: message, else: ([] -> nil)),
      recent: recent
    })
  end

  defp time(ms), do: DateTime.from_unix!(ms, :millisecond)

  defp tell({count, mean}, instance, error) do
    what = Enum.join([error.code | List.wrap(error.type)], ", ")

    Logger.warning(
      "envmgr: #{error.path || "a call"}: #{count} errors (#{what}) in the last minute, " <>
        "#{Float.round(mean, 1)} a minute before; the last: #{elem(occurrence(error, 0), 2)}",
      library: error.library,
      path: error.path,
      correlation: error.correlation
    )

    about = Map.take(error, [:path, :library, :code, :class, :type, :correlation])
    about = Map.put(about, :instance, instance)
    Telemetry.execute([:error, :spike], %{count: count, mean: mean}, about)
  end
end
