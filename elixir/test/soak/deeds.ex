defmodule Soak.Deeds do
  # What the callers do, each in a process of its own: what it leaves behind, refs, sessions, streams, is left by its end.
  @moduledoc false

  import Soak.Calls
  alias Envmgr.Session
  alias Soak.Book

  @weights [
    quick: 30,
    large: 6,
    short_of_time: 3,
    asynchronous: 6,
    coroutines: 4,
    chain: 6,
    map: 4,
    stream: 6,
    stream_left: 4,
    session: 6,
    session_left: 2,
    session_object: 3,
    callback: 6,
    callback_calls: 3,
    callbacks_at_once: 1,
    iterator: 3,
    refs: 6,
    refs_left: 4,
    effect: 8,
    effect_again: 5,
    caller_killed: 3,
    cache: 8,
    refused: 5,
    hedged: 3,
    fallback: 3,
    limited: 3,
    once: 2,
    real: 10,
    standard: 4
  ]

  @drawn for {kind, weight} <- @weights, _ <- 1..weight, do: kind

  def kinds, do: Keyword.keys(@weights)
  def draw, do: Enum.random(@drawn)

  def run(:quick, s) do
    n = Book.number()
    payload = :rand.bytes(:rand.uniform(200))
    expected = [n, :erlang.crc32(payload), byte_size(payload)]
    call(s, :quick, expected, &execute(s, "tagged", [n, Envmgr.bytes(payload)], &1))
  end

  # Both ways through the second lane.
  def run(:large, s) do
    n = Book.number()
    payload = :rand.bytes(100_000 + :rand.uniform(2_000_000))
    expected = [n, :erlang.crc32(payload), byte_size(payload)]
    call(s, :large, expected, &execute(s, "tagged", [n, Envmgr.bytes(payload)], &1))
    n = Book.number()
    size = 8 * (100 + :rand.uniform(200_000))
    whole? = &match?(%{data: <<^n::64, _::binary>>} when byte_size(&1.data) == size, &1)
    call(s, :large, whole?, &execute(s, "blob", [n, size], &1))
  end

  def run(:short_of_time, s) do
    n = Book.number()
    what = Enum.random(["nap", "spin"])
    opts = [timeout: 20 + :rand.uniform(150)]

    call(s, :short_of_time, n, [:timeout, :overloaded | collateral()], opts, fn opts ->
      execute(s, what, [n, 0.2], opts)
    end)
  end

  def run(:asynchronous, s) do
    opts = [name: s.name, timeout: timeout()]

    calls =
      for _ <- 1..:rand.uniform(8) do
        n = Book.number()

        {n, :rand.uniform(3) == 1,
         Envmgr.async(path(s, "nap"), [n, 0.02 * :rand.uniform()], opts)}
      end

    Process.sleep(:rand.uniform(20))
    Envmgr.cancel(for {_, true, call} <- calls, do: call)
    answers = Envmgr.await_many(for {_, _, call} <- calls, do: call)

    for {{n, cancelled?, _}, answer} <- Enum.zip(calls, answers),
        do: answered(s, :asynchronous, n, if(cancelled?, do: [:cancelled], else: []), answer)
  end

  def run(:coroutines, s) do
    opts = [name: s.name, timeout: timeout()]

    calls =
      for _ <- 1..10,
          n = Book.number(),
          do: {n, Envmgr.async(path(s, "anap"), [n, 0.05 * :rand.uniform()], opts)}

    for {n, call} <- calls, do: answered(s, :coroutines, n, [], Envmgr.await(call))
  end

  def run(:chain, s) do
    n = Book.number()

    chain = [
      {:call, path(s, "box"), [n, 1000]},
      {:method, "add", [1]},
      {:op, :*, 2},
      {:op, :-, n}
    ]

    call(s, :chain, n + 2, &Envmgr.execute(chain, [], &1))
  end

  def run(:map, s) do
    numbers = for _ <- 1..(20 + :rand.uniform(100)), do: Book.number()
    opts = [name: s.name, timeout: timeout()]
    # An object's path, so that nothing that is configured makes of it single calls.
    answers = Envmgr.map(path(s, "nap"), Enum.map(numbers, &[&1, 0.0]), opts)

    if length(answers) != length(numbers),
      do: Book.wrong("#{s.library} map: #{length(answers)} answers of #{length(numbers)}")

    for {n, answer} <- Enum.zip(numbers, answers), do: answered(s, :map, n, [], answer)
  end

  def run(:stream, s) do
    n = Book.number()
    items = :rand.uniform(300)
    what = Enum.random(["count", "acount"])
    expected = Enum.to_list(n..(n + items - 1))
    call(s, :stream, expected, &listed(s, what, [n, items], &1, items))
  end

  def run(:stream_left, s) do
    n = Book.number()
    what = Enum.random(["count", "acount"])

    if :rand.uniform(2) == 1 do
      call(s, :stream_left, [n, n + 1, n + 2], &listed(s, what, [n, 1_000_000], &1, 3))
    else
      dying(s, :stream_left, fn opts ->
        s |> listed(what, [n, 1_000_000_000], opts, 1_000_000_000)
      end)
    end
  end

  def run(:session, s) do
    n = Book.number()
    {:ok, session} = Session.open(name: s.name, affinity: Enum.random([:strict, :prefer]))
    :ok = Session.put(session, "word", "word #{n}")
    told = call(s, :session, "word #{n}", [], [session: session], &execute(s, "told", [n], &1))
    back = Session.get(session, "back")
    if told != :error, do: answered(s, :session, [n, "word #{n}"], [], back)

    # What was put survives; a call that was lost may have put or not.
    Enum.reduce(1..4, [], fn _, seen ->
      n = Book.number()
      mine? = &(List.last(&1) == n and seen -- &1 == [])

      case call(s, :session, mine?, [], [session: session], &execute(s, "visit", [n], &1)) do
        {:ok, seen} -> seen
        :error -> seen
      end
    end)

    :ok = Session.close(session)
  end

  def run(:session_left, s) do
    {:ok, session} = Session.open(name: s.name)
    n = Book.number()
    call(s, :session_left, n, [], [session: session], &execute(s, "hoard", [n], &1))
    n = Book.number()
    call(s, :session_left, [n], [], [session: session], &execute(s, "visit", [n], &1))
  end

  def run(:session_object, s) do
    Envmgr.with_session([name: s.name], fn session ->
      n = Book.number()
      opts = [session: session]

      with {:ok, _} <- call(s, :session_object, n, [], opts, &execute(s, "hoard", [n], &1)) do
        box = Session.get(session, "box")
        ref? = &match?(%Envmgr.Ref{}, &1)

        with {:ok, box} <- answered(s, :session_object, ref?, lost_too(s), box) do
          opts = [session: session, objects: true]
          call(s, :session_object, n + 5, [], opts, &Envmgr.method(box, "add", [5], bare(&1)))
        end
      end
    end)
  end

  def run(:callback, s) do
    n = Book.number()

    add = fn x ->
      Process.sleep(:rand.uniform(3))
      x + 7
    end

    call(s, :callback, [n, n + 7], &execute(s, "applied", [n, add], &1))
  end

  def run(:callback_calls, s) do
    n = Book.number()
    m = Book.number()
    inner = fn x -> Envmgr.execute!(path(s, "kept"), [x], name: s.name, cache: false) ++ [m] end

    # The call inside may lose its worker too: then Python has an ElixirError.
    excuses = if s.library == "calm", do: [], else: [:exception]

    call(s, :callback_calls, [n, [n, n * n, m]], excuses, [], fn opts ->
      execute(s, "applied", [n, inner], opts)
    end)
  end

  # More than are in each other in a worker.
  def run(:callbacks_at_once, s) do
    1..200
    |> Enum.map(fn _ -> Task.async(fn -> run(:callback, s) end) end)
    |> Task.await_many(timeout() + slack())
  end

  def run(:iterator, s) do
    n = Book.number()
    items = :rand.uniform(2_000)
    numbers = Envmgr.items(Stream.map(1..items, & &1))
    call(s, :iterator, [n, div(items * (items + 1), 2)], &execute(s, "total", [n, numbers], &1))
  end

  def run(:refs, s), do: refs(s, :refs, &Envmgr.release/1)
  def run(:refs_left, s), do: refs(s, :refs_left, fn _ -> :ok end)

  def run(:effect, s) do
    n = Book.number()
    Book.effect(n, 1)
    excuses = if :rand.uniform(4) == 1, do: [:timeout, :overloaded | collateral()], else: []
    opts = if excuses == [], do: [], else: [timeout: 50 + :rand.uniform(100)]
    pause = Enum.random([0.0, 0.0, 0.005, 0.1])
    made = call(s, :effect, n, excuses, opts, &execute(s, "effect", [n, s.notes, pause], &1))
    if made != :error, do: Book.effected(n)
  end

  def run(:effect_again, s) do
    n = Book.number()
    # The first try, and the retries of envmgr.toml.
    Book.effect(n, 6)
    made = call(s, :effect_again, n, &execute(s, "again", [n, s.notes, 0.01], &1))
    if made != :error, do: Book.effected(n)
  end

  def run(:caller_killed, s) do
    n = Book.number()
    Book.effect(n, 1)
    dying(s, :caller_killed, &execute(s, "effect", [n, s.notes, 0.3], &1))
  end

  def run(:cache, s) do
    n = :rand.uniform(60)
    call(s, :cache, [n, n * n], &execute(s, "kept", [n], &1))

    if :rand.uniform(50) == 1,
      do: Envmgr.Cache.invalidate([function: path(s, "kept")], s.name)
  end

  # The number is in the exception, and in nobody else's.
  def run(:refused, s) do
    n = Book.number()

    call(s, :refused, "number #{n}", fn opts ->
      case execute(s, "refuse", [n], opts) do
        {:error, %{code: :exception, type: "ValueError", message: message}} -> {:ok, message}
        other -> other
      end
    end)
  end

  def run(:hedged, s) do
    n = Book.number()
    Book.effect(n, 2 * 6)
    opts = [hedge: 5 + :rand.uniform(30), idempotent: true]
    pause = Enum.random([0.0, 0.05])
    made = call(s, :hedged, n, [], opts, &execute(s, "again", [n, s.notes, pause], &1))
    if made != :error, do: Book.effected(n)
  end

  def run(:fallback, s) do
    n = Book.number()
    opts = [fallback: ["calm.nap"]]
    call(s, :fallback, n, [], opts, &execute(s, "nap", [n, 0.001], &1))
  end

  def run(:limited, s) do
    n = Book.number()
    call(s, :limited, n, &execute(s, "few", [n], &1))
  end

  # A worker for each call.
  def run(:once, s) do
    s = %{s | library: "storm"}
    n = Book.number()
    Book.effect(n, 1)
    made = call(s, :once, n, [], [pool: :once], &execute(s, "effect", [n, s.notes], &1))
    if made != :error, do: Book.effected(n)
  end

  # idna is moved between two versions all the while.
  def run(:real, s) do
    s = %{s | library: "shift"}
    n = Book.number()
    chain = [{:call, "idna.encode", ["büro#{n}.example"]}, {:method, "decode", ["ascii"]}]
    coded? = &String.contains?(&1, "xn--bro#{n}-")
    call(s, :real, coded?, &Envmgr.execute(chain, [], &1))
    call(s, :real, "bücher#{n}", &Envmgr.execute("idna.decode", ["bücher#{n}"], &1))
  end

  def run(:standard, s) do
    n = Book.number()
    call(s, :standard, n * 1.0, &Envmgr.execute("#{s.library}_math.fabs", [-n], &1))
    value = %{"n" => n, "list" => [1, [2.5, nil]]}

    case call(s, :standard, &is_binary/1, &Envmgr.execute("#{s.library}_json.dumps", [value], &1)) do
      {:ok, text} ->
        call(s, :standard, value, &Envmgr.execute("#{s.library}_json.loads", [text], &1))

      :error ->
        :error
    end
  end

  defp refs(s, kind, finish) do
    n = Book.number()
    ref? = &match?(%Envmgr.Ref{}, &1)
    opts = [as: :ref]

    with {:ok, ref} <- call(s, kind, ref?, [], opts, &execute(s, "box", [n, 50_000], &1)) do
      opts = [objects: true]
      call(s, kind, n + 3, [], opts, &Envmgr.method(ref, "add", [3], bare(&1)))
      call(s, kind, n + 3, [], opts, &Envmgr.attr(ref, "number", bare(&1)))
      finish.(ref)
    end
  end

  # A caller that ends in the middle: it gets no answer, and nothing stays.
  defp dying(s, kind, fun) do
    {pid, monitor} = spawn_monitor(fn -> fun.(name: s.name, timeout: timeout()) end)
    Process.sleep(:rand.uniform(60))
    Process.exit(pid, :kill)
    receive do: ({:DOWN, ^monitor, _, _, _} -> Book.count(s.library, kind, :given_up))
  end

  defp listed(s, what, args, opts, most) do
    {:ok, path(s, what) |> Envmgr.stream(args, opts) |> Enum.take(most)}
  rescue
    error in Envmgr.Error -> {:error, error}
  end

  # Where a deadline passes in code that does not come back at once, its worker goes, and with it what else was there.
  defp collateral, do: [:worker_lost]
  defp lost_too(%{library: "calm"}), do: []
  defp lost_too(_scene), do: [:variable_lost]
  defp bare(opts), do: Keyword.delete(opts, :name)
  defp path(s, what), do: "#{s.library}.#{what}"
  defp execute(s, what, args, opts), do: Envmgr.execute(path(s, what), args, opts)
end
