defmodule Envmgr.Calls.Plain do
  # A call without options, around which nothing stands, as nearly all small ones are: the same message to the same worker as by
  # `Exchange`, which goes on with whatever is more than a value. What that needs, a `Request`, is made then: it costs about as
  # much as all that is here.
  @moduledoc false

  alias Envmgr.Calls.{Correlation, Exchange, Outcome, Request}
  alias Envmgr.Libraries.{Row, Signature, Usage}
  alias Envmgr.Pool.{Callback, Lane, Route}
  alias Envmgr.Values.{Decoder, Encoder, Holding}
  alias Envmgr.Wire.Messages

  # A copy of more takes longer than what is saved.
  @small 4_096
  # As in `Exchange`.
  @unwatched 50

  @typep sent ::
           {Exchange.message(), Exchange.load(), generation :: pos_integer(), worker :: pid()}
  @typedoc "How far it came: nothing was sent (its arguments may be encoded), or what came is no value that can be read."
  @type unfinished :: :new | {:encoded, {:ok, iodata(), list()} | Encoder.failure()} | sent()

  @spec run(atom(), Row.t(), list(), Signature.hints() | nil, started :: integer()) ::
          {:ok, term()} | unfinished()
  def run(name, row, args, into, now) do
    if not plain?(row) or Callback.calling?() or Correlation.logged() != nil do
      :new
    else
      encoded = Encoder.arguments(args, [], nil, lane: Lane.threshold(), into: into)
      deadline = div(now, 1_000_000) + elem(row, 3)

      with {:ok, payload, []} <- encoded,
           size when size < @small <- IO.iodata_length(payload),
           {_generation, _pid} = worker <- worker(name, row, deadline) do
        path = elem(row, 0)
        tail = IO.iodata_to_binary(Messages.call_tail(path, 0, payload, size))
        exchange(name, row, args, deadline, {size, tail}, worker)
      else
        _more -> {:encoded, encoded}
      end
    end
  end

  # Neither an alias nor traced, and not over before its owner would look.
  defp plain?({_, _, _, timeout, _, _, _, _, _, _, nil, false, _, _}),
    do: timeout > 10 * @unwatched

  defp plain?(_row), do: false

  # None where the call is refused, too.
  defp worker(name, {_, library, environment, timeout, _, _, _, _, _, _, _, _, _, _}, deadline) do
    with {generation, workers, _pool} <- Route.lookup(name, environment),
         true <- Route.serves?(workers, library),
         home = Holding.home(name, environment),
         {pid, slot} when is_pid(pid) and is_reference(slot) <-
           Route.admit(workers, home, {timeout, deadline, :normal}),
         do: {generation, pid},
         else: (_none -> nil)
  rescue
    ArgumentError -> nil
  end

  defp exchange(name, row, args, deadline, {size, tail}, {generation, pid}) do
    reply = :erlang.monitor(:process, pid, alias: :reply_demonitor)
    if Usage.unseen?(Row.tally(row)), do: send(pid, {:unseen, elem(row, 0)})
    send(pid, {:call, reply, {deadline, self()}, elem(row, 0), size, tail})

    came =
      receive do
        {^reply, kind, payload} -> {kind, payload}
        {^reply, :result, payload, meta, buffers} -> {:result, payload, meta, buffers}
        {^reply, moved} -> moved
        {:DOWN, ^reply, _, _, reason} -> {:down, reason}
      after
        @unwatched -> {:unwatched, reply}
      end

    with {:result, payload} <- came,
         {:ok, _value} = answer <-
           Decoder.decode(Outcome.own(payload), home(name, row, generation, pid)) do
      answer
    else
      _more -> {came, {size, tail, [], {args, []}}, generation, pid}
    end
  end

  defp home(name, row, generation, pid) do
    %{
      owner: pid,
      library: elem(row, 1),
      generation: generation,
      environment: elem(row, 2),
      name: name,
      holder: nil
    }
  end

  @doc "Goes on with one that did not come to its value."
  @spec finish(unfinished(), Request.t(), list()) :: Outcome.answer()
  def finish(:new, request, args), do: Exchange.run(request, args, [])
  def finish({:encoded, encoded}, request, args), do: Exchange.encoded(encoded, request, args, [])

  def finish({message, load, generation, pid}, request, _args),
    do: Exchange.came(message, request, load, generation, pid)
end
