defmodule Envmgr.Pool.Lent do
  # The functions and streams of this VM that Python holds.
  #
  # Whoever passes one puts it in the instance's table, by its key, before the call is sent; the owner of the worker takes it
  # out when Python holds it no longer, when the call never began, and when the worker or the passing process ends.
  @moduledoc false

  alias Envmgr.Pool.Puller

  defstruct keys: %{}, passers: %{}

  @typedoc "A function, or the process that holds an enumeration."
  @type loan :: {key :: pos_integer(), function() | pid()}

  @type context :: Puller.context()
  @type t :: %__MODULE__{
          keys: %{
            pos_integer() => {passer :: pid(), reply :: reference() | nil, puller :: pid() | nil}
          },
          passers: %{pid() => {monitor :: reference(), pos_integer()}}
        }

  @doc "Of the calling process; `passer` is another where this one works for it, and is its first caller."
  @spec context(pid() | nil) :: context()
  def context(passer) do
    callers = Process.get(:"$callers", [])

    %{
      passer: passer || self(),
      group_leader: Process.group_leader(),
      callers: if(passer, do: callers, else: [self() | callers]),
      metadata: Logger.metadata()
    }
  end

  @doc "What was found in arguments, ready to be lent: a process is started for each enumeration."
  @spec loans([tuple()], context()) :: [loan()]
  def loans(held, context) do
    for {:lend, key, what} <- held do
      case what do
        {kind, enumerable} -> {key, Puller.start(enumerable, kind, context)}
        function -> {key, function}
      end
    end
  end

  @doc "The loans of a call that was never sent, or that failed before Python had them: streams end, also those begun anew."
  @spec take_back(atom(), [loan()]) :: :ok
  def take_back(table, loans) do
    for {key, what} <- loans do
      lent = for {_key, _owner, lent, _context} <- :ets.take(table, {:lent, key}), do: lent
      for puller <- Enum.uniq([what | lent]), is_pid(puller), do: Puller.stop(puller)
    end

    :ok
  end

  @doc "Makes the loans known to a worker's owner, for the call `reply`. Done again when the call moves to another worker."
  @spec lend(atom(), pid(), reference() | nil, [loan()], context()) :: :ok
  def lend(table, owner, reply, loans, context) do
    rows = for {key, what} <- loans, do: {{:lent, key}, owner, what, context}
    :ets.insert(table, rows)
    pullers = for {key, what} <- loans, do: {key, if(is_pid(what), do: what)}
    for {_key, puller} <- pullers, puller, do: Puller.serve(puller, owner)
    send(owner, {:lend, reply, context.passer, pullers})
    :ok
  end

  @spec find(atom(), pos_integer()) :: {function() | pid(), context()} | nil
  def find(table, key) do
    case :ets.lookup(table, {:lent, key}) do
      [{_key, _owner, what, context}] -> {what, context}
      [] -> nil
    end
  end

  @doc "The owner's part of `lend/5`. The passing process's end comes as `{{:passer, pid}, _, :process, pid, _}`."
  @spec add(t(), reference() | nil, pid(), [{pos_integer(), pid() | nil}]) :: t()
  def add(lent, reply, passer, pullers) do
    keys = for {key, puller} <- pullers, into: lent.keys, do: {key, {passer, reply, puller}}
    count = length(pullers)

    passers =
      case lent.passers do
        %{^passer => {monitor, held}} ->
          %{lent.passers | passer => {monitor, held + count}}

        passers ->
          monitor = :erlang.monitor(:process, passer, tag: {:passer, passer})
          Map.put(passers, passer, {monitor, count})
      end

    %{lent | keys: keys, passers: passers}
  end

  @doc "Python holds them no longer."
  @spec drop(t(), atom(), [pos_integer()]) :: t()
  def drop(lent, table, keys), do: Enum.reduce(keys, lent, &take(&2, table, &1, true))

  @doc "The call `reply` never began, or came to nothing."
  @spec forget(t(), atom(), reference()) :: t()
  def forget(%{keys: keys} = lent, _table, _reply) when keys == %{}, do: lent
  def forget(lent, table, reply), do: drop(lent, table, of(lent, reply))

  @doc "The call `reply` goes to another worker: streams go with it."
  @spec return(t(), atom(), reference()) :: t()
  def return(%{keys: keys} = lent, _table, _reply) when keys == %{}, do: lent

  def return(lent, table, reply),
    do: lent |> of(reply) |> Enum.reduce(lent, &take(&2, table, &1, false))

  @doc "The passing process ended."
  @spec gone(t(), atom(), pid()) :: t()
  def gone(lent, table, passer),
    do: drop(lent, table, for({key, {^passer, _, _}} <- lent.keys, do: key))

  @doc "The worker ended."
  @spec close(t(), atom()) :: t()
  def close(lent, table), do: drop(lent, table, Map.keys(lent.keys))

  @doc "An owner ended without a word. Looks at the whole table."
  @spec abandoned(atom(), pid()) :: true
  def abandoned(table, owner), do: :ets.match_delete(table, {{:lent, :_}, owner, :_, :_})

  defp of(lent, reply), do: for({key, {_passer, ^reply, _puller}} <- lent.keys, do: key)

  defp take(lent, table, key, stop?) do
    case Map.pop(lent.keys, key) do
      {nil, _keys} ->
        lent

      {{passer, _reply, puller}, keys} ->
        # Another worker may hold it by now.
        :ets.match_delete(table, {{:lent, key}, self(), :_, :_})
        if stop? and puller, do: Puller.stop(puller)
        %{lent | keys: keys, passers: leave(lent.passers, passer)}
    end
  end

  defp leave(passers, passer) do
    case passers do
      %{^passer => {monitor, 1}} ->
        Process.demonitor(monitor, [:flush])
        Map.delete(passers, passer)

      %{^passer => {monitor, count}} ->
        %{passers | passer => {monitor, count - 1}}
    end
  end
end
