defmodule Envmgr.Telemetry.Forward do
  # Events for the host's `:telemetry`. Whether there is one is decided once, when the application starts.
  @moduledoc false

  # Where `:telemetry` keeps its handlers, readable by all. A look at it tells whether anybody listens, for less than half of
  # what an event costs that nobody hears.
  @table :telemetry_handler_table
  @probe [:envmgr, :telemetry, :probe]

  @doc "`:all`: there is a `:telemetry`, and whether anybody listens to it cannot be seen. `:seen`: it can. `:none`."
  @spec decide() :: :none | :all | :seen
  def decide do
    cond do
      not Code.ensure_loaded?(:telemetry) -> :none
      seen?() -> :seen
      true -> :all
    end
  end

  @spec heard?([atom()]) :: boolean()
  def heard?(name) do
    :ets.member(@table, [:envmgr | name])
  rescue
    # It is not running: the event itself tells what it has to say about that.
    ArgumentError -> true
  end

  @doc "What becomes of it there is none of ours: no call, and no worker, ends with it."
  @spec execute([atom()], map(), map()) :: :ok
  def execute(event, measurements, metadata) do
    _ = apply(:telemetry, :execute, [event, measurements, metadata])
    :ok
  catch
    _kind, _reason -> :ok
  end

  # Its table is none of its interface: whether it is as we know it is tried.
  defp seen? do
    :ok = apply(:telemetry, :attach, [@probe, @probe, &__MODULE__.ignore/4, nil])
    found? = :ets.whereis(@table) != :undefined and :ets.member(@table, @probe)
    apply(:telemetry, :detach, [@probe])
    found? and not :ets.member(@table, @probe)
  catch
    _kind, _reason -> false
  end

  @doc false
  def ignore(_event, _measurements, _metadata, _config), do: :ok
end
