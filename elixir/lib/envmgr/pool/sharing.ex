defmodule Envmgr.Pool.Sharing do
  # What waits for one worker while another has nothing to do goes there, half of it at a time. Functions of the owner's state.
  @moduledoc false

  alias Envmgr.Pool.{Outbox, Pipe, Route}

  @doc "A look around, while something waits."
  @spec share(Pipe.state()) :: Pipe.state()
  def share(%{phase: :ready} = s) do
    case Outbox.size(s.outbox) do
      0 -> s
      waiting -> if idle?(s), do: Pipe.flush(Pipe.elsewhere(s, div(waiting + 1, 2))), else: s
    end
  end

  def share(s), do: s

  defp idle?(s) do
    case Route.lookup(s.options.name, s.manifest.environment, s.pool) do
      {_generation, workers, _server} -> Route.idle(workers) > 0
      nil -> false
    end
  end
end
