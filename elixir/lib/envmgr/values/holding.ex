defmodule Envmgr.Values.Holding do
  # Tells an instance's process of holders (`Envmgr.Calls.Holders`) what it must know. Costs nothing where no ref is.
  @moduledoc false

  @doc "Makes the calling process the one that is told."
  @spec register(atom()) :: true
  def register(table), do: :ets.insert(table, {:holders, self()})

  @doc "A ref came in: it belongs to the process that decodes it, or to the `holder` of its home; `:nobody` lets it go at once."
  @spec hold(map(), pos_integer()) :: :ok
  def hold(%{holder: :nobody, owner: owner}, id) do
    send(owner, {:release, [id]})
    :ok
  end

  def hold(%{name: table, owner: owner} = home, id) do
    tell(table, {:hold, Map.get(home, :holder) || self(), owner, id})
  end

  def hold(_elsewhere, _id), do: :ok

  @doc "Where nobody listens, because the instance has ended, nothing happens."
  @spec tell(atom(), term()) :: :ok
  def tell(table, message) do
    if pid = process(table), do: send(pid, message)
    :ok
  end

  @spec process(atom()) :: pid() | nil
  def process(table) do
    case :ets.lookup(table, :holders) do
      [{:holders, pid}] -> pid
      [] -> nil
    end
  rescue
    ArgumentError -> nil
  end
end
