defmodule Envmgr.Pool.Watched do
  # Calls that end with the process that waits for them: asynchronous ones, streams, those of an Elixir function that Python
  # called; a plain call once it takes its time.
  @moduledoc false

  @typedoc "`first`: how many items a stream is asked for as soon as it is open."
  @type t :: %{reference() => {monitor :: reference(), first :: pos_integer() | nil}}

  @doc "Its end comes as `{{:gone, reply}, _, :process, _, _}`."
  @spec add(t(), reference(), pid(), pos_integer() | nil) :: t()
  def add(watched, reply, pid, first) do
    monitor = :erlang.monitor(:process, pid, tag: {:gone, reply})
    Map.put(watched, reply, {monitor, first})
  end

  @spec delete(t(), reference()) :: t()
  def delete(watched, _reply) when watched == %{}, do: watched

  def delete(watched, reply) do
    case Map.pop(watched, reply) do
      {nil, watched} ->
        watched

      {{monitor, _first}, watched} ->
        Process.demonitor(monitor, [:flush])
        watched
    end
  end

  @spec first(t(), reference() | nil) :: pos_integer() | nil
  def first(watched, reply) do
    case watched do
      %{^reply => {_monitor, first}} -> first
      _none -> nil
    end
  end
end
