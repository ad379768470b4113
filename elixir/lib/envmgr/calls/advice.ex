defmodule Envmgr.Calls.Advice do
  # What the numbers of an instance say should be changed: they are gathered here, and looked at in `Rules`.
  @moduledoc false

  alias Envmgr.Calls.Advice.Rules
  alias Envmgr.Calls.{Discover, Errors, Surroundings}
  alias Envmgr.Pool

  # Between two looks at what is busy, ms: many times what a quick call takes.
  @while 50

  @spec read(atom()) :: [Rules.finding()]
  def read(name) do
    stats = Surroundings.add(Pool.Stats.read(name), name)
    Process.sleep(@while)

    Rules.all(%{
      stats: stats,
      later: Pool.Stats.read(name),
      calls: Discover.calls(%{name: name, library: nil, sort: :count}),
      errors: Errors.read(name),
      memory: memory(stats)
    })
  end

  defp memory(stats) do
    for({_environment, facts} <- stats, worker <- facts.workers, do: worker.os_pid)
    |> Enum.filter(& &1)
    |> Pool.Memory.read()
  end
end
