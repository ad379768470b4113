defmodule Envmgr.Pool.Flight do
  # The calls that were written to a worker and have no answer. A worker answers in the order of the calls, so a queue
  # is enough: before an answered call only cancelled ones can stand, which the worker has dropped.
  @moduledoc false

  @type entry ::
          {id :: pos_integer(), reply :: reference() | nil, deadline(), library :: String.t()}
  @type deadline :: integer() | :infinity
  @type t :: {non_neg_integer(), :queue.queue(entry())}

  @spec new() :: t()
  def new, do: {0, :queue.new()}

  @spec size(t()) :: non_neg_integer()
  def size({size, _queue}), do: size

  @spec add(t(), entry()) :: t()
  def add({size, queue}, entry), do: {size + 1, :queue.in(entry, queue)}

  @doc "Takes the answered call out, with how many entries that removed; `:unknown` breaks the protocol."
  @spec answer(t(), pos_integer(), non_neg_integer()) ::
          {:ok, reference() | nil, non_neg_integer(), t()} | :unknown
  def answer({size, queue}, id, removed \\ 0) do
    case :queue.out(queue) do
      {{:value, {^id, reply, _, _}}, queue} -> {:ok, reply, removed + 1, {size - 1, queue}}
      {{:value, {_, nil, _, _}}, queue} -> answer({size - 1, queue}, id, removed + 1)
      _other -> :unknown
    end
  end

  @spec oldest(t()) :: entry() | nil
  def oldest({_size, queue}) do
    case :queue.peek(queue) do
      {:value, entry} -> entry
      :empty -> nil
    end
  end

  @doc "What a caller that stops waiting means for the worker: `:oldest` runs, or waits behind nothing; others can be cancelled."
  @spec abandon(t(), reference()) :: :oldest | {:cancel, pos_integer(), t()} | :unknown
  def abandon({size, queue} = flight, reply) do
    case {oldest(flight), :queue.filter(&(elem(&1, 1) == reply), queue) |> :queue.peek()} do
      {{_, ^reply, _, _}, _} ->
        :oldest

      {_, {:value, {id, _, deadline, library}}} ->
        cancelled = {id, nil, deadline, library}
        {:cancel, id, {size, :queue.filter(&replace(&1, id, cancelled), queue)}}

      {_, :empty} ->
        :unknown
    end
  end

  @doc "Removes the cancelled calls written before `id`: a ping that came back proves that the worker dropped them."
  @spec settle(t(), pos_integer()) :: {non_neg_integer(), t()}
  def settle({size, queue}, id) do
    queue = :queue.filter(fn {other, reply, _, _} -> reply != nil or other > id end, queue)
    left = :queue.len(queue)
    {size - left, {left, queue}}
  end

  @spec library(t(), non_neg_integer()) :: String.t() | nil
  def library({_size, queue}, id) do
    Enum.find_value(:queue.to_list(queue), fn {other, _, _, library} ->
      if other == id, do: library
    end)
  end

  @spec replies(t()) :: [reference()]
  def replies({_size, queue}),
    do: for({_, reply, _, _} when reply != nil <- :queue.to_list(queue), do: reply)

  defp replace({id, _, _, _}, id, cancelled), do: [cancelled]
  defp replace(_entry, _id, _cancelled), do: true
end
