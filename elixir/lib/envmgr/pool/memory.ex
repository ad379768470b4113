defmodule Envmgr.Pool.Memory do
  # What processes have in memory, as the operating system counts it: what they share with others in each of them.
  @moduledoc false

  @doc "Bytes by process number; those that are gone are missing. Starts a program where there is no /proc."
  @spec read([pos_integer()]) :: %{pos_integer() => non_neg_integer()}
  def read([]), do: %{}

  def read(os_pids) do
    if File.dir?("/proc/self"),
      do: for(pid <- os_pids, bytes = status(pid), into: %{}, do: {pid, bytes}),
      else: ps(os_pids)
  end

  defp status(os_pid) do
    with {:ok, text} <- File.read("/proc/#{os_pid}/status"),
         [_, kib] <- Regex.run(~r/^VmRSS:\s+(\d+) kB/m, text) do
      String.to_integer(kib) * 1_024
    else
      _gone -> nil
    end
  end

  @doc false
  # Everywhere, slower.
  @spec ps([pos_integer()]) :: %{pos_integer() => non_neg_integer()}
  def ps(os_pids) do
    list = Enum.join(os_pids, ",")
    {text, _status} = System.cmd("ps", ["-o", "pid=,rss=", "-p", list], stderr_to_stdout: true)

    for line <- String.split(text, "\n"),
        [_, pid, kib] <- [Regex.run(~r/^\s*(\d+)\s+(\d+)\s*$/, line)],
        into: %{},
        do: {String.to_integer(pid), String.to_integer(kib) * 1_024}
  rescue
    ErlangError -> %{}
  end
end
