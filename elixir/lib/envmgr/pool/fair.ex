defmodule Envmgr.Pool.Fair do
  # A queue in which callers take turns: one that has put in a thousand calls does not keep another's single one waiting
  # behind them. Calls of one caller keep their order; one without a caller is a caller's only one. Pure.
  @moduledoc false

  @typedoc """
  Its size; the turns: calls, and `{:of, caller}` where the next one is that caller's first; and the calls of the callers.
  """
  @type t(item) ::
          {non_neg_integer(), :queue.queue(item | {:of, pid()}), %{pid() => :queue.queue(item)}}

  @spec new() :: t(term())
  def new, do: {0, :queue.new(), %{}}

  @spec size(t(term())) :: non_neg_integer()
  def size({size, _turns, _callers}), do: size

  @spec push(t(item), item, caller :: pid() | nil) :: t(item) when item: tuple()
  def push({size, turns, callers}, item, nil), do: {size + 1, :queue.in(item, turns), callers}

  def push({size, turns, callers}, item, caller) do
    case callers do
      %{^caller => theirs} ->
        {size + 1, turns, %{callers | caller => :queue.in(item, theirs)}}

      _none ->
        callers = Map.put(callers, caller, :queue.from_list([item]))
        {size + 1, :queue.in({:of, caller}, turns), callers}
    end
  end

  @spec pop(t(item)) :: {item, t(item)} | :empty when item: tuple()
  def pop({size, turns, callers}) do
    case :queue.out(turns) do
      {{:value, {:of, caller}}, turns} ->
        {{:value, item}, theirs} = :queue.out(Map.fetch!(callers, caller))

        if :queue.is_empty(theirs),
          do: {item, {size - 1, turns, Map.delete(callers, caller)}},
          else: {item, {size - 1, :queue.in({:of, caller}, turns), %{callers | caller => theirs}}}

      {{:value, item}, turns} ->
        {item, {size - 1, turns, callers}}

      {:empty, _turns} ->
        :empty
    end
  end

  @doc "All, in the order in which they would leave."
  @spec to_list(t(item)) :: [item] when item: tuple()
  def to_list(fair) do
    case pop(fair) do
      {item, fair} -> [item | to_list(fair)]
      :empty -> []
    end
  end

  @doc "Takes out the first for which `which?` holds; nil when there is none."
  @spec take(t(item), (item -> boolean())) :: {item, t(item)} | nil when item: tuple()
  def take({size, turns, callers}, which?) do
    case split(turns, &(not match?({:of, _}, &1) and which?.(&1))) do
      {item, turns} -> {item, {size - 1, turns, callers}}
      nil -> take_of(size, turns, callers, which?)
    end
  end

  defp take_of(size, turns, callers, which?) do
    Enum.find_value(callers, fn {caller, theirs} ->
      with {item, theirs} <- split(theirs, which?) do
        if :queue.is_empty(theirs) do
          turns = :queue.filter(&(&1 != {:of, caller}), turns)
          {item, {size - 1, turns, Map.delete(callers, caller)}}
        else
          {item, {size - 1, turns, %{callers | caller => theirs}}}
        end
      end
    end)
  end

  defp split(queue, which?) do
    case queue |> :queue.to_list() |> Enum.split_while(&(not which?.(&1))) do
      {_all, []} -> nil
      {before, [item | rest]} -> {item, :queue.from_list(before ++ rest)}
    end
  end
end
