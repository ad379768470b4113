defmodule Envmgr.Pool.Nudge do
  # The signal that makes a worker look for a cancellation, again and again until it has answered. A process of its own: the
  # owner waits for no program.
  @moduledoc false

  # C code sees a signal when it returns to Python: one may be too early.
  @every 50

  @typedoc "How many signals a worker was sent in its life: a clock that goes as slowly as the machine."
  @type count :: :counters.counters_ref()

  @spec count() :: count()
  def count, do: :counters.new(1, [])

  @spec sent(count()) :: non_neg_integer()
  def sent(count), do: :counters.get(count, 1)

  @doc "Sends the signal after `delay` ms, and then every #{@every} ms, until it is stopped or the calling process ends."
  @spec start(pos_integer(), pos_integer(), non_neg_integer(), count()) :: pid()
  def start(os_pid, signal, delay, count) do
    owner = self()

    spawn(fn ->
      monitor = Process.monitor(owner)
      loop(monitor, ["-#{signal}", "#{os_pid}"], delay, count)
    end)
  end

  @doc "Sends the signal, one time."
  @spec once(pos_integer(), pos_integer(), count()) :: pid()
  def once(os_pid, signal, count),
    do: spawn(fn -> send_signal(["-#{signal}", "#{os_pid}"], count) end)

  @spec stop(pid() | nil) :: nil
  def stop(nil), do: nil

  # Not killed: a program whose starter dies in the middle complains.
  def stop(pid) do
    send(pid, :stop)
    nil
  end

  defp loop(monitor, arguments, delay, count) do
    receive do
      {:DOWN, ^monitor, _, _, _} -> :ok
      :stop -> :ok
    after
      delay ->
        send_signal(arguments, count)
        loop(monitor, arguments, @every, count)
    end
  end

  defp send_signal(arguments, count) do
    System.cmd("kill", arguments, stderr_to_stdout: true)
    :counters.add(count, 1, 1)
  end
end
