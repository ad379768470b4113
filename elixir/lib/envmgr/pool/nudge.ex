defmodule Envmgr.Pool.Nudge do
  # The signal that makes a worker look for a cancellation, again and again until it has answered. A process of its own: the
  # owner waits for no program.
  @moduledoc false

  # C code sees a signal when it returns to Python: one may be too early.
  @every 50

  @doc "Sends the signal after `delay` ms, and then every #{@every} ms, until it is stopped or the calling process ends."
  @spec start(pos_integer(), pos_integer(), non_neg_integer()) :: pid()
  def start(os_pid, signal, delay) do
    owner = self()

    spawn(fn ->
      monitor = Process.monitor(owner)
      loop(monitor, ["-#{signal}", "#{os_pid}"], delay)
    end)
  end

  @spec stop(pid() | nil) :: nil
  def stop(nil), do: nil

  # Not killed: a program whose starter dies in the middle complains.
  def stop(pid) do
    send(pid, :stop)
    nil
  end

  defp loop(monitor, arguments, delay) do
    receive do
      {:DOWN, ^monitor, _, _, _} -> :ok
      :stop -> :ok
    after
      delay ->
        System.cmd("kill", arguments, stderr_to_stdout: true)
        loop(monitor, arguments, @every)
    end
  end
end
