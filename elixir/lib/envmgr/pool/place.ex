defmodule Envmgr.Pool.Place do
  # The directory of an instance below the system's temporary one: what its workers meet it by is made there, and only its user
  # may enter. Its name carries the VM's process and something that no other instance has: whatever kills the VM, the next one
  # to boot knows whose directory it was, and ends and deletes what was left.
  #
  # A directory is in use as long as somebody listens on the socket `here` in it; that also holds between containers that share
  # the temporary directory, whose process numbers mean nothing to each other.
  @moduledoc false

  use GenServer
  require Logger

  @here "here"
  @patience 1_000

  @spec start_link(atom()) :: GenServer.on_start()
  def start_link(table), do: GenServer.start_link(__MODULE__, table)

  @doc "What tells this instance's processes from others': the name of its directory. nil before it has one."
  @spec mark(atom()) :: String.t() | nil
  def mark(table) do
    case :ets.lookup(table, :place) do
      [{:place, path}] -> path && Path.basename(path)
      [] -> nil
    end
  end

  @doc "A new path in the directory, that nothing is at; nil where there is no directory."
  @spec path(atom(), String.t()) :: String.t() | nil
  def path(table, kind) do
    case :ets.lookup(table, :place) do
      [{:place, path}] when path != nil ->
        Path.join(path, "#{kind}#{System.unique_integer([:positive])}")

      _none ->
        nil
    end
  end

  @doc "As `path/2`, of a directory that is made."
  @spec directory(atom(), String.t()) :: String.t() | nil
  def directory(table, kind) do
    with path when path != nil <- path(table, kind),
         :ok <- File.mkdir(path),
         do: path,
         else: (_ -> nil)
  end

  @impl true
  def init(table) do
    Process.flag(:trap_exit, true)
    path = Path.join(temporary(), "envmgr-#{System.pid()}-#{unique()}")

    with :ok <- File.mkdir(path),
         :ok <- File.chmod(path, 0o700),
         {:ok, socket} <- listen(Path.join(path, @here)) do
      :ets.insert(table, {:place, path})
      {:ok, %{path: path, socket: socket}}
    else
      why ->
        Logger.warning(
          "envmgr: no directory #{path} (#{inspect(why)}): no second lane, no zygotes"
        )

        File.rm_rf(path)
        :ets.insert(table, {:place, nil})
        {:ok, %{path: nil, socket: nil}}
    end
  end

  @impl true
  def terminate(_reason, s), do: if(s.path, do: File.rm_rf(s.path))

  @doc "Whether the instance whose directory this is lives; nil: it has none to be asked by."
  @spec in_use?(String.t()) :: boolean() | nil
  def in_use?(path) do
    case :gen_tcp.connect({:local, Path.join(path, @here)}, 0, [], @patience) do
      {:ok, socket} ->
        :gen_tcp.close(socket)
        true

      {:error, :econnrefused} ->
        false

      {:error, missing} when missing in [:enoent, :enotdir] ->
        nil

      {:error, _busy} ->
        true
    end
  end

  @doc "The system's temporary directory."
  @spec temporary() :: String.t()
  def temporary, do: System.tmp_dir() || "/tmp"

  defp listen(path), do: :gen_tcp.listen(0, ifaddr: {:local, path}, active: false)
  defp unique, do: Base.encode32(:rand.bytes(5), case: :lower, padding: false)
end
