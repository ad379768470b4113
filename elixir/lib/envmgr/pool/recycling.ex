defmodule Envmgr.Pool.Recycling do
  # When a worker has served long enough, by what envmgr.toml says: its age, its calls, the memory of its process. Pure.
  @moduledoc false

  alias Envmgr.Libraries.Sizing

  @type reason :: :age | :calls | :memory
  @typedoc "ms, calls, and bytes or nil where that is not known."
  @type facts :: %{
          age: non_neg_integer(),
          calls: non_neg_integer(),
          memory: non_neg_integer() | nil
        }

  @doc "Whether a pool recycles at all."
  @spec any?(Sizing.t()) :: boolean()
  def any?(sizing), do: sizing.age != nil or sizing.calls != nil or sizing.memory != nil

  @doc "Why a worker is due; nil: it is not."
  @spec due(facts(), Sizing.t()) :: reason() | nil
  def due(facts, sizing) do
    cond do
      reached?(facts.memory, sizing.memory) -> :memory
      reached?(facts.calls, sizing.calls) -> :calls
      reached?(facts.age, sizing.age) -> :age
      true -> nil
    end
  end

  defp reached?(_value, nil), do: false
  defp reached?(nil, _limit), do: false
  defp reached?(value, limit), do: value >= limit

  @doc "How many of a pool's workers are replaced at a time: their successors take memory beside them."
  @spec at_a_time(non_neg_integer()) :: pos_integer()
  def at_a_time(workers), do: max(div(workers, 4), 1)

  @doc "What who holds its objects is told."
  @spec words(reason(), facts()) :: String.t()
  def words(:age, %{age: ms}), do: "the worker was replaced after #{div(ms, 1_000)} s"
  def words(:calls, %{calls: calls}), do: "the worker was replaced after #{calls} calls"

  def words(:memory, %{memory: bytes}),
    do: "the worker was replaced because its process took #{div(bytes, 1_048_576)} MiB"
end
