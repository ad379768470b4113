defmodule Envmgr.Pool.Waiting do
  # Callers that found no worker and wait for one, by pool. As many as the pool's queue holds.
  @moduledoc false

  alias Envmgr.Pool.{Admission, Crew}

  defstruct by_pool: %{}

  @type t :: %__MODULE__{by_pool: %{String.t() => [{GenServer.from(), until :: term()}]}}

  @doc "One more. Those that have ended, or wait no more, are forgotten when room is wanted."
  @spec add(t(), Crew.t(), GenServer.from(), timeout()) ::
          {:ok, t()} | {:full, Admission.refusal()}
  def add(s, %{name: pool, sizing: %{queue: queue}}, from, timeout) do
    now = System.monotonic_time(:millisecond)
    all = Map.get(s.by_pool, pool, [])
    all = if length(all) < queue, do: all, else: Enum.filter(all, &waits?(&1, now))
    waiting = length(all)

    if waiting < queue do
      until = if timeout == :infinity, do: :infinity, else: now + timeout
      {:ok, %{s | by_pool: Map.put(s.by_pool, pool, [{from, until} | all])}}
    else
      {:full, %{why: :queue, waiting: waiting, queue: queue, workers: 0}}
    end
  end

  defp waits?({{pid, _tag}, until}, now), do: until > now and Process.alive?(pid)

  @spec answer(t(), String.t(), term()) :: t()
  def answer(%{by_pool: none} = s, _pool, _answer) when none == %{}, do: s

  def answer(s, pool, answer) do
    {all, by_pool} = Map.pop(s.by_pool, pool, [])
    for {from, _until} <- Enum.reverse(all), do: GenServer.reply(from, answer)
    %{s | by_pool: by_pool}
  end
end
