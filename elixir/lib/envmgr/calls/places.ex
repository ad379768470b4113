defmodule Envmgr.Calls.Places do
  # Who may run a function that runs so many times at once and no more: an instance's process, which only those meet who have to
  # wait.
  #
  # A function's counter counts those who have a place and those who wait for one. Who counts himself to at most the limit has
  # a place; everybody else comes here. Who leaves a place to whom it was promised, by the counter, hands it on here. A wait that was
  # given up goes on as nobody's, so that each place that is handed on finds exactly one who waits.
  #
  # A place that was taken without asking stands in a table: where somebody waits, those who have one are watched.
  @moduledoc false

  use GenServer

  # ms.
  @rescan 250

  defmodule Limit do
    @moduledoc false
    @enforce_keys [:path, :most, :counter, :taken, :process]
    defstruct [:path, :most, :counter, :taken, :process]
  end

  @typedoc "What callers know of a function's limit. `taken`: the table of places."
  @type limit :: %Limit{
          path: String.t(),
          most: pos_integer(),
          counter: :atomics.atomics_ref(),
          taken: :ets.tid(),
          process: pid()
        }

  @type place :: {:taken, limit(), key :: term()} | {:given, limit(), reference()}

  def start_link(name), do: GenServer.start_link(__MODULE__, name)

  @doc "The limit of a function; nil where the instance has ended."
  @spec limit(atom(), String.t(), pos_integer()) :: limit() | nil
  def limit(name, path, most) do
    case :ets.lookup(name, {:limit, path}) do
      [{_key, %Limit{most: ^most} = limit}] -> limit
      other -> made(name, path, most, other)
    end
  rescue
    ArgumentError -> nil
  end

  defp made(name, path, most, old) do
    case :ets.lookup(name, :places) do
      [{:places, taken, process}] ->
        counter = :atomics.new(1, signed: true)
        limit = %Limit{path: path, most: most, counter: counter, taken: taken, process: process}
        for row <- old, do: :ets.delete_object(name, row)
        :ets.insert_new(name, {{:limit, path}, limit})
        limit(name, path, most)

      [] ->
        nil
    end
  end

  @doc "A place at once, or what the answer `:go` comes by."
  @spec take(limit()) :: {:ok, place()} | {:wait, reference()}
  def take(%Limit{} = limit) do
    if :atomics.add_get(limit.counter, 1, 1) <= limit.most do
      {:ok, {:taken, limit, written(limit)}}
    else
      reply = :erlang.monitor(:process, limit.process, alias: :reply_demonitor)
      send(limit.process, {:wait, limit, reply, self()})
      {:wait, reply}
    end
  end

  # The process may just have ended, and the limit with it: nobody asks for the place.
  defp written(limit) do
    key = {limit.counter, self(), make_ref()}
    :ets.insert(limit.taken, {key, limit})
    key
  rescue
    ArgumentError -> nil
  end

  @doc "After `:go`."
  @spec given(limit(), reference()) :: place()
  def given(limit, reply), do: {:given, limit, reply}

  @doc "Waits no longer."
  @spec leave(limit(), reference()) :: :ok
  def leave(limit, reply) do
    :erlang.demonitor(reply, [:flush])

    receive do
      {^reply, :go} -> :ok
    after
      0 -> :ok
    end

    give_back(given(limit, reply))
  end

  @spec give_back(place()) :: :ok
  def give_back({:given, limit, reply}) do
    send(limit.process, {:done, reply})
    :ok
  end

  def give_back({:taken, limit, key}) do
    if :ets.take(limit.taken, key) != [], do: hand_on(limit)
    :ok
  rescue
    ArgumentError -> :ok
  end

  defp hand_on(limit) do
    if :atomics.sub_get(limit.counter, 1, 1) >= limit.most,
      do: send(limit.process, {:next, limit.counter})

    :ok
  end

  @doc "How many of a function's calls run, and how many wait."
  @spec read(limit()) :: %{running: non_neg_integer(), waiting: non_neg_integer()}
  def read(limit) do
    count = max(:atomics.get(limit.counter, 1), 0)
    %{running: min(count, limit.most), waiting: max(count - limit.most, 0)}
  end

  # waiting: by counter, a queue of replies
  # promised: by counter, places whose next holder has not said yet that he waits
  # callers: by reply, `{:waiting | :given | :left, limit, monitor}`
  # watched: by process that took its place without asking, its monitor
  @impl true
  def init(name) do
    :ets.match_delete(name, {{:limit, :_}, :_})
    taken = :ets.new(:taken, [:ordered_set, :public, write_concurrency: true])
    :ets.insert(name, {:places, taken, self()})
    {:ok, %{taken: taken, waiting: %{}, promised: %{}, callers: %{}, watched: %{}, timer: nil}}
  end

  @impl true
  def handle_info({:wait, %{counter: counter} = limit, reply, pid}, s) do
    s = put_in(s.callers[reply], {:waiting, limit, Process.monitor(pid)})

    case Map.get(s.promised, counter, 0) do
      0 -> {:noreply, s |> queue(counter, reply) |> watch(counter) |> rescan_later()}
      1 -> {:noreply, give(%{s | promised: Map.delete(s.promised, counter)}, reply)}
      n -> {:noreply, give(put_in(s.promised[counter], n - 1), reply)}
    end
  end

  def handle_info({:next, counter}, s), do: {:noreply, next(s, counter)}
  def handle_info({:done, reply}, s), do: {:noreply, done(s, reply)}

  def handle_info({:DOWN, monitor, :process, pid, _reason}, s) do
    case s.watched do
      %{^pid => ^monitor} ->
        for {key, limit} <- :ets.match_object(s.taken, {{:_, pid, :_}, :_}),
            do: give_back({:taken, limit, key})

        {:noreply, %{s | watched: Map.delete(s.watched, pid)}}

      _a_caller ->
        ended = for {reply, {_, _, ^monitor}} <- s.callers, do: reply
        {:noreply, Enum.reduce(ended, s, &done(&2, &1))}
    end
  end

  # Who took a place a moment before somebody looked may not have written it down yet.
  def handle_info(:rescan, s) do
    s = %{s | timer: nil}
    {:noreply, s.waiting |> Map.keys() |> Enum.reduce(s, &watch(&2, &1)) |> rescan_later()}
  end

  defp queue(s, counter, reply) do
    queue = Map.get(s.waiting, counter, :queue.new())
    put_in(s.waiting[counter], :queue.in(reply, queue))
  end

  defp next(s, counter) do
    case s.waiting do
      %{^counter => queue} ->
        {{:value, reply}, queue} = :queue.out(queue)

        waiting =
          if :queue.is_empty(queue),
            do: Map.delete(s.waiting, counter),
            else: %{s.waiting | counter => queue}

        %{s | waiting: waiting} |> unwatch() |> give(reply)

      _nobody ->
        %{s | promised: Map.update(s.promised, counter, 1, &(&1 + 1))}
    end
  end

  defp give(s, reply) do
    case s.callers[reply] do
      {:waiting, limit, monitor} ->
        send(reply, {reply, :go})
        put_in(s.callers[reply], {:given, limit, monitor})

      {:left, limit, _monitor} ->
        hand_on(limit)
        %{s | callers: Map.delete(s.callers, reply)}
    end
  end

  defp done(s, reply) do
    case s.callers do
      %{^reply => {:waiting, limit, monitor}} ->
        Process.demonitor(monitor, [:flush])
        put_in(s.callers[reply], {:left, limit, nil})

      %{^reply => {:given, limit, monitor}} ->
        Process.demonitor(monitor, [:flush])
        hand_on(limit)
        %{s | callers: Map.delete(s.callers, reply)}

      _ended_before ->
        s
    end
  end

  defp watch(s, counter) do
    holders = :ets.select(s.taken, [{{{counter, :"$1", :_}, :_}, [], [:"$1"]}])

    for pid <- holders, not is_map_key(s.watched, pid), reduce: s do
      s -> put_in(s.watched[pid], Process.monitor(pid))
    end
  end

  defp unwatch(%{waiting: none} = s) when none == %{} do
    for {_pid, monitor} <- s.watched, do: Process.demonitor(monitor, [:flush])
    %{s | watched: %{}}
  end

  defp unwatch(s), do: s

  defp rescan_later(%{timer: nil, waiting: waiting} = s) when waiting != %{},
    do: %{s | timer: Process.send_after(self(), :rescan, @rescan)}

  defp rescan_later(s), do: s
end
