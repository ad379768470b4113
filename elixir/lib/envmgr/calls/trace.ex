defmodule Envmgr.Calls.Trace do
  # What a traced call takes on this side, in seconds, beside what its worker says. A call that is not traced has nil for one.
  @moduledoc false

  require Logger

  @enforce_keys [:started, :at]
  defstruct [:started, :at, times: %{}]

  @typedoc "`at`: when the part that is measured now began. Both in native time units."
  @type t :: %__MODULE__{started: integer(), at: integer(), times: %{atom() => float()}}

  @spec begin() :: t()
  def begin do
    now = System.monotonic_time()
    %__MODULE__{started: now, at: now}
  end

  @doc "Ends a part. What was measured before under the same name is added to."
  @spec mark(request, atom()) :: request when request: map()
  def mark(%{trace: nil} = request, _part), do: request

  def mark(%{trace: trace} = request, part) do
    now = System.monotonic_time()

    times =
      Map.update(trace.times, part, seconds(now - trace.at), &(&1 + seconds(now - trace.at)))

    %{request | trace: %{trace | at: now, times: times}}
  end

  @doc """
  `check`, `encode`, `transport` (with the time in queues), `decode` and `total`, and, as `python`, what the worker said of
  itself. Logged at `:debug`, too.
  """
  @spec finish(map(), map(), keyword()) :: map()
  def finish(request, python, labels) do
    %{times: times, started: started, at: at} = request.trace
    total = seconds(at - started)

    in_worker =
      for {part, s} when part in ~w(resolve convert execute encode) and is_number(s) <- python,
          reduce: 0.0,
          do: (sum -> sum + s)

    times = Map.update(times, :transport, 0.0, &max(&1 - in_worker, 0.0))
    trace = Map.merge(times, %{total: total, python: python})
    log(request, fn -> "answered in #{ms(total)}: #{parts(trace)}" end, labels)
    trace
  end

  @doc "A line of the debug log about a traced call."
  @spec log(map(), (() -> iodata()), keyword()) :: :ok
  def log(%{trace: nil}, _words, _labels), do: :ok

  def log(request, words, labels) do
    Logger.debug(fn -> "envmgr: #{request.path}: #{words.()}" end, labels)
  end

  defp parts(%{python: python} = trace) do
    here =
      for part <- [:check, :encode, :transport, :decode], s = trace[part], do: "#{part} #{ms(s)}"

    there =
      for part <- ~w(resolve convert execute encode), s = python[part], do: "#{part} #{ms(s)}"

    Enum.join(here, ", ") <>
      if(there == [], do: "", else: "; in Python #{Enum.join(there, ", ")}")
  end

  defp ms(seconds) when is_number(seconds), do: "#{Float.round(seconds * 1000.0, 3)} ms"
  defp ms(other), do: inspect(other)

  defp seconds(native), do: System.convert_time_unit(native, :native, :nanosecond) / 1.0e9
end
