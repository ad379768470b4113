defmodule Envmgr.Values.Holding do
  # Tells an instance's process of holders (`Envmgr.Calls.Holders`) what it must know. Costs nothing where no ref is.
  @moduledoc false

  @homes :"$envmgr_homes"

  @doc "Makes the calling process the one that is told."
  @spec register(atom()) :: true
  def register(table), do: :ets.insert(table, {:holders, self()})

  @doc "A ref came in: it belongs to the process that decodes it, or to the `holder` of its home, which is told if it is a session; `:nobody` lets it go at once."
  @spec hold(map(), pos_integer()) :: :ok
  def hold(%{holder: :nobody, owner: owner}, id) do
    send(owner, {:release, [id]})
    :ok
  end

  def hold(%{name: table, owner: owner} = home, id) do
    if home[:holder] == nil, do: settle(table, home[:environment], owner)
    if home[:session?], do: send(home.holder, :held)
    tell(table, {:hold, home[:holder] || self(), owner, id})
  end

  def hold(_elsewhere, _id), do: :ok

  # Objects can be used together where they are in one worker: the next call of this process goes there, too.
  defp settle(table, environment, owner),
    do: Process.put(@homes, Map.put(Process.get(@homes, %{}), {table, environment}, owner))

  @doc "The worker that the calling process has objects in, the one of the last; nil where it has none."
  @spec home(atom(), String.t()) :: pid() | nil
  def home(table, environment) do
    case Process.get(@homes) do
      nil -> nil
      homes -> Map.get(homes, {table, environment})
    end
  end

  @doc "Where nobody listens, because the instance has ended, nothing happens."
  @spec tell(atom(), term()) :: :ok
  def tell(table, message) do
    if pid = process(table), do: send(pid, message)
    :ok
  end

  @doc "Which of these owners' workers have objects that somebody holds; all, where nobody can tell."
  @spec holding(atom(), [pid()]) :: [pid()]
  def holding(_table, []), do: []

  def holding(table, owners) do
    if pid = process(table), do: GenServer.call(pid, {:holding, owners}), else: owners
  catch
    :exit, _ended -> owners
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
