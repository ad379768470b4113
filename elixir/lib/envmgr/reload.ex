defmodule Envmgr.Reload do
  # The room that brings a changed envmgr.toml into the running pools, through the command line (contract ③). Imports
  # command, libraries and pool; calls need nothing of it.
  @moduledoc false

  alias Envmgr.{Error, Pool}
  alias Envmgr.Libraries.Manager
  alias Envmgr.Release.Place
  alias Envmgr.Reload.Server

  @doc "Syncs, and waits until the pools serve what is active now."
  @spec run(atom()) :: :ok | {:error, Error.t()}
  def run(name) do
    with :ok <- changeable(name),
         {:ok, outcomes} <- Server.sync(name) do
      :ok = Manager.load_all(name)
      Enum.find_value(outcomes, :ok, &unsettled(name, &1))
    end
  end

  defp changeable(name) do
    case :ets.lookup(name, :project) do
      [{:project, project}] when is_binary(project) ->
        if Place.assembled?(project), do: {:error, assembled(project)}, else: :ok

      _none ->
        :ok
    end
  end

  defp assembled(project) do
    %Error{
      code: :sync,
      message: "the environments in #{project} are of a release and stay as they were assembled",
      hint:
        "deploy another release, or `config :envmgr, project: PATH` for environments beside it",
      details: %{"code" => nil}
    }
    |> Error.classified()
  end

  # Nil when calls reach the generation. A new one has no deadline but the start timeout of its workers.
  defp unsettled(name, %{"action" => "removed", "environment" => environment}) do
    _gone = Pool.await_generation(name, environment)
    nil
  end

  defp unsettled(name, %{"environment" => environment, "generation" => generation}) do
    with :ok <- Pool.await_generation(name, environment, generation), do: nil
  end
end
