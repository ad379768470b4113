defmodule Envmgr.Test.Reload do
  @moduledoc "An instance whose envmgr.toml is changed while it runs."

  import ExUnit.Callbacks
  alias Envmgr.Test.Project

  @doc "The name of a new instance of `project`, whose library `math` answers."
  def start(project, options \\ []) do
    name = :"reload#{System.unique_integer([:positive])}"
    start_supervised!({Envmgr, [name: name, project: project] ++ options}, id: name)
    until(fn -> Envmgr.execute("math.sqrt", [16.0], name: name) == {:ok, 4.0} end)
    name
  end

  def until(condition), do: Project.eventually(condition)
  def state(name), do: Envmgr.configuration(name).state
  def workers(name, environment), do: Envmgr.stats(name)[environment].workers

  def serves?(name, path),
    do: fn -> match?({:ok, _}, Envmgr.execute(path, [[1]], name: name)) end
end
