defmodule Envmgr.Pool.Flight do
  # The calls that were written to a worker and have no last message. A worker runs and answers them in order, so a queue
  # is enough, but for those that went aside, which are found by their id. Those of a worker with threads all are: each holds a thread until
  # it goes aside. Pure.
  @moduledoc false

  alias Envmgr.Pool.Output

  @typedoc "`reply` is nil when nobody waits any more: the call was cancelled."
  @type entry :: {id :: pos_integer(), reply :: reference() | nil, deadline(), label()}
  @typedoc "When it should have ended, ms of the monotonic clock; with the process that waits for it, where nobody watches that."
  @type deadline :: integer() | :infinity | {integer() | :infinity, caller :: pid()}

  @typedoc "What a call is called: the path of a function, of which the library is a part, or a tuple of what matters."
  @type label ::
          String.t()
          | {priority(), library :: String.t() | nil, path :: String.t()}
          | {priority(), library :: String.t() | nil, path :: String.t(), Output.t()}
          | {priority(), library :: String.t() | nil, path :: String.t(), Output.t(), whose()}
  @typedoc "The process whose calls take their turn as one, where it may have several; whether one worker alone can run it."
  @type whose :: {caller :: pid() | nil, pinned? :: boolean()}
  @type priority :: :high | :normal | :low

  @typedoc """
  Asides by id, and their ids by reply. `turn`: since when the worker's main thread may be at work for it, as a place among the ids of
  calls; nil: it is not; `:thread`: it holds one.
  """
  @type asides :: %{
          optional(pos_integer()) =>
            {reference() | nil, deadline(), label(), turn :: pos_integer() | nil | :thread},
          optional(reference()) => pos_integer()
        }
  @type t :: {non_neg_integer(), :queue.queue(entry()) | :threads, asides()}

  @spec new() :: t()
  def new, do: {0, :queue.new(), %{}}

  @doc "Of a worker that runs so many calls at a time."
  @spec new(pos_integer()) :: t()
  def new(1), do: new()
  def new(_threads), do: {0, :threads, %{}}

  @doc "How many calls are in order, or hold a thread. Those aside hold nobody back."
  @spec size(t()) :: non_neg_integer()
  def size({size, _queue, _asides}), do: size

  @spec empty?(t()) :: boolean()
  def empty?({size, _queue, asides}), do: size == 0 and asides == %{}

  @doc "Whether this call is aside and has no last message."
  @spec aside?(t(), pos_integer()) :: boolean()
  def aside?({_size, _queue, asides}, id), do: is_map_key(asides, id)

  @doc "About how many calls are aside."
  @spec besides(t()) :: non_neg_integer()
  def besides({size, :threads, asides}), do: max(div(map_size(asides) + 1, 2) - size, 0)
  def besides({_size, _queue, asides}), do: div(map_size(asides) + 1, 2)

  @spec add(t(), entry()) :: t()
  def add({size, :threads, asides}, {id, reply, deadline, label}) do
    entry = {reply, deadline, label, :thread}
    {size + 1, :threads, asides |> Map.put(id, entry) |> Map.put(reply, id)}
  end

  def add({size, queue, asides}, entry), do: {size + 1, :queue.in(entry, queue), asides}

  @doc "Takes out a call that got its last message; `:unknown` breaks the protocol."
  @spec answer(t(), pos_integer()) :: {:ok, reference() | nil, t()} | :unknown
  def answer({size, :threads, asides}, id) do
    case Map.pop(asides, id) do
      {{reply, _, _, turn}, asides} ->
        {:ok, reply, {left(size, turn), :threads, Map.delete(asides, reply)}}

      {nil, _asides} ->
        :unknown
    end
  end

  def answer({size, queue, asides}, id) do
    case :queue.out(queue) do
      {{:value, {^id, reply, _, _}}, queue} -> {:ok, reply, {size - 1, queue, asides}}
      _other -> answer_aside({size, queue, asides}, id)
    end
  end

  defp left(size, :thread), do: size - 1
  defp left(size, _turn), do: size

  defp answer_aside({size, queue, asides}, id) do
    case Map.pop(asides, id) do
      {{reply, _, _, _}, asides} -> {:ok, reply, {size, queue, Map.delete(asides, reply)}}
      {nil, _} -> answer_early({size, queue, asides}, id)
    end
  end

  # A cancelled call that had not begun may be told as ended before those ahead of it.
  defp answer_early({size, queue, asides}, id) do
    left = :queue.filter(&(elem(&1, 0) != id or elem(&1, 1) != nil), queue)
    if :queue.len(left) < size, do: {:ok, nil, {size - 1, left, asides}}, else: :unknown
  end

  @doc "The oldest call, or one that holds a thread, goes on beside the others."
  @spec aside(t(), pos_integer()) :: {:ok, reference() | nil, t()} | :unknown
  def aside({size, :threads, asides}, id) do
    case asides do
      %{^id => {reply, _, _, turn} = entry} ->
        {:ok, reply, {left(size, turn), :threads, %{asides | id => put_elem(entry, 3, nil)}}}

      _none ->
        :unknown
    end
  end

  def aside({size, queue, asides}, id) do
    case :queue.out(queue) do
      {{:value, {^id, reply, deadline, label}}, queue} ->
        asides = Map.put(asides, id, {reply, deadline, label, nil})
        asides = if reply, do: Map.put(asides, reply, id), else: asides
        {:ok, reply, {size - 1, queue, asides}}

      _other ->
        :unknown
    end
  end

  @doc "From this turn on the worker's main thread may be at work for a call that is aside; nil: it is not."
  @spec occupy(t(), non_neg_integer(), pos_integer() | nil) :: t()
  def occupy({_size, :threads, _asides} = flight, _id, _turn), do: flight

  def occupy({size, queue, asides}, id, turn) do
    case asides do
      %{^id => aside} -> {size, queue, %{asides | id => put_elem(aside, 3, turn)}}
      _none -> {size, queue, asides}
    end
  end

  @doc "The id of a call that is aside."
  @spec find(t(), reference()) :: pos_integer() | nil
  def find({_size, _queue, asides}, reply), do: Map.get(asides, reply)

  @doc "Who waits for the messages of a call that is aside; nil: nobody does."
  @spec reply(t(), pos_integer()) :: {:ok, reference() | nil} | :unknown
  def reply({_size, _queue, asides}, id) do
    case asides do
      %{^id => {reply, _, _, _}} -> {:ok, reply}
      _none -> :unknown
    end
  end

  @spec oldest(t()) :: entry() | nil
  def oldest({_size, :threads, _asides}), do: nil

  def oldest({_size, queue, _asides}) do
    case :queue.peek(queue) do
      {:value, entry} -> entry
      :empty -> nil
    end
  end

  @doc "What was written last, of a worker that runs one call at a time."
  @spec latest(t()) :: entry() | nil
  def latest({_size, :threads, _asides}), do: nil

  def latest({_size, queue, _asides}) do
    case :queue.peek_r(queue) do
      {:value, entry} -> entry
      :empty -> nil
    end
  end

  @doc "The calls that may not have begun and that any worker may run: those behind the oldest, or among all that hold threads."
  @spec behind(t()) :: [pos_integer()]
  def behind({_size, :threads, asides}) do
    for {id, {reply, _, label, :thread}} when reply != nil <- asides, not pinned?(label), do: id
  end

  def behind({_size, queue, _asides}) do
    for {id, reply, _, label} when reply != nil <- Enum.drop(:queue.to_list(queue), 1),
        not pinned?(label),
        do: id
  end

  @doc "Takes out a call that the worker has given back, unbegun."
  @spec return(t(), pos_integer()) :: {:ok, reference() | nil, t()} | :unknown
  def return({_size, :threads, _asides} = flight, id), do: answer(flight, id)

  def return({size, queue, asides}, id) do
    case Enum.split_while(:queue.to_list(queue), &(elem(&1, 0) != id)) do
      {before, [{_id, reply, _, _} | rest]} ->
        {:ok, reply, {size - 1, :queue.from_list(before ++ rest), asides}}

      _none ->
        :unknown
    end
  end

  @doc "Whether a call is in order, and others wait for it."
  @spec in_order?(t(), pos_integer()) :: boolean()
  def in_order?({_size, :threads, _asides}, _id), do: false
  def in_order?({_size, queue, _asides}, id), do: :queue.any(&(elem(&1, 0) == id), queue)

  @doc "Nobody waits any more for this call. Its last message is still to come."
  @spec cancel(t(), reference()) :: {:ok, pos_integer(), t()} | :unknown
  def cancel({size, queue, asides}, reply) do
    case Map.pop(asides, reply) do
      {nil, _asides} when queue == :threads ->
        :unknown

      {nil, _asides} ->
        with {id, queue} <- silence(:queue.to_list(queue), reply, []),
             do: {:ok, id, {size, queue, asides}}

      {id, asides} ->
        {:ok, id, {size, queue, %{asides | id => put_elem(asides[id], 0, nil)}}}
    end
  end

  defp silence([{id, reply, deadline, label} | rest], reply, before),
    do: {id, :queue.from_list(Enum.reverse(before, [{id, nil, deadline, label} | rest]))}

  defp silence([entry | rest], reply, before), do: silence(rest, reply, [entry | before])
  defp silence([], _reply, _before), do: :unknown

  @doc """
  What the main thread is at work for before it comes to a call: the turn of another one, the first if there are several; nil when
  only the call itself can be in the way. `excused?` tells which others count.
  """
  @spec before(t(), pos_integer(), (pos_integer() -> boolean())) :: pos_integer() | nil
  def before({_size, _queue, asides} = flight, id, excused?) do
    # One that is aside, and not at work in the main thread, is there after all others. Atoms are greater than numbers.
    turn = with %{^id => {_, _, _, turn}} <- asides, do: turn || :last, else: (_in_order -> id)

    oldest = with {oldest, _, _, _} <- oldest(flight), do: {oldest, oldest}
    beside = for {other, {_, _, _, at}} when is_integer(at) <- asides, do: {other, at}

    [oldest | beside]
    |> Enum.filter(&match?({other, at} when other != id and at < turn, &1))
    |> Enum.filter(fn {other, _at} -> excused?.(other) end)
    |> Enum.map(fn {_other, at} -> at end)
    |> Enum.min(fn -> nil end)
  end

  @doc "The calls aside that should have ended by `now`, and for which somebody is thought to wait."
  @spec overdue(t(), integer()) :: [reference()]
  def overdue({_size, _queue, asides}, now) do
    for {_id, {reply, deadline, _, _}} <- asides, reply != nil, passed?(deadline, now), do: reply
  end

  @doc "Whether a deadline is over."
  @spec passed?(deadline(), integer()) :: boolean()
  def passed?({deadline, _caller}, now), do: deadline < now
  def passed?(deadline, now), do: deadline < now

  @doc "Whether the process that waits for a call has ended, as far as the call itself says whose it is."
  @spec left?(deadline()) :: boolean()
  def left?({_deadline, caller}), do: not Process.alive?(caller)
  def left?(_deadline), do: false

  @doc "The calls whose callers have left."
  @spec left(t()) :: [reference()]
  def left({_size, queue, asides}) do
    queue = if queue == :threads, do: [], else: :queue.to_list(queue)
    ordered = for {_, reply, deadline, _} when reply != nil <- queue, left?(deadline), do: reply

    ordered ++
      for {id, {reply, deadline, _, _}} when is_integer(id) and reply != nil <- asides,
          left?(deadline),
          do: reply
  end

  @spec library(label() | nil) :: String.t() | nil
  def library(nil), do: nil
  def library(label) when is_tuple(label), do: elem(label, 1)
  def library(path), do: path |> String.split(".", parts: 2) |> hd()

  @spec library(t(), non_neg_integer()) :: String.t() | nil
  def library(flight, id), do: flight |> label(id) |> library()

  @spec path(label() | nil) :: String.t() | nil
  def path(label) when is_tuple(label), do: elem(label, 2)
  def path(path), do: path

  @spec output(label() | nil) :: Output.t()
  def output({_priority, _library, _path, output}), do: output
  def output({_priority, _library, _path, output, _whose}), do: output
  def output(_label), do: {:log, nil}

  @spec caller(label()) :: pid() | nil
  def caller({_priority, _library, _path, _output, {caller, _pinned?}}), do: caller
  def caller(_label), do: nil

  @doc "Whether no other worker can run it: it is about an object."
  @spec pinned?(label()) :: boolean()
  def pinned?({_priority, _library, _path, _output, {_caller, pinned?}}), do: pinned?
  def pinned?(_label), do: false

  @doc "The label, with whose call it is."
  @spec whose(label(), String.t() | nil, String.t(), whose()) :: label()
  def whose(label, library, path, whose) do
    priority = if is_tuple(label), do: elem(label, 0), else: :normal
    {priority, library, path, output(label), whose}
  end

  @doc "What runs, as far as it can be known: the oldest, or the only one aside."
  @spec running(t()) :: {reply :: reference() | nil, path :: String.t()} | nil
  def running({_size, _queue, asides} = flight) do
    case {oldest(flight),
          for({id, {reply, _, label, _}} when is_integer(id) <- asides, do: {reply, label})} do
      {{_id, reply, _, label}, _asides} -> {reply, path(label)}
      {nil, [{reply, label}]} -> {reply, path(label)}
      _unknown -> nil
    end
  end

  @doc "Of what runs, as far as it can be known, what is said of it in logs."
  @spec labels(t()) :: keyword()
  def labels({_size, _queue, asides} = flight) do
    case {oldest(flight), for({id, {_, _, label, _}} when is_integer(id) <- asides, do: label)} do
      {{_id, _reply, _, label}, _asides} -> described(label)
      {nil, [label]} -> described(label)
      _unknown -> []
    end
  end

  defp described(label) do
    correlation = with {_to, tag} when is_binary(tag) <- output(label), do: tag, else: (_ -> nil)
    [library: library(label), path: path(label), correlation: correlation]
  end

  @spec replies(t()) :: [reference()]
  def replies({_size, queue, asides}) do
    queue = if queue == :threads, do: [], else: :queue.to_list(queue)
    ordered = for {_, reply, _, _} when reply != nil <- queue, do: reply

    ordered ++
      for {id, {reply, _, _, _}} when is_integer(id) and reply != nil <- asides, do: reply
  end

  @doc "Of a call that runs or is aside; nil for what belongs to none."
  @spec label(t(), non_neg_integer()) :: label() | nil
  def label({_size, _queue, asides} = flight, id) do
    case {asides, oldest(flight)} do
      {%{^id => {_, _, label, _}}, _} -> label
      {_, {^id, _, _, label}} -> label
      _neither -> nil
    end
  end
end
