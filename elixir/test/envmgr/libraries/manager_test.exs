defmodule Envmgr.Libraries.ManagerTest do
  # What the manager tells pools, in which order.
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.Manager
  alias Envmgr.Options
  alias Envmgr.Test.Project

  # Pools that only tell what they are told; the start of one does what the test wants done just then.
  defmodule Pools do
    @behaviour Manager

    @impl true
    def child_spec({options, manifest, _manager}) do
      %{id: manifest.environment, start: {__MODULE__, :start, [options.name, manifest]}}
    end

    def start(name, manifest) do
      tell(name, {:start, manifest.environment})
      [{:meanwhile, meanwhile}] = :ets.lookup(name, :meanwhile)
      meanwhile.(manifest.environment)
      Agent.start_link(fn -> nil end)
    end

    @impl true
    def change(name, environment, _manifest), do: tell(name, {:change, environment})

    @impl true
    def remove(name, environment), do: tell(name, {:remove, environment})

    defp tell(name, what) do
      [{:test, test}] = :ets.lookup(name, :test)
      send(test, what)
      :ok
    end
  end

  defp start(project, meanwhile) do
    name = :"manager#{System.unique_integer([:positive])}"
    :ets.new(name, [:named_table, :public])
    :ets.insert(name, test: self(), meanwhile: meanwhile)
    options = Options.new!(name: name, project: project, watch: false)
    supervisor = start_supervised!({DynamicSupervisor, strategy: :one_for_one})

    start_supervised!(%{
      id: Manager,
      start: {Manager, :start_link, [{options, Pools, supervisor}]}
    })

    name
  end

  test "what takes the place of an environment that goes is started first, also when both happen during a look" do
    project = Project.new()
    Project.activate(project, "old")

    start(project, fn
      "beside" ->
        Project.activate(project, "new")
        Project.deactivate(project, "old")

      _other ->
        :ok
    end)

    assert_receive {:start, "old"}
    Project.activate(project, "beside")
    assert_receive {:start, "beside"}
    assert_receive what
    assert what == {:start, "new"}
    assert_receive what
    assert what == {:remove, "old"}
  end
end
