defmodule Envmgr.Libraries.Sizing do
  # How one pool of an environment keeps its workers: what envmgr.toml says, with every default filled in.
  @moduledoc false

  @enforce_keys [:min, :max]
  defstruct [:min, :max, :age, :calls, :memory, :libraries] ++
              [lazy?: false, profile: "process", threads: 1, queue: 1_000]

  @typedoc """
  `min` and `max` workers; `queue`: the most calls that wait for one. A worker is replaced after `age` ms, `calls` calls, or when its process
  takes `memory` bytes. `libraries`: those that it serves; nil: all of the environment.
  """
  @type t :: %__MODULE__{
          min: pos_integer(),
          max: pos_integer(),
          age: pos_integer() | nil,
          calls: pos_integer() | nil,
          memory: pos_integer() | nil,
          libraries: [String.t()] | nil,
          lazy?: boolean(),
          profile: String.t(),
          threads: pos_integer(),
          queue: pos_integer()
        }

  @doc "The pools of a launch manifest, by name; nil when that is malformed."
  @spec parse(term()) :: %{String.t() => t()} | nil
  def parse(%{"default" => _} = pools) do
    parsed = for {name, said} <- pools, sizing = one(said), into: %{}, do: {name, sizing}
    if map_size(parsed) == map_size(pools), do: parsed
  end

  def parse(_malformed), do: nil

  @doc "What of it makes the workers what they are: the rest is how many there are, and for how long."
  @spec worker(t()) :: tuple()
  def worker(sizing), do: {sizing.profile, at_a_time(sizing), sizing.libraries}

  @doc "How many calls a worker runs at a time."
  @spec at_a_time(t()) :: pos_integer()
  def at_a_time(%{profile: "thread", threads: threads}), do: threads
  def at_a_time(_sizing), do: 1

  @doc "Whether a worker runs one call and no other."
  @spec once?(t()) :: boolean()
  def once?(sizing), do: sizing.profile == "call"

  defp one(%{"min" => min, "max" => max} = said)
       when is_integer(min) and is_integer(max) and min >= 1 and max >= min do
    recycle = said["recycle"] || %{}

    %__MODULE__{
      min: min,
      max: max,
      age: recycle["age"],
      calls: recycle["calls"],
      memory: recycle["memory"],
      libraries: said["libraries"],
      lazy?: said["lazy"] == true,
      profile: said["profile"] || "process",
      threads: said["threads"] || 1,
      queue: said["queue"] || 1_000
    }
  end

  defp one(_malformed), do: nil
end
