defmodule Envmgr.Telemetry.Events do
  # All events, as data: when they come, what they measure, what is said with them. The documentation is made of it
  # (`Envmgr.Telemetry`, docs/telemetry.md), and the bit by which an event is known to have listeners.
  @moduledoc false

  import Bitwise

  @worker ~w(environment pool generation worker os_pid)a
  @zygote ~w(environment generation os_pid)a
  @call ~w(path form async? correlation telemetry_span_context)a
  @stream @call -- [:async?]
  @reached ~w(library environment generation worker pool)a
  @function ~w(path library)a
  @circuit ~w(library path environment pool reason)a

  @begin ~w(monotonic_time system_time)a
  @end_ ~w(duration monotonic_time)a
  @now [:system_time]

  @table [
    {[:library, :state], "a library's state changed", @now,
     ~w(library environment state before reason)a},
    {[:pool, :start], "a pool begins to start workers", @now, ~w(environment pool generation)a},
    {[:pool, :scale], "a pool wants more or fewer workers", ~w(from to)a,
     ~w(environment pool reason)a},
    {[:pool, :overloaded],
     "a call is refused: too many wait, or it could not be answered before its deadline",
     [:waiting], ~w(environment pool path)a},
    {[:pool, :drained], "a pool that ends has answered its calls", [:duration],
     ~w(environment pool)a},
    {[:worker, :start], "a worker's process was started", @now, @worker},
    {[:worker, :ready], "a worker takes calls", [:duration], @worker},
    {[:worker, :stop], "a worker has ended", ~w(duration answered)a, @worker ++ ~w(reason why)a},
    {[:worker, :recycled], "a worker gets a successor, and is let go then", ~w(age calls memory)a,
     @worker ++ [:reason]},
    {[:zygote, :ready], "a zygote forks workers", [:duration], @zygote},
    {[:zygote, :stop], "a zygote has ended, and its workers with it", [:duration],
     @zygote ++ [:reason]},
    {[:call, :start], "a call begins", @begin, @call},
    {[:call, :stop], "a call has its value", @end_, @call ++ @reached ++ [:cached?]},
    {[:call, :exception],
     "a call has an error, returned or (by what it was given: an enumeration, a decoder) raised",
     @end_, @call ++ @reached ++ ~w(cached? kind reason stacktrace code class)a},
    {[:stream, :start], "a stream begins", @begin, @stream},
    {[:stream, :chunk], "items came", [:items], @stream ++ @reached},
    {[:stream, :stop], "a stream is at its end, was closed, or has failed",
     @end_ ++ ~w(items chunks)a, @stream ++ @reached ++ [:reason]},
    {[:generation, :switch], "calls reach a newer generation", @now, ~w(environment from to)a},
    {[:generation, :rollback], "calls reach an older generation", @now, ~w(environment from to)a},
    {[:generation, :refused], "a generation does not start, and the one before serves", [:tries],
     ~w(environment generation serving reason)a},
    {[:error, :spike], "an error of one function came far more often than before",
     ~w(count mean)a, ~w(path library code class type correlation)a},
    {[:session, :open], "a session was opened", @now, ~w(session owner affinity)a},
    {[:session, :restored], "another worker took the place of a session's, and got its variables",
     ~w(variables lost)a, ~w(session environment reason)a},
    {[:session, :expired], "a session rested, or lived, for as long as it may; its end follows",
     [:duration], ~w(session reason)a},
    {[:session, :close], "a session has ended (not of one that crashed)",
     ~w(duration calls errors)a, ~w(session reason)a},
    {[:cache, :hit], "a call is answered by a result that was kept, or is computed for another",
     @now, @function},
    {[:cache, :miss], "a call whose result may be kept is made", @now, @function},
    {[:cache, :evicted], "results went for others, or by age", [:count], @function ++ [:reason]},
    {[:cache, :invalidated], "results are not valid any more", [:count], @function ++ [:reason]},
    {[:retry, :attempt], "a call failed and is made again", ~w(attempt wait)a,
     @function ++ [:code]},
    {[:hedge, :start], "a call takes long: a second worker is asked", @now, @function},
    {[:hedge, :stop], "a call that two workers were asked has its answer", @now,
     @function ++ [:won]},
    {[:fallback, :taken], "a call that failed is answered by something else", @now,
     @function ++ [:fallback]},
    {[:limit, :refused], "a function is called more often than its rate allows", [:retry_after],
     @function},
    {[:circuit, :open],
     "a library's calls, or the starts of a pool's workers, failed too often: there are none for a while",
     @now ++ ~w(failures open)a, @circuit},
    {[:circuit, :half_open], "one of them is let through", @now, @circuit},
    {[:circuit, :close], "that one was fine", @now, @circuit}
  ]

  @keys [
    affinity: "`:strict` or `:prefer`",
    age: "of a worker, ms",
    answered: "by a worker in its life: calls",
    async?: "whether it is a call of `Envmgr.async/3` or `Envmgr.map/3`",
    attempt: "which one failed, counted from 1",
    before: "the state before, nil for none",
    cached?: "whether the answer came from the cache",
    calls: "by a worker, or in a session: calls answered",
    chunks: "messages that the items came in",
    class: "of an `Envmgr.Error`",
    code: "of an `Envmgr.Error`",
    correlation: "as in logs and errors; nil before there is an error, where nobody gave one",
    count: "of errors in the last minute, or of results",
    duration:
      "since the beginning (of a call, a worker's start, a session, an end), in native time units",
    environment: "its name, nil where that is not known",
    errors: "in a session: calls that failed",
    failures: "that were counted",
    fallback: "the path of another function, or `:function`",
    form: "`:function`, `:chain`, `:method` or `:attribute`",
    from: "the generation, or the number of workers, before",
    generation: "its number; of a call nil where no worker was asked",
    items: "of a stream: how many came",
    kind:
      "`:error` for an error that was returned, else how it was raised: `:error`, `:exit`, `:throw`",
    library: "its name, nil where that is not known",
    lost: "variables that were objects, and stayed in the other worker",
    mean: "errors a minute, in the 14 minutes before the last",
    memory: "of a worker's process, bytes",
    monotonic_time: "of the event, in native time units",
    open: "ms until one is let through",
    os_pid: "of a worker's or a zygote's process",
    owner: "the process that a session ends with, or nil",
    path:
      "of the function, as it was called; of a method its object's type and its name, of a chain its first step",
    pool: "its name, nil where that is not known",
    reason:
      "why: an `Envmgr.Error` or nil (of a library, a generation, an open circuit), what was raised (of a call), " <>
        "`:end`, `:closed` or an `Envmgr.Error` (of a stream), `:drained`, `:lost`, `:start`, `:shutdown` (of a worker that ended), " <>
        "`:age`, `:calls`, `:memory` (of one that is recycled), `:closed`, `:owner`, `:idle`, `:ttl` (of a session), " <>
        "`:entries`, `:bytes`, `:ttl`, `:function`, `:library`, `:tag`, `:all`, `:generation` (of results); else words",
    retry_after: "ms until there is room",
    serving: "the generation that serves",
    session: "its name",
    stacktrace: "of what was raised, else `[]`",
    state:
      "`:loading`, `:ready`, `:degraded`, `:failed`, or `:unloaded`: it is no library of the instance any more",
    system_time: "of the event, in native time units",
    telemetry_span_context: "the same for all events of one call, or of one stream",
    to: "the generation, or the number of workers, from now on",
    tries: "in a row",
    type: "of Python's exception, or nil",
    variables: "that were put back",
    wait: "ms until the next try",
    waiting: "calls in the pool's queue",
    why: "in words",
    won: "whether the answer is that of the second",
    worker: "the process that owns it, nil where none was asked"
  ]

  @type name :: [atom(), ...]
  @type entry :: {name(), String.t(), measurements :: [atom()], metadata :: [atom()]}

  @doc "Names are without `:envmgr`, and metadata without `instance`, which is in all of them."
  @spec table() :: [entry()]
  def table, do: @table

  @doc "What measurements and metadata mean."
  @spec keys() :: [{atom(), String.t()}]
  def keys, do: @keys

  bits = for {{name, _, _, _}, place} <- Enum.with_index(@table), do: {name, 1 <<< place}

  groups =
    for {group, names} <- Enum.group_by(bits, fn {[group | _], _bit} -> group end) do
      {[group], names |> Enum.map(&elem(&1, 1)) |> Enum.reduce(&|||/2),
       Enum.map(names, &elem(&1, 0))}
    end

  @doc "The bit of an event, or those of all that begin with `[group]`; 0 of one that is not in the table."
  @spec bit([atom(), ...]) :: non_neg_integer()
  for {name, bit} <- bits, do: def(bit(unquote(name)), do: unquote(bit))
  for {group, bits, _names} <- groups, do: def(bit(unquote(group)), do: unquote(bits))
  def bit(_unknown), do: 0

  @doc "The events that begin with `[group]`; an event's name itself."
  @spec names([atom(), ...]) :: [name()]
  for {group, _bits, names} <- groups, do: def(names(unquote(group)), do: unquote(names))
  def names(name), do: [name]

  @doc "The table and the keys, in Markdown."
  @spec text() :: String.t()
  def text do
    head = "| event | when | measurements | metadata |\n|---|---|---|---|\n"
    keys = for {key, text} <- @keys, do: ["- `#{key}`: ", text, "\n"]

    [head, Enum.map(@table, &line/1), "\n", keys]
    |> IO.iodata_to_binary()
    |> String.trim_trailing()
  end

  defp line({name, text, measurements, metadata}) do
    name = Enum.map_join([:envmgr | name], ", ", &inspect/1)
    ["| `[", name, "]` | ", text, " | ", list(measurements), " | ", list(metadata), " |\n"]
  end

  defp list(keys), do: Enum.map_join(keys, ", ", &"`#{&1}`")
end
