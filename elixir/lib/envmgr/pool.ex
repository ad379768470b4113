defmodule Envmgr.Pool do
  # The room of workers: one pool per environment. Imports libraries, values and wire.
  #
  #   Pool (supervisor, one per environment, all or none)
  #   ├── DynamicSupervisor: an Owner for each worker, the only process that writes to its port
  #   └── Server: how many workers there are, of which generation; publishes the route that callers read
  @moduledoc false

  use Supervisor
  @behaviour Envmgr.Libraries.Manager

  alias Envmgr.Error
  alias Envmgr.Libraries.{Catalog, Manager, Unknown}
  alias Envmgr.Pool.{Pools, Route, Server}

  def start_link({options, manifest, manager}) do
    Supervisor.start_link(__MODULE__, {options, manifest, manager})
  end

  @impl Supervisor
  def init({options, manifest, manager}) do
    children = [
      %{id: :owners, start: {Envmgr.Pool.Owners, :start_link, []}, type: :supervisor},
      {Server, %{options: options, manifest: manifest, manager: manager, supervisor: self()}}
    ]

    Supervisor.init(children, strategy: :one_for_all)
  end

  @impl Envmgr.Libraries.Manager
  def change(instance, environment, manifest) do
    cast(instance, environment, {:change, manifest})
  end

  @impl Envmgr.Libraries.Manager
  def remove(instance, environment), do: cast(instance, environment, :remove)

  @doc "Waits until the environment's catalogs are loaded. A caller asks this only when it found no path."
  @spec await_catalog(atom(), String.t(), timeout()) :: :ok | :timeout | {:error, Error.t()}
  def await_catalog(instance, environment, timeout) do
    ask(instance, environment, :await_catalog, timeout)
  end

  @doc "Waits until a worker of the pool is ready; a lazy pool starts some. The error says why none will be soon."
  @spec await_worker(atom(), String.t(), String.t() | nil, timeout()) ::
          :ok | :timeout | {:error, Error.t()}
  def await_worker(instance, environment, pool, timeout) do
    ask(instance, environment, {:await_worker, Pools.name(pool), timeout}, timeout)
  end

  @doc """
  Waits until calls reach workers of this generation; of whichever is wanted now, for nil. The error says why they will
  not soon.
  """
  @spec await_generation(atom(), String.t(), pos_integer() | nil) :: :ok | {:error, Error.t()}
  def await_generation(instance, environment, generation \\ nil) do
    ask(instance, environment, {:await_generation, generation}, :infinity)
  end

  @doc "Has an environment's pools, by their supervisor, finish their calls and take no more. Returns when they have, within `grace` ms."
  @spec shut(pid(), pos_integer()) :: :ok | :timeout
  def shut(supervisor, grace) do
    for {Server, server, _, _} when is_pid(server) <- Supervisor.which_children(supervisor),
        do: GenServer.call(server, :shut, grace)

    :ok
  catch
    :exit, _ended_or_late -> :timeout
  end

  @doc "How many calls the pool of a call runs at a time when it is as large as it may; 1 where nothing is known of it."
  @spec capacity(atom(), String.t() | nil, keyword()) :: pos_integer()
  def capacity(instance, environment, opts) do
    Pools.capacity(instance, environment, pool(opts))
  rescue
    ArgumentError -> 1
  end

  @doc "Whether each call has a worker of its own there."
  @spec once?(atom(), String.t() | nil, keyword()) :: boolean()
  def once?(instance, environment, opts) do
    Pools.once?(instance, environment, pool(opts))
  rescue
    ArgumentError -> false
  end

  defp pool(opts),
    do: with(pool when is_atom(pool) and pool != nil <- opts[:pool], do: to_string(pool))

  @doc "Loads a library that was unloaded. Returns when it has a worker."
  @spec load(atom(), String.t()) :: :ok | {:error, Error.t()}
  def load(instance, library) do
    with {:ok, environment} <- Manager.load(instance, library),
         :ok <- await_generation(instance, environment) do
      pool = List.first(Pools.serving(instance, environment, library))
      await_worker(instance, environment, pool, :infinity)
    else
      :error -> {:error, Unknown.error(instance, library)}
      {:error, error} -> {:error, error}
    end
  end

  @doc "Unloads a library. Returns when no new call reaches it."
  @spec unload(atom(), String.t()) :: :ok | {:error, Error.t()}
  def unload(instance, library) do
    with {:ok, environment} <- Manager.unload(instance, library),
         {:error, error} <- await_generation(instance, environment) do
      # Its environment is gone, and with it the pool that was asked.
      if List.keymember?(Catalog.libraries(instance), library, 0), do: {:error, error}, else: :ok
    else
      :ok -> :ok
      :error -> {:error, Unknown.error(instance, library)}
    end
  end

  defp cast(instance, environment, message) do
    with {_generation, _workers, pool} <- Route.lookup(instance, environment),
         do: GenServer.cast(pool, message)

    :ok
  end

  defp ask(instance, environment, question, timeout) do
    case Route.lookup(instance, environment) do
      {_generation, _workers, pool} -> GenServer.call(pool, question, timeout)
      nil -> {:error, gone(environment)}
    end
  catch
    :exit, {:timeout, _call} -> :timeout
    :exit, _ended -> {:error, gone(environment)}
  end

  defp gone(environment) do
    %Error{
      code: :not_ready,
      environment: environment,
      message: "the pool of environment #{environment} is not running"
    }
  end
end
