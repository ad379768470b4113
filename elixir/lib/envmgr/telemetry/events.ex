defmodule Envmgr.Telemetry.Events do
  # All events, as data: what each means, what it measures, and what is said with it. The documentation is made of it
  # (`Envmgr.Telemetry`, docs/telemetry.md), and the bit by which an event is known to have listeners.
  @moduledoc false

  import Bitwise

  @of_call [
    path:
      "the function as it was called, of a method the object's type and its name, of a chain its first step",
    form: "`:function`, `:chain`, `:method`, `:attribute`",
    async?: "whether it is one of `Envmgr.async/3`",
    correlation: "as in logs and errors; nil before an error where nobody gave one",
    telemetry_span_context: "the same for all events of one call"
  ]

  @of_answer [
    library: "of the function, or nil: it is not known",
    environment: "or nil",
    generation: "that answered, or nil",
    worker: "the process that owns the worker, or nil: none was asked",
    pool: "whose worker it is, or nil",
    cached?: "whether the answer came from the cache"
  ]

  @of_stream Keyword.delete(@of_call, :async?)
  @of_items [
    library: "as of a call",
    environment: "as of a call",
    generation: "that makes the items",
    worker: "as of a call",
    pool: "as of a call"
  ]

  # Of what stands around a call.
  @of_function [path: "the function as it was called", library: "its library, or nil"]
  @of_result [path: "the function", library: "its library"]
  @of_circuit [library: "that it belongs to", path: "of the call with which it changed"]

  @of_pool [environment: "its environment", pool: "its name"]
  @of_worker @of_pool ++
               [
                 generation: "that it serves",
                 worker: "the process that owns it",
                 os_pid: "of its process, or nil"
               ]

  @of_zygote [
    environment: "its environment",
    generation: "whose workers it forks",
    os_pid: "of its process"
  ]
  @of_session [session: "its name"]

  @span [
    duration: "native time units",
    monotonic_time: "native time units"
  ]
  @now [system_time: "native time units"]

  @table [
    {[:library, :state], "a library's state changed", @now,
     [
       library: "its name",
       environment: "its environment",
       state:
         "`:loading`, `:ready`, `:degraded`, `:failed`, `:unloaded` (it is no library of the instance any more)",
       before: "the state before, or nil",
       reason: "an `Envmgr.Error`, or nil"
     ]},
    {[:pool, :start], "a pool began to start workers", @now,
     @of_pool ++ [generation: "that it serves"]},
    {[:pool, :scale], "a pool wants more or fewer workers", [from: "workers", to: "workers"],
     @of_pool ++ [reason: "why"]},
    {[:pool, :overloaded],
     "a call was refused: it could not be answered in time, or too many wait", [waiting: "calls"],
     @of_pool ++ [path: "of the call"]},
    {[:pool, :drained], "a pool that ends has finished its calls",
     [duration: "native time units"], @of_pool},
    {[:worker, :start], "a worker's process was started", @now, @of_worker},
    {[:worker, :ready], "a worker takes calls", [duration: "since its start, native time units"],
     @of_worker},
    {[:worker, :stop], "a worker has ended",
     [duration: "since its start, native time units", answered: "calls"],
     @of_worker ++
       [
         reason: "`:drained`, `:lost`, `:start` (it was never ready), `:shutdown`",
         why: "in words"
       ]},
    {[:worker, :recycled], "a worker is replaced before it is let go",
     [age: "ms", calls: "calls", memory: "bytes"],
     @of_worker ++ [reason: "`:age`, `:calls`, `:memory`"]},
    {[:pool, :circuit],
     "workers end again and again: none is started for a while, and who finds none is told at once (`:open`), then one is tried (`:half_open`); it proved itself (`:closed`)",
     [faults: "in a short while", wait: "ms until one is tried, or the next one"],
     @of_pool ++ [state: "`:open`, `:half_open`, `:closed`", reason: "an `Envmgr.Error`, or nil"]},
    {[:zygote, :ready], "a zygote forks workers",
     [duration: "since its start, native time units"], @of_zygote},
    {[:zygote, :stop], "a zygote has ended, and its workers with it",
     [duration: "since its start, native time units"],
     @of_zygote ++ [reason: "why, in words; of one that was of no use, why workers start afresh"]},
    {[:call, :start], "a call begins", @now ++ [monotonic_time: "native time units"], @of_call},
    {[:call, :stop], "a call has its value", @span, @of_call ++ @of_answer},
    {[:call, :exception],
     "a call has an error, returned (`kind: :error`) or raised by a function of yours: a decoder, a hook",
     @span,
     @of_call ++
       @of_answer ++
       [
         kind: "`:error`, `:exit`, `:throw`",
         reason: "an `Envmgr.Error`, or what was raised",
         stacktrace: "of what was raised, else `[]`",
         code: "of the error, or nil",
         class: "of the error, or nil"
       ]},
    {[:retry, :attempt], "a call failed and is made again",
     [attempt: "that failed, from 1 on", wait: "ms until the next one"],
     @of_function ++ [code: "of the error"]},
    {[:hedge, :start], "a call takes long: a second worker is asked", @now, @of_function},
    {[:hedge, :stop], "a call that two workers were asked has its answer", @now,
     @of_function ++ [won: "whether the second one gave it"]},
    {[:fallback, :taken], "a call that failed is answered by something else", @now,
     @of_function ++ [fallback: "a path, or `:function`"]},
    {[:circuit, :open], "a library failed too often: its calls are refused for a while",
     @now ++ [failures: "so many", open: "ms"], @of_circuit},
    {[:circuit, :half_open], "one call of such a library is let through", @now, @of_circuit},
    {[:circuit, :close], "that call found the library well", @now, @of_circuit},
    {[:limit, :refused], "a function is called more often than its rate allows",
     [retry_after: "ms until there is room"], @of_function},
    {[:cache, :hit], "a call is answered by a result that was kept, or is computed for another",
     @now, @of_result},
    {[:cache, :miss], "a call whose result may be kept is made", @now, @of_result},
    {[:cache, :evicted], "results went for others, or by age", [count: "results"],
     @of_result ++ [reason: "`:entries`, `:bytes`, `:ttl`"]},
    {[:cache, :invalidated], "results are not valid any more", [count: "results"],
     @of_result ++ [reason: "`:function`, `:library`, `:tag`, `:all`, `:generation`"]},
    {[:stream, :start], "a stream begins", @now ++ [monotonic_time: "native time units"],
     @of_stream},
    {[:stream, :chunk], "items came", [items: "how many"], @of_stream ++ @of_items},
    {[:stream, :stop], "a stream is at its end, was closed, or has failed",
     @span ++ [items: "how many came", chunks: "in how many messages"],
     @of_stream ++
       @of_items ++ [reason: "`:end`, `:closed` (by its consumer), or an `Envmgr.Error`"]},
    {[:session, :open], "a session was opened", @now,
     @of_session ++ [owner: "a process, or nil", affinity: "`:strict` or `:prefer`"]},
    {[:session, :restored], "another worker took the place of a session's, and got its variables",
     [variables: "how many it got", lost: "how many stayed in the other, as objects"],
     @of_session ++ [environment: "of the worker", reason: "what became of the other, in words"]},
    {[:session, :expired], "a session rested, or lived, for as long as it may; its end follows",
     [duration: "of its life, native time units"], @of_session ++ [reason: "`:idle` or `:ttl`"]},
    {[:session, :close], "a session has ended (not of one that crashed)",
     [duration: "of its life, native time units", calls: "that it had", errors: "of them"],
     @of_session ++ [reason: "`:closed`, `:owner` (that ended), `:idle`, `:ttl`"]},
    {[:generation, :switch], "calls reach another generation", @now,
     [environment: "its environment", from: "generation", to: "generation"]},
    {[:generation, :rollback], "calls reach an older generation", @now,
     [environment: "its environment", from: "generation", to: "generation"]},
    {[:generation, :refused], "a generation does not start; the one before serves",
     [tries: "in a row"],
     [
       environment: "its environment",
       generation: "that was refused",
       serving: "generation",
       reason: "an `Envmgr.Error`"
     ]},
    {[:error, :spike], "one error of one function comes far more often than before",
     [count: "in the last minute", mean: "a minute, before it"],
     [
       path: "the function",
       library: "its library, or nil",
       code: "of the error",
       class: "of the error",
       type: "Python's, or nil",
       correlation: "of the last one"
     ]}
  ]

  @type name :: [atom(), ...]
  @type entry :: {name(), String.t(), measurements :: keyword(), metadata :: keyword()}

  @doc "Names are without `:envmgr`. Of all metadata `instance` is a part, which is not in the table."
  @spec table() :: [entry()]
  def table, do: @table

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

  @doc "The table in Markdown."
  @spec text() :: String.t()
  def text do
    [
      "| event | when | measurements | metadata |\n|---|---|---|---|\n"
      | Enum.map(@table, &line/1)
    ]
    |> IO.iodata_to_binary()
    |> String.trim_trailing()
  end

  defp line({name, text, measurements, metadata}) do
    name = Enum.map_join([:envmgr | name], ", ", &inspect/1)
    ["| `[", name, "]` | ", text, " | ", pairs(measurements), " | ", pairs(metadata), " |\n"]
  end

  defp pairs(pairs), do: Enum.map_join(pairs, "; ", fn {key, text} -> "`#{key}`: #{text}" end)
end
