defmodule Envmgr.Instance do
  # One project in this VM. Owns the table that callers read, so that no crash below takes it away.
  @moduledoc false

  use Supervisor
  require Logger

  alias Envmgr.{Libraries, Options, Pool, Reload}
  alias Envmgr.Calls.{Cache, Errors, Holders, Places, Sessions}
  alias Envmgr.Libraries.{Unknown, Usage}
  alias Envmgr.Values.Decoders

  @spec start_link(Options.t()) :: Supervisor.on_start()
  def start_link(%Options{name: name} = options) do
    case :ets.whereis(name) do
      :undefined -> Supervisor.start_link(__MODULE__, options)
      table -> {:error, {:already_started, :ets.info(table, :owner)}}
    end
  end

  @impl true
  def init(options) do
    :ets.new(options.name, [:named_table, :public, read_concurrency: true])
    :ets.insert(options.name, {:project, options.project})
    if error = options.project && Unknown.no_directory(options.project), do: tell(error)
    Errors.open(options.name)
    Decoders.register(options.name, options.decoders)
    {:ok, hooks} = Libraries.Hooks.parse(options.hooks)
    Libraries.Hooks.register(options.name, hooks)
    pools = Module.concat(options.name, "Pools")

    serving = [
      %{id: :place, start: {Pool.Place, :start_link, [options.name]}},
      %{id: :reaper, start: {Pool.Reaper, :start_link, [options.name]}},
      {DynamicSupervisor, name: pools, strategy: :one_for_one},
      %{id: :manager, start: {Libraries.Manager, :start_link, [{options, Pool, pools}]}}
    ]

    # Calls need all but the last two: nothing that happens to those reaches them.
    children = [
      {Holders, options},
      {Places, options.name},
      {Cache.Keeper, options.name},
      {Sessions, options},
      {Usage.Keeper, options},
      %{
        id: :serving,
        start: {Supervisor, :start_link, [serving, [strategy: :one_for_all]]},
        type: :supervisor
      },
      {Reload.Server, options},
      {Pool.Shutdown, {options, pools}}
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end

  # Nothing else would say so before the first call: the directory may still come.
  defp tell(error), do: Logger.warning("envmgr: #{error.message}; #{error.hint}")
end
