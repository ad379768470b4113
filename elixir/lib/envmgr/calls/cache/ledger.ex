defmodule Envmgr.Calls.Cache.Ledger do
  # What is kept of each function's results, and what goes when there is no room. Pure; `Keeper` is the process.
  #
  # The oldest goes, but one that was used since it was last looked at goes to the end first: "second chance" (F. J. Corbató, "A
  # Paging Experiment with the Multics System", 1968), which comes near to the least recently used without a write for each use.
  @moduledoc false

  alias Envmgr.Calls.Cache.Key

  defstruct items: %{}, functions: %{}, epochs: %{}, next: 0

  @typedoc "`expires`: ms of the monotonic clock."
  @type item :: %{
          library: String.t(),
          epoch: integer(),
          tags: [String.t()],
          bytes: pos_integer(),
          expires: integer() | :infinity
        }
  @type limits :: %{entries: pos_integer(), bytes: pos_integer()}
  @type t :: %__MODULE__{}

  @doc """
  Takes a result in: what has to go for it. `:refused` when it alone is too large, or of a generation that is replaced. `used?` says
  whether a result was used since it was last asked.
  """
  @spec admit(t(), Key.t(), item(), limits(), (Key.t() -> boolean())) ::
          {:admitted | :refused, evicted :: [{Key.t(), :entries | :bytes}], t()}
  def admit(ledger, key, item, limits, used?) do
    ledger = drop(ledger, [key])

    if item.bytes > limits.bytes or item.epoch < Map.get(ledger.epochs, item.library, item.epoch) do
      {:refused, [], ledger}
    else
      epochs = Map.put(ledger.epochs, item.library, item.epoch)
      {evicted, ledger} = room(put(%{ledger | epochs: epochs}, key, item), key, limits, used?, [])
      {:admitted, evicted, ledger}
    end
  end

  @doc "Without these results."
  @spec drop(t(), [Key.t()]) :: t()
  def drop(ledger, keys), do: Enum.reduce(keys, ledger, &remove(&2, &1))

  @doc "The keys of those that are so."
  @spec select(t(), (Key.t(), item() -> boolean())) :: [Key.t()]
  def select(ledger, which), do: for({key, item} <- ledger.items, which.(key, item), do: key)

  @doc "How many results of a function are kept, and what they take."
  @spec of(t(), String.t()) :: %{entries: non_neg_integer(), bytes: non_neg_integer()}
  def of(ledger, path) do
    case ledger.functions do
      %{^path => %{order: order, bytes: bytes}} -> %{entries: :gb_trees.size(order), bytes: bytes}
      _none -> %{entries: 0, bytes: 0}
    end
  end

  defp put(ledger, key, item) do
    path = Key.path(key)
    function = Map.get(ledger.functions, path, %{order: :gb_trees.empty(), bytes: 0})
    order = :gb_trees.insert(ledger.next, key, function.order)
    function = %{order: order, bytes: function.bytes + item.bytes}

    %{
      ledger
      | items: Map.put(ledger.items, key, Map.put(item, :place, ledger.next)),
        functions: Map.put(ledger.functions, path, function),
        next: ledger.next + 1
    }
  end

  defp remove(ledger, key) do
    case Map.pop(ledger.items, key) do
      {nil, _items} ->
        ledger

      {item, items} ->
        path = Key.path(key)
        function = ledger.functions[path]
        order = :gb_trees.delete(item.place, function.order)
        function = %{order: order, bytes: function.bytes - item.bytes}

        functions =
          if :gb_trees.is_empty(order),
            do: Map.delete(ledger.functions, path),
            else: %{ledger.functions | path => function}

        %{ledger | items: items, functions: functions}
    end
  end

  defp room(ledger, newest, limits, used?, evicted) do
    path = Key.path(newest)
    %{entries: entries, bytes: bytes} = of(ledger, path)

    cond do
      entries > limits.entries -> evict(ledger, newest, limits, used?, evicted, :entries)
      bytes > limits.bytes -> evict(ledger, newest, limits, used?, evicted, :bytes)
      true -> {evicted, ledger}
    end
  end

  defp evict(ledger, newest, limits, used?, evicted, reason) do
    {_place, key} = :gb_trees.smallest(ledger.functions[Key.path(newest)].order)
    item = ledger.items[key]
    ledger = remove(ledger, key)

    if key == newest or used?.(key),
      do: room(put(ledger, key, item), newest, limits, used?, evicted),
      else: room(ledger, newest, limits, used?, [{key, reason} | evicted])
  end
end
