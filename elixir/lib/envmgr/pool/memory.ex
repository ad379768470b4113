defmodule Envmgr.Pool.Memory do
  # What processes have in memory, as the operating system counts it.
  @moduledoc false

  @doc """
  Bytes by process number, without what they share with others: a worker forked from a zygote has most of its memory in common with
  that, and would free none of it. That is counted page by page (1 ms for 100 MB), so only for those that have at least their `limit`
  in memory with it; of others, and where there is no such count, that is told.
  """
  @spec own([{pos_integer(), limit :: non_neg_integer()}]) :: %{
          pos_integer() => non_neg_integer()
        }
  def own(limits) do
    all = limits |> Enum.map(&elem(&1, 0)) |> read()

    for {pid, limit} <- limits, bytes = all[pid], into: %{} do
      {pid, if(bytes >= limit, do: private(pid) || bytes, else: bytes)}
    end
  end

  # Linux 4.14 and later.
  defp private(os_pid) do
    with {:ok, text} <- File.read("/proc/#{os_pid}/smaps_rollup"),
         [_ | _] = sizes <- Regex.scan(~r/^(?:Private_\w+|SwapPss):\s+(\d+) kB/m, text) do
      Enum.sum(for [_line, kib] <- sizes, do: String.to_integer(kib) * 1_024)
    else
      _none -> nil
    end
  end

  @doc "Bytes by process number, with what they share with others; those that are gone are missing. Starts a program where there is no /proc."
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
