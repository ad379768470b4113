defmodule Envmgr.Pool.Reaper do
  # Nothing that workers have started outlives them, and nothing of ours outlives this VM, whatever kills it: a shell outside
  # the VM knows the process groups of all workers and zygotes of an instance, and ends them when its input does.
  #
  # What has left its group is found by the environment that it was started with, where the system shows that (Linux): every
  # worker has a mark in it, `ENVMGR_WORKER`, whose beginning is the instance's own. Processes that are to live on are started
  # without it.
  #
  # The shell says of each order to end something that it was carried out. One that somebody ends is replaced, and its successor
  # gets what was not.
  @moduledoc false

  use GenServer

  alias Envmgr.Pool.{Leftovers, Place, Strays}

  @variable Strays.variable()
  # A shell that has not lived so long, ms, is replaced after so long.
  @again 1_000
  # How often strays are looked for at most: each look reads a file of every process.
  @every 100

  # One line an order, and none of them waits for another program: `kill` is the shell's own.
  @script """
  trap '' HUP INT QUIT TERM PIPE
  cd /
  PATH=$PATH:/usr/bin:/bin
  all=' '
  while read -r what pid; do
    case $what in
      watch) all="$all$pid " ;;
      stray) kill -s KILL "$pid" 2>/dev/null; printf . 2>/dev/null ;;
      ended)
        kill -s KILL -- "-$pid" 2>/dev/null
        printf . 2>/dev/null
        case $all in *" $pid "*) all="${all%% $pid *} ${all#* $pid }" ;; esac ;;
    esac
  done
  for pid in $all; do kill -s KILL -- "-$pid" 2>/dev/null; done
  for found in $(grep -Fsl -e "#{@variable}=$1" /proc/[0-9]*/environ); do
    found=${found#/proc/}
    kill -s KILL "${found%/environ}" 2>/dev/null
  done
  """

  @spec start_link(atom()) :: GenServer.on_start()
  def start_link(table), do: GenServer.start_link(__MODULE__, table)

  @doc "The variable by which what a process starts is found, and its value: one for each call."
  @spec mark(atom()) :: {String.t(), String.t()}
  def mark(table),
    do: {@variable, "#{Place.mark(table)};#{System.unique_integer([:positive])};"}

  @doc "This process group, and what is marked so, is ended with the calling process at the latest."
  @spec watch(atom(), pos_integer(), String.t()) :: :ok
  def watch(table, os_pid, mark), do: tell(table, {:watch, self(), os_pid, mark})

  @doc "The leader of the group has ended; the rest is ended now."
  @spec ended(atom(), pos_integer() | nil) :: :ok
  def ended(_table, nil), do: :ok
  def ended(table, os_pid), do: tell(table, {:ended, self(), os_pid})

  @doc "Ends these processes."
  @spec strays(atom(), [os_pid :: String.t()]) :: :ok
  def strays(table, pids), do: tell(table, {:strays, pids})

  defp tell(table, message) do
    case :ets.lookup(table, :reaper) do
      [{:reaper, pid}] -> GenServer.cast(pid, message)
      [] -> :ok
    end
  end

  @impl true
  def init(table) do
    Process.flag(:trap_exit, true)
    :ets.insert(table, {:reaper, self()})
    s = %{table: table, port: nil, since: nil, due: :queue.new(), groups: %{}, owners: %{}}
    {:ok, open(Map.merge(s, %{left: MapSet.new(), looks?: false})), {:continue, :sweep}}
  end

  # Beside everything else: nobody waits for it.
  @impl true
  def handle_continue(:sweep, s) do
    spawn_link(fn -> Leftovers.sweep(s.table) end)
    {:noreply, s}
  end

  @impl true
  def handle_cast({:watch, owner, os_pid, mark}, s) do
    s = put_in(s.groups[os_pid], {owner, mark})
    owners = Map.put_new_lazy(s.owners, owner, fn -> Process.monitor(owner) end)
    {:noreply, tell_shell(%{s | owners: owners}, "watch #{os_pid}")}
  end

  def handle_cast({:ended, owner, os_pid}, s) do
    case s.groups do
      %{^os_pid => {^owner, _mark}} -> {:noreply, finished(s, [os_pid])}
      _unknown -> {:noreply, s}
    end
  end

  def handle_cast({:strays, pids}, s), do: {:noreply, ended_strays(s, pids)}

  @impl true
  def handle_info({:DOWN, _monitor, :process, owner, _reason}, s) do
    theirs = for {os_pid, {^owner, _mark}} <- s.groups, do: os_pid
    {:noreply, finished(%{s | owners: Map.delete(s.owners, owner)}, theirs)}
  end

  # Each dot is an order that was carried out.
  def handle_info({port, {:data, dots}}, %{port: port} = s) do
    {_done, due} = :queue.split(min(byte_size(dots), :queue.len(s.due)), s.due)
    {:noreply, %{s | due: due}}
  end

  # Somebody has ended the shell: another takes its place.
  def handle_info({:EXIT, port, _reason}, %{port: port} = s) do
    lived = System.monotonic_time(:millisecond) - s.since
    Process.send_after(self(), :again, if(lived < @again, do: @again, else: 0))
    {:noreply, %{s | port: nil}}
  end

  def handle_info(:again, s), do: {:noreply, renewed(s)}

  def handle_info({:strays, pids}, s), do: {:noreply, ended_strays(s, pids)}

  def handle_info(:looked, s), do: {:noreply, look(%{s | looks?: false}, [])}
  def handle_info(_other, s), do: {:noreply, s}

  # What is to be ended is, though there is no shell just now.
  @impl true
  def terminate(_reason, %{port: nil} = s), do: renewed(s)
  def terminate(_reason, _s), do: :ok

  defp ended_strays(s, pids), do: Enum.reduce(pids, s, &order(&2, {"stray", &1}))

  defp finished(s, os_pids) do
    {ended, groups} = Map.split(s.groups, os_pids)
    s = Enum.reduce(os_pids, %{s | groups: groups}, &order(&2, {"ended", &1}))
    look(s, for({_os_pid, {_owner, mark}} <- ended, do: mark))
  end

  # One process looks at a time, for all that was asked meanwhile.
  defp look(s, marks) do
    left = MapSet.union(s.left, MapSet.new(marks))

    if s.looks? or MapSet.size(left) == 0 do
      %{s | left: left}
    else
      reaper = self()
      spawn_link(fn -> send(reaper, {:strays, Strays.find(left)}) end)
      Process.send_after(self(), :looked, @every)
      %{s | left: MapSet.new(), looks?: true}
    end
  end

  defp open(s) do
    arguments = ["-c", @script, "envmgr-reaper", "#{Place.mark(s.table)};"]
    port = Port.open({:spawn_executable, "/bin/sh"}, [:binary, :hide, args: arguments])
    %{s | port: port, since: System.monotonic_time(:millisecond)}
  rescue
    # A system without a shell: what is in groups ends with their workers as far as those see to it.
    ErlangError -> %{s | port: :none, due: :queue.new()}
  end

  # A number may be another worker's by now.
  defp renewed(s) do
    s = Enum.reduce(s.groups, open(s), fn {os_pid, _}, s -> tell_shell(s, "watch #{os_pid}") end)
    due = :queue.filter(fn {_what, os_pid} -> not is_map_key(s.groups, os_pid) end, s.due)
    Enum.reduce(:queue.to_list(due), %{s | due: :queue.new()}, &order(&2, &1))
  end

  defp order(%{port: :none} = s, _order), do: s

  defp order(s, {what, os_pid} = order),
    do: tell_shell(%{s | due: :queue.in(order, s.due)}, "#{what} #{os_pid}")

  defp tell_shell(%{port: port} = s, _line) when not is_port(port), do: s

  defp tell_shell(s, line) do
    Port.command(s.port, [line, ?\n])
    s
  rescue
    # It has ended; its message is on the way.
    ArgumentError -> s
  end
end
