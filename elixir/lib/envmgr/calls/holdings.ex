defmodule Envmgr.Calls.Holdings do
  # Which process holds which ref, and what became of those that nobody holds any more. Pure; `Holders` is the process.
  @moduledoc false

  @remembered_workers 256
  @remembered_refs 4_096

  defstruct holders: %{},
            refs: %{},
            ended: %{},
            ends: :queue.new(),
            released: %{},
            releases: :queue.new()

  @typedoc "The owner of a worker, and the number of an object in it."
  @type ref :: {owner :: pid(), pos_integer()}
  @type why ::
          {:process, pid()}
          | {:release, pid()}
          | {:session, id :: String.t()}
          | {:variable, name :: String.t(), session :: String.t()}
  @type fate ::
          {:ended, String.t(), DateTime.t()}
          | {:released, why()}
          | {:elsewhere, node()}
          | :unknown
  @type t :: %__MODULE__{
          holders: %{pid() => %{pid() => %{pos_integer() => true}}},
          refs: %{ref() => pid()},
          ended: %{pid() => {String.t(), DateTime.t()}},
          released: %{ref() => why()}
        }

  @doc "A ref of a worker that has ended is held by nobody."
  @spec hold(t(), pid(), ref()) :: t()
  def hold(s, holder, {owner, id} = ref) do
    if is_map_key(s.ended, owner) do
      s
    else
      s = drop(s, ref)
      theirs = Map.get(s.holders, holder, %{})
      theirs = Map.put(theirs, owner, Map.put(Map.get(theirs, owner, %{}), id, true))
      %{s | refs: Map.put(s.refs, ref, holder), holders: Map.put(s.holders, holder, theirs)}
    end
  end

  @spec holds?(t(), pid()) :: boolean()
  def holds?(s, holder), do: is_map_key(s.holders, holder)

  @doc "Whether an object of this owner's worker is held."
  @spec holding?(t(), pid()) :: boolean()
  def holding?(s, owner),
    do: Enum.any?(s.holders, fn {_holder, theirs} -> is_map_key(theirs, owner) end)

  @spec held?(t(), ref()) :: boolean()
  def held?(s, ref), do: is_map_key(s.refs, ref)

  @spec release(t(), ref(), why()) :: t()
  def release(s, ref, why), do: s |> drop(ref) |> remember(ref, why)

  @spec count(t(), pid()) :: non_neg_integer()
  def count(s, holder),
    do:
      s.holders |> Map.get(holder, %{}) |> Enum.reduce(0, fn {_, ids}, n -> n + map_size(ids) end)

  @doc "A process, or a session, ended. Returns the numbers that it held, by the worker's owner."
  @spec down(t(), pid(), why() | nil) :: {%{pid() => [pos_integer()]}, t()}
  def down(s, holder, why \\ nil) do
    why = why || {:process, holder}
    {theirs, holders} = Map.pop(s.holders, holder, %{})

    Enum.reduce(theirs, {%{}, %{s | holders: holders}}, fn {owner, ids}, {releases, s} ->
      ids = Map.keys(ids)
      s = %{s | refs: Map.drop(s.refs, for(id <- ids, do: {owner, id}))}
      remembered = ids |> Enum.take(-@remembered_refs)
      s = Enum.reduce(remembered, s, &remember(&2, {owner, &1}, why))
      {Map.put(releases, owner, ids), s}
    end)
  end

  @doc "A worker ended, or takes no more calls. What was said first of its end is kept."
  @spec ended(t(), pid(), String.t(), DateTime.t()) :: t()
  def ended(s, owner, why, at) do
    if is_map_key(s.ended, owner) do
      s
    else
      holders =
        for {holder, theirs} <- s.holders,
            left = Map.delete(theirs, owner),
            left != %{},
            into: %{} do
          {holder, left}
        end

      refs = for {{worker, _}, _} = pair <- s.refs, worker != owner, into: %{}, do: pair
      {ended, ends} = bounded(s.ended, s.ends, owner, {why, at}, @remembered_workers)
      %{s | holders: holders, refs: refs, ended: ended, ends: ends}
    end
  end

  @spec fate(t(), pid(), pos_integer() | nil) :: fate()
  def fate(s, owner, id) do
    case {s.ended, s.released} do
      {%{^owner => {why, at}}, _} -> {:ended, why, at}
      {_, %{{^owner, ^id} => why}} -> {:released, why}
      _neither -> :unknown
    end
  end

  defp drop(s, {owner, id} = ref) do
    case Map.pop(s.refs, ref) do
      {nil, _refs} ->
        s

      {holder, refs} ->
        ids = Map.delete(s.holders[holder][owner], id)
        theirs = s.holders[holder]
        theirs = if ids == %{}, do: Map.delete(theirs, owner), else: %{theirs | owner => ids}

        holders =
          if theirs == %{},
            do: Map.delete(s.holders, holder),
            else: %{s.holders | holder => theirs}

        %{s | refs: refs, holders: holders}
    end
  end

  defp remember(s, ref, why) do
    {released, releases} = bounded(s.released, s.releases, ref, why, @remembered_refs)
    %{s | released: released, releases: releases}
  end

  defp bounded(map, order, key, value, _most) when is_map_key(map, key),
    do: {%{map | key => value}, order}

  defp bounded(map, order, key, value, most) do
    {map, order} = {Map.put(map, key, value), :queue.in(key, order)}

    if map_size(map) > most do
      {{:value, oldest}, order} = :queue.out(order)
      {Map.delete(map, oldest), order}
    else
      {map, order}
    end
  end
end
