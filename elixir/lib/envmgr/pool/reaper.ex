defmodule Envmgr.Pool.Reaper do
  # Nothing that workers have started outlives them, and nothing of ours outlives this VM, whatever kills it: a shell outside
  # the VM knows the process groups of all workers and zygotes of an instance, and ends them when its input does.
  #
  # What has left its group is found by the environment that it was started with, where the system shows that (Linux): every
  # worker has a mark in it, `ENVMGR_WORKER`, whose beginning is the instance's own. Processes that are to live on are started
  # without it.
  @moduledoc false

  use GenServer

  alias Envmgr.Pool.{Leftovers, Place}

  @variable "ENVMGR_WORKER"
  @again 1_000

  # One line an order. `kill` is the shell's own; looking for a mark takes one program.
  @script """
  trap '' HUP INT QUIT TERM
  cd /
  marked() {
    for found in $(grep -Fsl -e "#{@variable}=$1" /proc/[0-9]*/environ); do
      found=${found#/proc/}
      kill -KILL "${found%/environ}" 2>/dev/null
    done
  }
  all=' '
  while read -r what pid mark; do
    case $what in
      watch) all="$all$pid " ;;
      left) marked "$mark" ;;
      ended)
        kill -KILL -- "-$pid" 2>/dev/null
        case $all in *" $pid "*) all="${all%% $pid *} ${all#* $pid }" ;; esac
        marked "$mark" ;;
    esac
  done
  for pid in $all; do kill -KILL -- "-$pid" 2>/dev/null; done
  marked "$1"
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

  @doc "Ends what an instance that is gone has left."
  @spec left(atom(), instance :: String.t()) :: :ok
  def left(table, instance), do: tell(table, {:left, instance})

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
    {:ok, open(%{table: table, port: nil, groups: %{}, owners: %{}}), {:continue, :sweep}}
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
    {:noreply, say(%{s | owners: owners}, "watch #{os_pid}")}
  end

  def handle_cast({:ended, owner, os_pid}, s) do
    case s.groups do
      %{^os_pid => {^owner, _mark}} -> {:noreply, finished(s, [os_pid])}
      _unknown -> {:noreply, s}
    end
  end

  def handle_cast({:left, instance}, s), do: {:noreply, say(s, "left 0 #{instance};")}

  @impl true
  def handle_info({:DOWN, _monitor, :process, owner, _reason}, s) do
    theirs = for {os_pid, {^owner, _mark}} <- s.groups, do: os_pid
    {:noreply, finished(%{s | owners: Map.delete(s.owners, owner)}, theirs)}
  end

  # Somebody has ended the shell: another takes its place.
  def handle_info({:EXIT, port, _reason}, %{port: port} = s) do
    Process.send_after(self(), :again, @again)
    {:noreply, %{s | port: nil}}
  end

  def handle_info(:again, s) do
    s = open(s)
    {:noreply, Enum.reduce(s.groups, s, fn {os_pid, _}, s -> say(s, "watch #{os_pid}") end)}
  end

  def handle_info(_other, s), do: {:noreply, s}

  defp finished(s, os_pids) do
    Enum.reduce(os_pids, s, fn os_pid, s ->
      {{_owner, mark}, groups} = Map.pop!(s.groups, os_pid)
      say(%{s | groups: groups}, "ended #{os_pid} #{mark}")
    end)
  end

  defp open(s) do
    arguments = ["-c", @script, "envmgr-reaper", "#{Place.mark(s.table)};"]

    %{s | port: Port.open({:spawn_executable, "/bin/sh"}, [:binary, :hide, args: arguments])}
  rescue
    # A system without a shell: what is in groups ends with their workers as far as those see to it.
    ErlangError -> %{s | port: nil}
  end

  defp say(%{port: nil} = s, _order), do: s

  defp say(s, order) do
    Port.command(s.port, [order, ?\n])
    s
  rescue
    # It has ended; its message is on the way.
    ArgumentError -> s
  end
end
