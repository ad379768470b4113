defmodule Envmgr.Calls.Mapping do
  # One function over many arguments: batches in processes of their own, so many at a time; the caller takes from its input what
  # they need, and no more.
  @moduledoc false

  alias Envmgr.{Calls, Error, Near, Pool}
  alias Envmgr.Calls.{Batch, Beside, Correlation, Options, Outcome}

  # How long a batch should take, in microseconds, and how many calls it may be: what is quick goes together, what is slow goes alone.
  @wanted 5_000
  @most 512
  @growth 8

  # What a small call takes of the heap, in words, and a process at most at once: one that has it collects no garbage.
  @words 200
  @heap 50_000

  @timeout 30_000
  @own [:max_concurrency, :batch, :ordered, :on_error]
  @call Options.known() -- [:metadata, :trace]

  @enforce_keys [:path, :opts, :until, :timeout, :alias, :most, :input]
  defstruct [:path, :opts, :until, :timeout, :alias, :most, :input, :fixed] ++
              [ordered?: true, stop?: false, size: 1, next: 0, running: %{}, done: [], last: nil]

  @doc "See `Envmgr.map/3`."
  @spec run(String.t(), Enumerable.t(), keyword()) :: [Outcome.answer()]
  def run(path, items, opts) when is_binary(path) do
    {own, opts} = options!(opts)
    {environment, default} = home(path, opts)
    timeout = Keyword.get(opts, :timeout) || default

    # Where each call has its own worker none is put with another.
    batch = if Pool.once?(Options.instance(opts), environment, opts), do: 1, else: own[:batch]

    mapping = %__MODULE__{
      path: path,
      opts: Keyword.delete(opts, :timeout),
      timeout: timeout,
      until: if(timeout == :infinity, do: :infinity, else: now() + timeout),
      alias: :erlang.alias(),
      most: own[:max_concurrency] || Pool.capacity(Options.instance(opts), environment, opts),
      fixed: batch,
      size: batch || 1,
      ordered?: Keyword.get(own, :ordered, true),
      stop?: own[:on_error] == :stop,
      input: input(items)
    }

    try do
      mapping |> fill() |> loop()
    after
      :erlang.unalias(mapping.alias)
      abandon(mapping.alias)
    end
  end

  defp options!(opts) do
    problems =
      if Keyword.keyword?(opts), do: Enum.flat_map(opts, &problem/1), else: ["no keyword list"]

    {own, call} = if problems == [], do: Keyword.split(opts, @own), else: {[], []}

    with [] <- problems, {:ok, _options} <- Options.parse(call) do
      {own, call}
    else
      [_ | _] -> raise Error, code: :arguments, message: Enum.join(problems, "; "), hint: known()
      {:error, error} -> raise error
    end
  end

  defp problem({:max_concurrency, n}) when is_integer(n) and n > 0, do: []
  defp problem({:batch, n}) when is_integer(n) and n in 1..100_000, do: []
  defp problem({:ordered, ordered}) when is_boolean(ordered), do: []
  defp problem({:on_error, what}) when what in [:collect, :stop], do: []
  defp problem({:max_concurrency, other}), do: [wrong(:max_concurrency, other, "at least 1")]
  defp problem({:batch, other}), do: [wrong(:batch, other, "1 to 100000")]
  defp problem({:ordered, other}), do: [wrong(:ordered, other, "true or false")]
  defp problem({:on_error, other}), do: [wrong(:on_error, other, ":collect or :stop")]

  defp problem({key, _value}) when key in [:metadata, :trace],
    do: ["a map has no option #{key}: its answers are values and errors"]

  defp problem({:output, :metadata}),
    do: ["a map has no metadata that output could go to: it is :log, :ignore or a pid"]

  defp problem({key, _value}) do
    if key in @call do
      []
    else
      near = Near.hint(to_string(key), Enum.map(@own ++ @call, &to_string/1))
      ["unknown option #{key}#{if near, do: ", " <> near}"]
    end
  end

  defp wrong(key, value, right),
    do: "#{inspect(value)} is no value of the option #{key}: it is #{right}"

  defp known, do: "options of a map are #{Enum.join(@own ++ @call, ", ")}"

  # Of a path that is not known each item says so.
  defp home(path, opts) do
    case Calls.find(Options.instance(opts), path) do
      {:ok, row} -> {elem(row, 2), elem(row, 3)}
      {:error, _error} -> {nil, @timeout}
    end
  end

  # Takes what so many batches need.
  defp fill(%{input: nil} = m), do: m
  defp fill(%{last: last} = m) when last != nil, do: close(m)
  defp fill(m) when map_size(m.running) >= m.most, do: m

  defp fill(m) do
    if left(m) == 0 do
      late(m)
    else
      {items, m} = next(m, m.size)
      fill(if items == [], do: m, else: start(m, items))
    end
  end

  # A list needs nobody that goes on.
  defp input(items) when is_list(items), do: items

  defp input(items),
    do: {items, &Enumerable.reduce(items, &1, fn item, taken -> take(item, taken) end)}

  defp next(%{input: items} = m, count) when is_list(items) do
    case Enum.split(items, count) do
      {now, []} -> {now, %{m | input: nil}}
      {now, later} -> {now, %{m | input: later}}
    end
  end

  defp next(%{input: {source, continue}} = m, count) do
    case continue.({:cont, {count, []}}) do
      {:suspended, {_left, items}, continue} ->
        {:lists.reverse(items), %{m | input: {source, continue}}}

      {_ended, {_left, items}} ->
        {:lists.reverse(items), %{m | input: nil}}
    end
  end

  defp take(item, {1, items}), do: {:suspend, {0, [item | items]}}
  defp take(item, {left, items}), do: {:cont, {left - 1, [item | items]}}

  defp close(m) do
    with {_source, continue} <- m.input, do: continue.({:halt, {0, []}})
    %{m | input: nil}
  end

  # The deadline is over: what the input still has is told, where it has an end that is known.
  defp late(m) do
    if ends?(m.input) do
      {items, m} = next(m, @most)

      m =
        if items == [], do: m, else: done(m, m.next, Enum.map(items, fn _item -> timeout(m) end))

      fill(%{m | next: m.next + length(items)})
    else
      close(m)
    end
  end

  defp ends?({source, _continue}), do: match?({:ok, _count}, Enumerable.count(source))
  defp ends?(_list), do: true

  defp timeout(m) do
    error = %Error{
      code: :timeout,
      message: "it had not begun within the #{m.timeout} ms of the whole map",
      hint: "a longer deadline: the option timeout, or timeout in envmgr.toml",
      path: m.path
    }

    Correlation.mark({:error, error}, m.opts)
  end

  defp start(m, items) do
    {caller, alias, cancel} = {self(), m.alias, make_ref()}
    callers = [caller | Process.get(:"$callers", [])]
    metadata = Logger.metadata()
    {path, opts} = {m.path, [{:timeout, left(m)} | m.opts]}
    count = length(items)

    {pid, monitor} =
      :erlang.spawn_opt(
        fn ->
          Process.put(:"$callers", callers)
          Logger.metadata(metadata)
          monitor = Process.monitor(caller)
          beside = %Beside{kind: :async, holder: caller, cancel: cancel, caller: monitor}
          send(alias, {alias, cancel, batch(path, items, Beside.option(opts, beside))})
        end,
        monitor: [tag: {:gone, alias, cancel}],
        min_heap_size: min(@words * count, @heap)
      )

    batch = {m.next, count, System.monotonic_time(:microsecond), pid, monitor}
    running(%{m | next: m.next + count}, Map.put(m.running, cancel, batch))
  end

  defp batch(path, items, opts) do
    {:answers, Batch.run(path, items, opts)}
  catch
    :exit, :normal -> exit(:normal)
    # A decoder or an encoder of the caller's may do anything: it is for the caller to see.
    kind, reason -> {:raised, kind, reason, __STACKTRACE__}
  end

  # Known to whoever has to end them, whatever happens here.
  defp running(m, running) do
    Process.put(m.alias, running)
    %{m | running: running}
  end

  defp loop(%{running: running} = m) when running == %{}, do: result(m)

  defp loop(%{alias: alias} = m) do
    receive do
      {^alias, cancel, {:answers, answers}} when is_map_key(m.running, cancel) ->
        {{first, count, started, _pid, monitor}, running} = Map.pop!(m.running, cancel)
        Process.demonitor(monitor, [:flush])
        took = System.monotonic_time(:microsecond) - started
        m = m |> running(running) |> sized(count, took)
        m |> done(first, answers) |> stopped() |> fill() |> loop()

      {^alias, _cancel, {:raised, kind, reason, stacktrace}} ->
        :erlang.raise(kind, reason, stacktrace)

      {{:gone, ^alias, cancel}, _monitor, :process, _pid, reason} ->
        {{first, count, _started, _pid, _monitor}, running} = Map.pop!(m.running, cancel)
        answers = List.duplicate(gone(m, reason), count)
        m |> running(running) |> done(first, answers) |> stopped() |> fill() |> loop()
    end
  end

  defp gone(m, reason) do
    message = "the process of the call ended: #{inspect(reason, limit: 5)}"
    Correlation.mark({:error, %Error{code: :worker_lost, message: message, path: m.path}}, m.opts)
  end

  defp sized(%{fixed: nil} = m, count, took) do
    wanted = div(@wanted * count, max(took, 1))
    %{m | size: wanted |> min(@growth * count) |> min(@most) |> max(1)}
  end

  defp sized(m, _count, _took), do: m

  defp done(m, first, answers), do: %{m | done: [{first, answers} | m.done]}

  # The first error is the last answer: what comes behind it is not wanted, what stands before it is waited for.
  defp stopped(%{stop?: false} = m), do: m

  defp stopped(%{done: [{first, answers} | _]} = m) do
    case Enum.find_index(answers, &match?({:error, _error}, &1)) do
      nil -> m
      at -> stop(%{m | last: min(m.last || first + at, first + at)})
    end
  end

  defp stop(m) do
    {unwanted, running} =
      Enum.split_with(m.running, fn {_cancel, {first, _, _, _, _}} ->
        not m.ordered? or first > m.last
      end)

    for {cancel, {_, _, _, pid, monitor}} <- unwanted do
      Process.demonitor(monitor, [:flush])
      send(pid, {:cancel, cancel})
    end

    running(m, Map.new(running))
  end

  defp result(%{last: nil, done: [{_first, answers}]}), do: answers

  defp result(%{ordered?: true} = m) do
    answers = m.done |> Enum.sort_by(&elem(&1, 0)) |> Enum.flat_map(&elem(&1, 1))
    if m.last, do: Enum.take(answers, m.last + 1), else: answers
  end

  defp result(m) do
    answers = m.done |> Enum.reverse() |> Enum.flat_map(&elem(&1, 1))

    case m.last && Enum.find_index(answers, &match?({:error, _error}, &1)) do
      nil -> answers
      at -> Enum.take(answers, at + 1)
    end
  end

  defp abandon(alias) do
    for {cancel, {_, _, _, pid, monitor}} <- Process.delete(alias) || %{} do
      Process.demonitor(monitor, [:flush])
      send(pid, {:cancel, cancel})
    end

    flush(alias)
  end

  defp flush(alias) do
    receive do
      {^alias, _cancel, _result} -> flush(alias)
    after
      0 -> :ok
    end
  end

  defp left(%{until: :infinity}), do: :infinity
  defp left(m), do: max(m.until - now(), 0)

  defp now, do: System.monotonic_time(:millisecond)
end
