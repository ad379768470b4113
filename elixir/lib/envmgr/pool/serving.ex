defmodule Envmgr.Pool.Serving do
  # What a worker asks of this VM, and what goes on beside its calls: functions that Python calls, streams. Functions of the
  # owner's state.
  @moduledoc false

  alias Envmgr.Pool.{Callback, Callbacks, Cancelling, Flight, Lent, Outbox, Pipe, Raised, Watched}
  alias Envmgr.Wire.Messages

  @doc "Python may call these from now on, for the call `reply` or later."
  @spec lend(Pipe.state(), reference() | nil, pid(), [{pos_integer(), pid() | nil}]) ::
          Pipe.state()
  def lend(s, reply, passer, keys) do
    lent = Lent.add(s.lent, reply, passer, keys)
    live? = s.phase in [:ready, :draining]
    %{s | lent: if(live?, do: lent, else: Lent.return(lent, s.options.name, reply))}
  end

  @doc "Python holds these no longer."
  @spec drop(Pipe.state(), [pos_integer()]) :: Pipe.state()
  def drop(s, keys), do: %{s | lent: Lent.drop(s.lent, s.options.name, keys)}

  @doc "A process that passed functions has ended."
  @spec gone(Pipe.state(), pid()) :: Pipe.state()
  def gone(s, passer), do: %{s | lent: Lent.gone(s.lent, s.options.name, passer)}

  @doc "A call went aside. A stream's consumer has said what it wants first."
  @spec aside(Pipe.state(), pos_integer(), reference() | nil) :: Pipe.state()
  def aside(s, id, reply) do
    case Watched.first(s.watched, reply) do
      nil ->
        Cancelling.sweep(s)

      first ->
        send(reply, {reply, :aside})
        ask(s, id, first)
    end
  end

  @doc "A consumer wants more of its stream."
  @spec more(Pipe.state(), reference(), pos_integer()) :: Pipe.state()
  def more(s, reply, items) do
    case Flight.find(s.flight, reply) do
      nil -> s
      id -> s |> ask(id, items) |> Pipe.flush()
    end
  end

  defp ask(s, id, items), do: s |> Pipe.say(Messages.more(id, items)) |> turn(id)

  # The main thread takes up what it is told in the order in which it is told.
  defp turn(s, id) do
    {turn, outbox} = Outbox.next_id(s.outbox)
    %{s | outbox: outbox, flight: Flight.occupy(s.flight, id, turn)}
  end

  @doc "Python calls a function."
  @spec callback(Pipe.state(), non_neg_integer(), non_neg_integer(), non_neg_integer(), binary()) ::
          Pipe.state()
  def callback(s, id, number, key, payload) do
    callback = %Callback{table: s.options.name, key: key, payload: payload, home: home(s, id)}
    askers = if id == 0, do: s.askers, else: Map.put(s.askers, id, true)
    %{s | callbacks: Callbacks.open(s.callbacks, id, number, callback), askers: askers}
  end

  @doc "A function has returned, or failed."
  @spec returned(Pipe.state(), non_neg_integer(), 0..2, iodata()) :: Pipe.state()
  def returned(s, number, status, payload) do
    case Callbacks.returned(s.callbacks, number, status, payload) do
      nil ->
        s

      {message, id, callbacks} ->
        %{s | callbacks: callbacks} |> Pipe.say(message) |> turn(id) |> Pipe.flush()
    end
  end

  @doc "The process of a function ended without returning."
  @spec ended(Pipe.state(), non_neg_integer(), term()) :: Pipe.state()
  def ended(s, number, reason) do
    why = "the process of the function ended: #{Exception.format_exit(reason)}"
    returned(s, number, 1, Raised.failure("exit", why))
  end

  defp home(s, id) do
    %{
      owner: self(),
      library: Flight.library(s.flight, id),
      generation: s.manifest.generation,
      environment: s.manifest.environment,
      name: s.options.name
    }
  end
end
