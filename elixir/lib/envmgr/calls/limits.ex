defmodule Envmgr.Calls.Limits do
  # How often a function is called, and how many of its calls run at a time, in this instance. Who has to wait waits in order, until
  # the call's deadline.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.Telemetry
  alias Envmgr.Calls.{Call, Outcome, Places, Rate, Tally, Waiting}

  @impl true
  def around(%{plan: %{limits: limits}} = call, rest) when limits != nil do
    with :ok <- paced(call, limits.rate), do: placed(call, limits.concurrency, rest)
  end

  def around(call, rest), do: rest.(call)

  @doc "As `around/2`, for a batch: as many go together as the rate allows at a time, in the place of one, whose calls run in turn."
  @spec each(Call.t(), [item, ...], (Call.t(), [item, ...] -> [Outcome.answer()])) ::
          [Outcome.answer()]
        when item: term()
  def each(%{plan: %{limits: limits}} = call, items, rest) when limits != nil,
    do: begun(call, limits, items, rest)

  def each(call, items, rest), do: rest.(call, items)

  defp begun(_call, _limits, [], _rest), do: []
  defp begun(call, %{rate: nil} = limits, items, rest), do: together(call, limits, items, rest)

  defp begun(call, %{rate: rate} = limits, items, rest) do
    bucket = bucket(call.options.name, Call.real(call), rate)

    case Rate.take(bucket, rate, length(items), now(), Call.left(call)) do
      {:ok, count, ms} ->
        {now, later} = Enum.split(items, count)

        answers =
          if(ms > 0, do: Waiting.pause(call, ms), else: :ok)
          |> with_answers(now, fn -> together(call, limits, now, rest) end)

        # Once it is cancelled, nobody wants the others.
        case List.last(answers) do
          {:error, %{code: :cancelled}} = cancelled ->
            answers ++ for(_item <- later, do: cancelled)

          _wanted ->
            answers ++ begun(call, limits, later, rest)
        end

      {:late, ms} ->
        for _item <- items, do: too_often(call, rate, ms)
    end
  end

  defp with_answers(:ok, _items, answers), do: answers.()
  defp with_answers(refused, items, _answers), do: for(_item <- items, do: refused)

  defp together(call, limits, items, rest) do
    case placed(call, limits.concurrency, &rest.(&1, items)) do
      answers when is_list(answers) -> answers
      refused -> for _item <- items, do: refused
    end
  end

  defp paced(_call, nil), do: :ok

  defp paced(call, rate) do
    bucket = bucket(call.options.name, Call.real(call), rate)

    case Rate.take(bucket, rate, now(), Call.left(call)) do
      {:ok, 0} -> :ok
      {:ok, ms} -> Waiting.pause(call, ms)
      {:late, ms} -> too_often(call, rate, ms)
    end
  end

  defp too_often(call, {calls, per}, ms) do
    Tally.add(call, :rate_limited)
    facts = %{instance: call.options.name, path: call.path, library: call.library}
    Telemetry.execute([:limit, :refused], %{retry_after: ms}, facts)

    Waiting.refused(call,
      code: :rate_limited,
      message: "#{Call.real(call)} is called #{calls} times in #{per} ms and no more often",
      hint:
        "there is room in #{ms} ms, after this call's deadline: a longer timeout, or rate of its limits in envmgr.toml",
      details: %{retry_after: ms}
    )
  end

  defp placed(call, nil, rest), do: rest.(call)

  defp placed(call, most, rest) do
    case Places.limit(call.options.name, Call.real(call), most) do
      nil -> rest.(call)
      limit -> placed(call, limit, Places.take(limit), rest)
    end
  end

  defp placed(call, _limit, {:ok, place}, rest), do: run(call, place, rest)

  defp placed(call, limit, {:wait, reply}, rest) do
    case Waiting.await(reply, call.options.beside, Call.left(call)) do
      {:got, :go} ->
        run(call, Places.given(limit, reply), rest)

      # The process that keeps order ended: there is another one.
      {:got, {:down, _reason}} ->
        placed(call, limit.most, rest)

      :late ->
        Places.leave(limit, reply)
        crowded(call, limit)

      unwanted ->
        Places.leave(limit, reply)
        Waiting.unwanted(unwanted, call)
    end
  end

  # An open stream keeps its place.
  defp run(call, place, rest) do
    case rest.(call) do
      {:ok, %{reply: _, owner: _} = feed} when call.options.beside.kind == :stream ->
        {:ok, Map.put(feed, :place, place)}

      answer ->
        Places.give_back(place)
        answer
    end
  catch
    kind, reason ->
      Places.give_back(place)
      :erlang.raise(kind, reason, __STACKTRACE__)
  end

  defp crowded(call, limit) do
    Waiting.refused(call,
      code: :timeout,
      message:
        "no answer within #{call.options.timeout} ms: #{limit.most} calls of #{limit.path} run at a time, and this one waited for its turn",
      hint: "concurrency of its limits in envmgr.toml, or a longer timeout"
    )
  end

  # Another rate is another bucket.
  defp bucket(name, path, rate) do
    key = {:rate, path}

    case :ets.lookup(name, key) do
      [{_key, ^rate, bucket}] ->
        bucket

      old ->
        for row <- old, do: :ets.delete_object(name, row)
        :ets.insert_new(name, {key, rate, Rate.new()})
        bucket(name, path, rate)
    end
  rescue
    # The instance has ended: the call hears of it when it is sent.
    ArgumentError -> Rate.new()
  end

  @doc "By path."
  @spec read(atom()) :: %{String.t() => map()}
  def read(name) do
    places =
      for [path, limit] <- :ets.match(name, {{:limit, :"$1"}, :"$2"}), into: %{} do
        {path, limit |> Places.read() |> Map.put(:concurrency, limit.most)}
      end

    for [path, rate, bucket] <- :ets.match(name, {{:rate, :"$1"}, :"$2", :"$3"}),
        reduce: places do
      all ->
        facts = %{rate: rate, tokens: Rate.tokens(bucket, rate, now())}
        Map.update(all, path, facts, &Map.merge(&1, facts))
    end
  end

  # Counted from the VM's start: not negative.
  defp now do
    System.convert_time_unit(
      System.monotonic_time() - :erlang.system_info(:start_time),
      :native,
      :nanosecond
    )
  end
end
