defmodule Envmgr.Libraries.Manager do
  # Looks at the launch manifests four times a second and tells the pools what changed. It knows pools only as a module
  # with three functions, so that the arrow between the rooms points one way.
  @moduledoc false

  use GenServer
  require Logger

  alias Envmgr.Libraries.Manifest
  alias Envmgr.Options

  @interval 250
  # A file's time has a second's resolution: two changes within one second are told apart by reading.
  @recent 2

  @callback child_spec({Options.t(), Manifest.t(), manager :: pid()}) :: Supervisor.child_spec()
  @callback change(instance :: atom(), environment :: String.t(), Manifest.t()) :: :ok
  @callback remove(instance :: atom(), environment :: String.t()) :: :ok

  @spec start_link({Options.t(), module(), GenServer.server()}) :: GenServer.on_start()
  def start_link({options, pools, supervisor}) do
    GenServer.start_link(__MODULE__, {options, pools, supervisor})
  end

  @impl true
  def init({options, pools, supervisor}) do
    state = %{
      options: options,
      pools: pools,
      supervisor: supervisor,
      seen: %{},
      running: %{},
      removing: %{}
    }

    {:ok, look(state)}
  end

  @impl true
  def handle_info(:look, state), do: {:noreply, look(state)}

  # After remove/2, when the environment's last worker is gone.
  def handle_info({:removed, environment}, state) do
    with {pid, _monitor} <- state.removing[environment],
         do: DynamicSupervisor.terminate_child(state.supervisor, pid)

    {:noreply, state}
  end

  # An environment that fell over alone is started again at the next look.
  def handle_info({:DOWN, monitor, :process, pid, _reason}, state) do
    gone = fn environments ->
      for {name, entry} <- environments, entry != {pid, monitor}, into: %{}, do: {name, entry}
    end

    running = gone.(state.running)
    seen = Map.drop(state.seen, Map.keys(state.running) -- Map.keys(running))
    {:noreply, %{state | running: running, removing: gone.(state.removing), seen: seen}}
  end

  defp look(%{options: %{project: nil}} = state), do: state

  defp look(state) do
    Process.send_after(self(), :look, @interval)
    directory = Path.join([state.options.project, ".envmgr", "envs"])

    present =
      case File.ls(directory) do
        {:ok, names} -> names
        {:error, _none} -> []
      end

    (present ++ Map.keys(state.running))
    |> Enum.uniq()
    |> Enum.reject(&is_map_key(state.removing, &1))
    |> Enum.reduce(state, &look_at(&1, Path.join([directory, &1, "launch.msgpack"]), &2))
  end

  defp look_at(environment, path, state) do
    case File.stat(path, time: :posix) do
      {:ok, stat} ->
        print = {stat.inode, stat.size, stat.mtime}
        old? = System.os_time(:second) - stat.mtime > @recent

        if old? and match?({^print, _}, state.seen[environment]),
          do: state,
          else: read(environment, path, print, state)

      {:error, :enoent} ->
        remove(environment, state)

      {:error, _unreadable} ->
        state
    end
  end

  defp read(environment, path, print, state) do
    with {:ok, content} <- File.read(path) do
      known? = match?({_, ^content}, state.seen[environment])
      state = put_in(state.seen[environment], {print, content})
      if known?, do: state, else: parse(environment, content, state)
    else
      {:error, _replaced_meanwhile} -> state
    end
  end

  defp parse(environment, content, state) do
    case Manifest.parse(content) do
      {:ok, %{environment: ^environment} = manifest} ->
        run(environment, manifest, state)

      {:ok, %{environment: other}} ->
        Logger.error("envmgr: the launch manifest of #{environment} names #{other}; not used")
        state

      {:error, reason} ->
        Logger.error("envmgr: the launch manifest of #{environment} is not used: #{reason}")
        state
    end
  end

  defp run(environment, manifest, state) when is_map_key(state.running, environment) do
    state.pools.change(state.options.name, environment, manifest)
    state
  end

  defp run(environment, manifest, state) do
    spec =
      Supervisor.child_spec({state.pools, {state.options, manifest, self()}}, restart: :temporary)

    case DynamicSupervisor.start_child(state.supervisor, spec) do
      {:ok, pid} ->
        put_in(state.running[environment], {pid, Process.monitor(pid)})

      {:error, reason} ->
        Logger.error("envmgr: the pool of #{environment} does not start: #{inspect(reason)}")
        %{state | seen: Map.delete(state.seen, environment)}
    end
  end

  defp remove(environment, state) do
    case Map.pop(state.running, environment) do
      {nil, _running} ->
        %{state | seen: Map.delete(state.seen, environment)}

      {entry, running} ->
        state.pools.remove(state.options.name, environment)

        %{
          state
          | running: running,
            removing: Map.put(state.removing, environment, entry),
            seen: Map.delete(state.seen, environment)
        }
    end
  end
end
