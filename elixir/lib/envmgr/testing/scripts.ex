defmodule Envmgr.Testing.Scripts do
  # Who scripted what, and how often it was called. One process, in tests alone; whose test a call belongs to is found without it.
  @moduledoc false

  use GenServer

  alias Envmgr.Libraries
  alias Envmgr.Testing.{Play, Words}

  @table __MODULE__

  @typedoc "`left`: how many calls are still expected; nil of a stub. `times`: how many were."
  @type script :: %{
          id: reference(),
          path: String.t(),
          answer: term(),
          times: non_neg_integer() | nil,
          left: non_neg_integer() | nil
        }

  @doc "Makes a process the owner of scripts, with none. `kept?`: until it is forgotten, though it ends."
  @spec own(pid(), :strict | :passthrough, shared? :: boolean(), kept? :: boolean()) ::
          :ok | {:error, String.t()}
  def own(pid, mode, shared?, kept?), do: ask({:own, pid, mode, shared?, kept?})

  @spec add(pid(), script()) :: :ok
  def add(owner, script), do: ask({:add, owner, script})

  @spec allow(pid(), pid()) :: :ok | {:error, String.t()}
  def allow(owner, pid), do: ask({:allow, owner, pid})

  @doc "What is to answer a call; with `:unexpected`, what is said of it."
  @spec take(pid(), [String.t(), ...], call :: String.t()) ::
          {:script, term()} | :unscripted | {:unexpected, String.t()}
  def take(owner, paths, call), do: ask({:take, owner, self(), paths, call})

  @doc "Each way in which what happened is not what was scripted."
  @spec problems(pid()) :: [String.t()]
  def problems(owner), do: ask({:problems, owner})

  @spec forget(pid()) :: :ok
  def forget(owner), do: ask({:forget, owner})

  @doc "Whose scripts hold for this process: its own, those of who called or started it, those that it was allowed, those that all share."
  @spec owner() :: pid() | nil
  def owner do
    # In processes that nobody's test has to do with, the table may not be there.
    around = [self() | Process.get(:"$callers", []) ++ Process.get(:"$ancestors", [])]

    Enum.find_value(around, &owner_of/1) || shared()
  rescue
    ArgumentError -> nil
  end

  defp owner_of(name) when is_atom(name), do: if(pid = Process.whereis(name), do: owner_of(pid))

  defp owner_of(pid) do
    case :ets.lookup(@table, pid) do
      [{_pid, owner}] -> owner
      [] -> nil
    end
  end

  defp shared,
    do: with([{:shared, owner}] <- :ets.lookup(@table, :shared), do: owner, else: (_ -> nil))

  @doc "The process of the scripts, which is also where scripted refs are said to live."
  @spec process() :: pid()
  def process do
    case GenServer.start(__MODULE__, nil, name: __MODULE__) do
      {:ok, pid} -> pid
      {:error, {:already_started, pid}} -> pid
    end
  end

  defp ask(question), do: GenServer.call(process(), question, :infinity)

  @impl true
  def init(nil) do
    :ets.new(@table, [:named_table, :protected, read_concurrency: true])
    Libraries.Scripted.switch_on(&Play.answer/2)
    {:ok, %{}}
  end

  @impl true
  def handle_call({:own, pid, mode, shared?, kept?}, _from, s) do
    case shared? && :ets.lookup(@table, :shared) do
      [{:shared, other}] when other != pid ->
        {:reply, {:error, "#{inspect(other)} shares its scripts with all processes already"}, s}

      _nobody ->
        if shared?, do: :ets.insert(@table, {:shared, pid})
        {:reply, :ok, owned(s, pid, mode, kept?)}
    end
  end

  def handle_call({:add, pid, script}, _from, s) do
    s = if is_map_key(s, pid), do: s, else: owned(s, pid, :strict, false)
    {:reply, :ok, update_in(s[pid].scripts, &added(&1, script))}
  end

  def handle_call({:allow, owner, pid}, _from, s) do
    case :ets.lookup(@table, pid) do
      [{_pid, other}] when other not in [owner, pid] ->
        {:reply, {:error, "#{inspect(pid)} belongs to the test #{inspect(other)}"}, s}

      _free ->
        s = if is_map_key(s, owner), do: s, else: owned(s, owner, :strict, false)
        :ets.insert(@table, {pid, owner})
        {:reply, :ok, s}
    end
  end

  def handle_call({:take, owner, caller, paths, call}, _from, s) do
    case s[owner] do
      nil ->
        {:reply, :unscripted, s}

      %{scripts: scripts, mode: mode} = test ->
        mine = Enum.filter(scripts, &(&1.path in paths))

        case {Enum.find(mine, &(&1.left != 0)), mine, mode} do
          {nil, [], :passthrough} ->
            {:reply, :unscripted, s}

          {nil, _spent, _mode} ->
            said = Words.unexpected(call, hd(paths), caller, scripts)

            {:reply, {:unexpected, said},
             put_in(s[owner], %{test | unexpected: [said | test.unexpected]})}

          {script, _mine, _mode} ->
            scripts = Enum.map(scripts, &if(&1.id == script.id, do: called(&1), else: &1))
            {:reply, {:script, script.answer}, put_in(s[owner], %{test | scripts: scripts})}
        end
    end
  end

  def handle_call({:problems, owner}, _from, s) do
    case s[owner] do
      nil ->
        {:reply, [], s}

      test ->
        missing =
          for %{left: left} = script when left not in [nil, 0] <- test.scripts,
              do: Words.missing(script)

        {:reply, missing ++ Enum.reverse(test.unexpected), s}
    end
  end

  def handle_call({:forget, owner}, _from, s), do: {:reply, :ok, forgotten(s, owner)}

  @impl true
  def handle_info({:DOWN, _monitor, :process, pid, _reason}, s) do
    case s[pid] do
      %{kept?: false} -> {:noreply, forgotten(s, pid)}
      _kept -> {:noreply, s}
    end
  end

  # Of refs that are let go, whose worker this process seems to be.
  def handle_info(_message, s), do: {:noreply, s}

  @impl true
  def terminate(_reason, _s), do: Libraries.Scripted.switch_off()

  defp owned(s, pid, mode, kept?) do
    :ets.insert(@table, {pid, pid})
    monitor = with(%{monitor: monitor} <- s[pid], do: monitor) || Process.monitor(pid)

    Map.put(s, pid, %{
      mode: mode,
      kept?: kept?,
      scripts: [],
      unexpected: [],
      monitor: monitor
    })
  end

  # Expectations are met in their order; a stub answers what they leave over, the last one that was made.
  defp added(scripts, %{left: nil} = stub),
    do: Enum.reject(scripts, &(&1.path == stub.path and &1.left == nil)) ++ [stub]

  defp added(scripts, expectation) do
    {expectations, stubs} = Enum.split_with(scripts, & &1.left)
    expectations ++ [expectation | stubs]
  end

  defp called(%{left: nil} = stub), do: stub
  defp called(script), do: %{script | left: script.left - 1}

  defp forgotten(s, owner) do
    with %{monitor: monitor} <- s[owner], do: Process.demonitor(monitor, [:flush])
    :ets.match_delete(@table, {:_, owner})
    Map.delete(s, owner)
  end
end
