defmodule Envmgr.Libraries.Usage.Keeper do
  # Writes what an instance has counted: every minute in which something was called, at its end, and where the VM is halted
  # without one, as `mix run` and scripts are. At its start it takes over what instances that have ended left behind. Callers never wait for it.
  @moduledoc false

  use GenServer
  require Logger

  alias Envmgr.Libraries.Usage
  alias Envmgr.Libraries.Usage.{Record, Saved}
  alias Envmgr.Options

  @interval 60_000
  # A path that nobody has called for so long is forgotten, ms.
  @kept 30 * 24 * 3_600_000

  # `inherited`: records of instances that have ended. `written`: what is in the file of those that this one has counted; nil
  # before there is one.
  defstruct [
    :table,
    :project,
    :id,
    :written,
    :process,
    inherited: [],
    includes: [],
    told?: false
  ]

  # How long a VM that is halted waits, ms.
  @patience 2_000

  @spec start_link(Options.t()) :: GenServer.on_start()
  def start_link(options) do
    name = Module.concat(options.name, "Usage")

    with {:ok, _pid} = started <- GenServer.start_link(__MODULE__, options, name: name) do
      at_exit(name)
      started
    end
  end

  # Once for a name, whoever bears it then.
  defp at_exit(name) do
    if not :persistent_term.get({__MODULE__, name}, false) do
      :persistent_term.put({__MODULE__, name}, true)
      System.at_exit(fn _status -> if pid = Process.whereis(name), do: save(pid) end)
    end
  end

  @doc "Writes what has been counted since it was last written."
  @spec save(pid()) :: :ok
  def save(pid) do
    GenServer.call(pid, :save, @patience)
  catch
    :exit, _gone_or_slow -> :ok
  end

  @doc "The records of all instances of the project by path, of this one as they are now. Reads the files of the others."
  @spec read(atom()) :: %{String.t() => Record.t()}
  def read(table) do
    past =
      case :ets.lookup(table, :usage) do
        [{:usage, project, id, inherited, _written}] ->
          {files, _included, _damaged} = Saved.all(project)
          [inherited | for(file <- files, file.id != id, do: file.records)]

        [] ->
          []
      end

    Record.sum([Usage.read(table) | past])
  end

  @impl true
  def init(%Options{project: nil}), do: :ignore

  def init(options) do
    Process.flag(:trap_exit, true)
    s = %__MODULE__{table: options.name, project: options.project, process: Saved.myself()}

    case :ets.lookup(s.table, :usage) do
      [{:usage, _project, id, inherited, written}] ->
        {:ok, look_later(%{s | id: id, inherited: inherited, written: written})}

      [] ->
        {:ok, look_later(publish(%{s | id: Saved.id()})), {:continue, :inherit}}
    end
  end

  @impl true
  def handle_continue(:inherit, s), do: {:noreply, inherit(s)}

  @impl true
  def handle_info(:look, s) do
    s = s |> look_later() |> surrender()

    if Usage.read(s.table) == (s.written || []) do
      # So that others see that this VM lives.
      File.touch(Saved.path(s.project, s.id))
      {:noreply, s}
    else
      {:noreply, write(s)}
    end
  end

  def handle_info(_late, s), do: {:noreply, s}

  # Not as closed: what is still called is counted by whoever looks next.
  @impl true
  def handle_call(:save, _from, s) do
    s = surrender(s)
    {:reply, :ok, if(Usage.read(s.table) == (s.written || []), do: s, else: write(s))}
  end

  @impl true
  def terminate(_reason, s) do
    s = surrender(s)
    if s.written || Usage.read(s.table) != [], do: write(s, true)
  end

  defp look_later(s) do
    Process.send_after(self(), :look, @interval)
    s
  end

  # The numbers of each are in one file at any time, or in two of which one names the other.
  defp inherit(s) do
    {files, included, damaged} = Saved.all(s.project)
    for file <- included, do: File.rm(file.path)
    for {path, why} <- damaged, do: aside(path, why)

    case for(file <- files, {:ok, claimed} <- [Saved.claim(file, s.project, s.id)], do: claimed) do
      [] -> s
      claimed -> take_over(s, claimed)
    end
  end

  defp take_over(s, claimed) do
    inherited = claimed |> Enum.map(& &1.records) |> Record.sum() |> Map.values()
    s = write(%{s | inherited: inherited, includes: Enum.map(claimed, & &1.id)})

    if s.written do
      left = for file <- claimed, File.rm(file.path) not in [:ok, {:error, :enoent}], do: file.id
      publish(%{s | includes: left})
    else
      # They stay where they are, and are read there.
      %{s | inherited: [], includes: []}
    end
  end

  defp aside(path, why) do
    aside = Path.rootname(path) <> ".damaged"
    File.rename(path, aside)

    Logger.warning(
      "envmgr: statistics of calls cannot be read: #{why}; they are kept as #{aside}"
    )
  end

  # While this VM stood still, another one took it for ended and took its file: what was in there is counted by that one.
  defp surrender(%{written: nil} = s), do: s

  defp surrender(s) do
    if File.exists?(Saved.path(s.project, s.id)) do
      s
    else
      Usage.take(s.table, s.written)
      publish(%{s | id: Saved.id(), inherited: [], written: nil})
    end
  end

  defp write(s, closed? \\ false) do
    own = Usage.read(s.table)
    since = System.os_time(:millisecond) - @kept

    records =
      for {_path, record} <- Record.sum([own, s.inherited]), record.last >= since, do: record

    file = %Saved{
      id: s.id,
      process: s.process,
      includes: s.includes,
      closed?: closed?,
      records: records
    }

    case Saved.write(file, s.project) do
      :ok -> publish(%{s | written: own, told?: false})
      {:error, reason} -> not_written(s, reason)
    end
  end

  # It is tried again every minute, and said once.
  defp not_written(%{told?: true} = s, _reason), do: s

  defp not_written(s, reason) do
    Logger.warning(
      "envmgr: the statistics of calls cannot be written to #{Saved.directory(s.project)}: #{:file.format_error(reason)}"
    )

    %{s | told?: true}
  end

  # Where `read/1` finds it, and this process when it has crashed.
  defp publish(s) do
    :ets.insert(s.table, {:usage, s.project, s.id, s.inherited, s.written})
    s
  end
end
