defmodule Envmgr.Libraries.Manager do
  # Looks at the launch manifests four times a second and tells the pools what changed. It knows pools only as a module
  # with three functions, so that the arrow between the rooms points one way.
  #
  # A library that was unloaded is taken out of its manifest; an environment without libraries has no pool.
  @moduledoc false

  use GenServer
  require Logger

  alias Envmgr.{Commands, Error}
  alias Envmgr.Libraries.{Manifest, State}
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

  @doc "Looks now, and loads every library that was unloaded. Returns when the pools were told."
  @spec load_all(atom()) :: :ok
  def load_all(instance), do: ask(instance, :load_all)

  @doc "Loads a library of an active environment: the environment. `:error` when none has it."
  @spec load(atom(), String.t()) :: {:ok, String.t()} | :error
  def load(instance, library), do: ask(instance, {:load, library})

  @doc "Unloads a library, until it is loaded again: its environment. `:error` when none has it."
  @spec unload(atom(), String.t()) :: {:ok, String.t()} | :error
  def unload(instance, library), do: ask(instance, {:unload, library})

  @impl true
  def init({options, pools, supervisor}) do
    :ets.insert(options.name, {:manager, self()})

    state = %{
      options: options,
      pools: pools,
      supervisor: supervisor,
      seen: %{},
      manifests: %{},
      broken: %{},
      running: %{}
    }

    {:ok, state |> unloaded(MapSet.new()) |> look_later() |> survey()}
  end

  @impl true
  def handle_call(:load_all, _from, state) do
    {loaded, state} = {state.unloaded, survey(unloaded(state, MapSet.new()))}
    environments = for library <- loaded, {:ok, found} <- [home(state, library)], do: found
    {:reply, :ok, environments |> Enum.uniq() |> Enum.reduce(state, &apply_manifest/2)}
  end

  def handle_call({:load, library}, _from, state),
    do: choose(library, survey(state), &MapSet.delete/2)

  def handle_call({:unload, library}, _from, state),
    do: choose(library, survey(state), &MapSet.put/2)

  @impl true
  def handle_info(:look, state), do: {:noreply, state |> look_later() |> survey()}

  # After remove/2, when the last worker of that pool is gone.
  def handle_info({:removed, pid}, state) do
    DynamicSupervisor.terminate_child(state.supervisor, pid)
    {:noreply, state}
  end

  # An environment that fell over alone is started again at the next look.
  def handle_info({:DOWN, monitor, :process, pid, _reason}, state) do
    fallen = for {name, {^pid, ^monitor}} <- state.running, do: name
    state = %{state | running: Map.drop(state.running, fallen)}
    {:noreply, %{state | seen: Map.drop(state.seen, fallen)}}
  end

  defp ask(instance, question) do
    [{:manager, manager}] = :ets.lookup(instance, :manager)
    GenServer.call(manager, question, :infinity)
  end

  defp choose(library, state, change) do
    case home(state, library) do
      {:ok, environment} ->
        state = unloaded(state, change.(state.unloaded, library))
        {:reply, {:ok, environment}, apply_manifest(environment, state)}

      :error ->
        {:reply, :error, state}
    end
  end

  # Where Libraries.Unknown finds why a library is not there.
  defp unloaded(state, libraries) do
    :ets.insert(state.options.name, {:unloaded, libraries})
    Map.put(state, :unloaded, libraries)
  end

  defp home(state, library) do
    Enum.find_value(state.manifests, :error, fn {environment, manifest} ->
      if is_map_key(manifest.libraries, library), do: {:ok, environment}
    end)
  end

  defp look_later(%{options: %{project: nil}} = state), do: state

  defp look_later(state) do
    Process.send_after(self(), :look, @interval)
    state
  end

  # What comes is started before what goes is stopped: a library that moves to a new environment is always in one. Where something
  # is gone, what takes its place may have come after the first look.
  defp survey(%{options: %{project: nil}} = state), do: state

  defp survey(state) do
    known = Map.keys(state.seen)
    present = present(state)
    new = present -- known
    {gone, state} = Enum.flat_map_reduce(new ++ (present -- new), state, &look_at/2)

    case gone ++ (known -- present) do
      [] -> state
      gone -> state |> arrived(present(state) -- present) |> forget(gone)
    end
  end

  defp present(state) do
    case File.ls(directory(state)) do
      {:ok, names} -> names
      {:error, _none} -> []
    end
  end

  defp directory(state), do: Path.join([state.options.project, ".envmgr", "envs"])

  defp arrived(state, new) do
    {_gone, state} = Enum.flat_map_reduce(new, state, &look_at/2)
    state
  end

  # Unless it has come back.
  defp forget(state, environments) do
    {gone, state} = Enum.flat_map_reduce(environments, state, &look_at/2)
    Enum.reduce(gone, state, &gone/2)
  end

  defp look_at(environment, state) do
    path = Path.join([directory(state), environment, "launch.msgpack"])

    case File.stat(path, time: :posix) do
      {:ok, stat} ->
        print = {stat.inode, stat.size, stat.mtime}
        old? = System.os_time(:second) - stat.mtime > @recent

        if old? and match?({^print, _}, state.seen[environment]),
          do: {[], state},
          else: {[], read(environment, path, print, state)}

      {:error, :enoent} ->
        {[environment], state}

      {:error, _unreadable} ->
        {[], state}
    end
  end

  defp gone(environment, state) do
    state = remove(environment, state)
    {seen, manifests} = {state.seen, state.manifests}

    %{
      state
      | seen: Map.delete(seen, environment),
        manifests: Map.delete(manifests, environment)
    }
    |> sound(environment)
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
    case Manifest.parse(content, state.options.project) do
      {:ok, %{environment: ^environment} = manifest} ->
        state = put_in(state.manifests[environment], manifest)
        environment |> apply_manifest(state) |> sound(environment)

      {:ok, %{environment: other}} ->
        broken(state, environment, content, "it names #{other}")

      {:error, reason} ->
        broken(state, environment, content, reason)
    end
  end

  # What ran before serves on. The file is looked at again as soon as it is another one.
  defp broken(state, environment, content, why) do
    Logger.error("envmgr: the launch manifest of #{environment} is not used: #{why}")

    error =
      Error.classified(%Error{
        code: :not_installed,
        environment: environment,
        message: "the launch manifest of environment #{environment} cannot be used: #{why}",
        hint: "run #{Commands.install()}, which writes it again"
      })

    State.broken(state.options.name, environment, error)
    libraries = with [] <- Manifest.names(content), do: [environment]
    absent(put_in(state.broken[environment], {error, libraries}))
  end

  defp sound(state, environment) when is_map_key(state.broken, environment) do
    State.broken(state.options.name, environment, nil)
    absent(%{state | broken: Map.delete(state.broken, environment)})
  end

  defp sound(state, _environment), do: state

  defp absent(state) do
    libraries =
      for {environment, {error, names}} <- state.broken,
          not is_map_key(state.running, environment),
          name <- names,
          do: {name, environment, %{error | library: name}}

    State.absent(state.options.name, :manager, libraries)
    state
  end

  defp apply_manifest(environment, state) do
    case Manifest.without(state.manifests[environment], state.unloaded) do
      nil -> remove(environment, state)
      manifest -> run(environment, manifest, state)
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

  # The pool ends by itself when its last call is answered; another may run for the environment meanwhile.
  defp remove(environment, state) do
    if is_map_key(state.running, environment),
      do: state.pools.remove(state.options.name, environment)

    %{state | running: Map.delete(state.running, environment)}
  end
end
