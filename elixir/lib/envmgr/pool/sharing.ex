defmodule Envmgr.Pool.Sharing do
  # What waits for one worker while another has nothing to do goes there, half of it at a time. Functions of the owner's state.
  @moduledoc false

  alias Envmgr.Pool.{Flight, Outbox, Pipe, Route}

  @doc "A look around, while something waits."
  @spec share(Pipe.state()) :: Pipe.state()
  def share(%{phase: :ready} = s) do
    case Outbox.size(s.outbox) do
      0 -> s
      waiting -> if idle?(s), do: Pipe.flush(Pipe.elsewhere(s, div(waiting + 1, 2))), else: s
    end
  end

  def share(s), do: s

  @doc "Others are about to be ready, or are: what waits goes to those that have nothing to do."
  @spec coming(Pipe.state(), boolean()) :: Pipe.state()
  def coming(s, true), do: %{s | coming?: true}

  def coming(s, false) do
    s = %{s | coming?: false}
    shared? = s.phase == :ready and Outbox.size(s.outbox) > 0 and idle?(s)
    Pipe.flush(if shared?, do: Pipe.elsewhere(s, :infinity), else: s)
  end

  @doc "The other workers of the pool hear which function has just been slow."
  @spec slow(Pipe.state(), Flight.label()) :: :ok
  def slow(s, label) do
    with {_generation, workers, _server} <- route(s) do
      for {pid, _slot} <- tl(Tuple.to_list(workers)),
          pid != self(),
          do: send(pid, {:slow, Flight.path(label)})
    end

    :ok
  end

  @doc "Whether another worker of the pool has nothing to do."
  @spec idle?(Pipe.state()) :: boolean()
  def idle?(s) do
    case route(s) do
      {_generation, workers, _server} -> Route.idle(workers) > 0
      nil -> false
    end
  end

  defp route(s), do: Route.lookup(s.options.name, s.manifest.environment, s.pool)
end
