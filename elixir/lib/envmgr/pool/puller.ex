defmodule Envmgr.Pool.Puller do
  # The process that holds an enumeration which Python reads: it runs as far as it is asked. It ends with its enumeration's
  # reader, with the process that passed it, and with the worker.
  @moduledoc false

  alias Envmgr.{Bytes, Error}
  alias Envmgr.Pool.Raised
  alias Envmgr.Values.{Encoder, Refusal}

  # What is there goes to Python after so many ms or bytes, though it would take more.
  @patience 5
  @piece 65_536
  # How long an enumeration may take to let go what it holds.
  @closing 1_000

  @type kind :: :items | :bytes

  @typedoc "Of the process that passes a function or a stream, for the processes that run it."
  @type context :: %{
          passer: pid(),
          group_leader: pid(),
          callers: [pid()],
          metadata: keyword()
        }

  @spec start(Enumerable.t(), kind(), context()) :: pid()
  def start(enumerable, kind, context) do
    spawn(fn ->
      Process.group_leader(self(), context.group_leader)
      Process.put(:"$callers", context.callers)
      Logger.metadata(context.metadata)
      monitor = Process.monitor(context.passer)
      step = &Enumerable.reduce(enumerable, &1, fn item, _acc -> {:suspend, {:item, item}} end)
      loop(%{kind: kind, step: step, rest: "", watched: [monitor]})
    end)
  end

  @doc "From now on it ends with this owner of a worker too."
  @spec serve(pid(), pid()) :: term()
  def serve(puller, owner), do: send(puller, {:serve, owner})

  @doc "Ends it, also in the middle of an enumeration that waits for something."
  @spec stop(pid()) :: pid()
  def stop(puller) do
    spawn(fn ->
      monitor = Process.monitor(puller)
      send(puller, :stop)

      receive do
        {:DOWN, ^monitor, _, _, _} -> :ok
      after
        @closing -> Process.exit(puller, :kill)
      end
    end)
  end

  @doc """
  The payload of `[items, done]` or `[binary, done]`, of at most `most` items or bytes and at least one unless it is done; the payload
  that says why there is none; `:gone` when the process has ended.
  """
  @spec pull(pid(), term(), pid()) :: {:ok, iodata()} | {:error, iodata()} | :gone
  def pull(puller, most, owner) when is_integer(most) and most > 0 do
    reply = :erlang.monitor(:process, puller, alias: :reply_demonitor)
    send(puller, {:pull, reply, most, owner})

    receive do
      {^reply, answer} -> answer
      {:DOWN, ^reply, _, _, _} -> :gone
    end
  end

  def pull(_puller, most, _owner),
    do: {:error, Raised.failure("arguments", "#{inspect(most)} is no number of items")}

  defp loop(s) do
    receive do
      {:pull, reply, most, owner} ->
        {answer, s} = answer(s, most, owner)
        send(reply, {reply, answer})
        loop(s)

      {:serve, owner} ->
        [passer | _] = s.watched
        loop(%{s | watched: [passer, Process.monitor(owner)]})

      :stop ->
        close(s)

      {:DOWN, monitor, _, _, _} ->
        if monitor in s.watched, do: close(s), else: loop(s)
    end
  end

  # An enumeration that is not at its end lets go what it holds: files, other streams.
  defp close(%{step: nil}), do: :ok
  defp close(%{step: step}), do: step.({:halt, nil})

  defp answer(s, most, owner) do
    {value, s} = take(s, most)

    case Encoder.encode(value, owner) do
      {:ok, payload} -> {{:ok, payload}, s}
      {:ref, _ref} -> {failed("it holds an object of another worker"), s}
      {:error, refusal} -> {failed(Refusal.text(refusal)), s}
    end
  catch
    # What has failed is at its end.
    kind, reason -> {{:error, Raised.caught(kind, reason, __STACKTRACE__)}, %{s | step: nil}}
  end

  defp failed(why), do: {:error, Raised.failure("conversion", "the stream: " <> why)}

  defp take(%{kind: :items} = s, most) do
    {items, s} = items(s, most, now() + @patience, [])
    {[Enum.reverse(items), s.step == nil], s}
  end

  defp take(%{kind: :bytes} = s, most) do
    s = bytes(s, most, now() + @patience)
    size = min(most, byte_size(s.rest))
    <<piece::binary-size(size), rest::binary>> = s.rest
    {[%Bytes{data: piece}, s.step == nil and rest == ""], %{s | rest: rest}}
  end

  defp items(%{step: nil} = s, _most, _until, items), do: {items, s}
  defp items(s, 0, _until, items), do: {items, s}

  defp items(s, most, until, items) do
    cond do
      items != [] and now() > until ->
        {items, s}

      step = next(s.step) ->
        items(%{s | step: elem(step, 1)}, most - 1, until, [elem(step, 0) | items])

      true ->
        {items, %{s | step: nil}}
    end
  end

  defp bytes(%{step: nil} = s, _most, _until), do: s

  defp bytes(s, most, until) do
    cond do
      byte_size(s.rest) >= min(most, @piece) ->
        s

      s.rest != "" and now() > until ->
        s

      step = next(s.step) ->
        bytes(%{s | step: elem(step, 1), rest: s.rest <> binary(elem(step, 0))}, most, until)

      true ->
        %{s | step: nil}
    end
  end

  # `Stream.take/2` and its like end with their last item in hand.
  defp next(step) do
    case step.({:cont, nil}) do
      {:suspended, {:item, item}, step} -> {item, step}
      {_done_or_halted, {:item, item}} -> {item, nil}
      {_done_or_halted, nil} -> nil
    end
  end

  defp binary(data) when is_binary(data), do: data
  defp binary(%Bytes{data: data}), do: data

  defp binary(other) do
    raise Error,
      code: :conversion,
      message: "a stream of bytes holds #{Refusal.show(other)}, which is no binary"
  end

  defp now, do: System.monotonic_time(:millisecond)
end
