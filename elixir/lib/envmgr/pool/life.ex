defmodule Envmgr.Pool.Life do
  # What telemetry hears of a worker, from its start to its end. Functions of the owner's state.
  @moduledoc false

  alias Envmgr.Pool.{Pipe, Slot}
  alias Envmgr.Telemetry

  @enforce_keys [:began, :about]
  defstruct [:began, :about]

  @type t :: %__MODULE__{began: integer(), about: map()}

  @doc "Its process was started."
  @spec started(Pipe.state()) :: Pipe.state()
  def started(%{life: life} = s) when life != nil, do: s

  def started(s) do
    about = %{
      instance: s.options.name,
      environment: s.manifest.environment,
      pool: s.pool,
      generation: s.manifest.generation,
      worker: self(),
      os_pid: s.os_pid
    }

    Telemetry.execute([:worker, :start], %{system_time: System.system_time()}, about)
    %{s | life: %__MODULE__{began: s.began, about: about}}
  end

  @doc "Its process has a number: that of a forked one is heard of later."
  @spec known(Pipe.state()) :: Pipe.state()
  def known(%{life: nil} = s), do: s
  def known(s), do: put_in(s.life.about.os_pid, s.os_pid)

  @doc "It takes calls."
  @spec ready(Pipe.state()) :: :ok
  def ready(%{life: life}),
    do: Telemetry.execute([:worker, :ready], %{duration: since(life)}, life.about)

  @doc "It has ended; `reason` is that of its owner's end."
  @spec stopped(Pipe.state(), term()) :: :ok
  def stopped(%{life: nil}, _reason), do: :ok

  def stopped(%{life: life, slot: slot}, reason) do
    {reason, why} = reason(reason)
    measured = %{duration: since(life), answered: Slot.counts(slot).answered}
    about = Map.merge(life.about, %{reason: reason, why: why})
    Telemetry.execute([:worker, :stop], measured, about)
  end

  defp since(life), do: System.monotonic_time() - life.began

  defp reason({:shutdown, :drained}), do: {:drained, "it was told to end, and did"}
  defp reason({:shutdown, {lost, why}}) when lost in [:lost, :zygote], do: {:lost, why}
  defp reason({:shutdown, {:start, error}}), do: {:start, error.message}
  defp reason(:shutdown), do: {:shutdown, "the pool was shut down"}
  defp reason({:shutdown, _by_its_supervisor}), do: {:shutdown, "the pool was shut down"}

  defp reason(crash),
    do: {:lost, "its owner crashed: #{inspect(crash, limit: 5, printable_limit: 200)}"}
end
