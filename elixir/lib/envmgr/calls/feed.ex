defmodule Envmgr.Calls.Feed do
  # A stream of items from Python: a call that goes on, asked for chunk after chunk. While one is consumed the next is made.
  @moduledoc false

  alias Envmgr.{Calls, Ref}
  alias Envmgr.Calls.{Beside, Outcome}

  # A chunk ends earlier where its items are slow or large (docs/protocol.md, section 3).
  # The first item is not kept waiting for a second one.
  @first 1
  @growth 4
  @most 16_384

  @spec new(String.t() | list() | Ref.t(), term(), keyword()) :: Enumerable.t()
  def new(target, args, opts),
    do: Stream.resource(fn -> open(target, args, opts) end, &next/1, &close/1)

  defp open(target, args, opts) do
    opts = Beside.option(opts, %Beside{kind: :stream, first: @first})
    # An object by itself is a chain of one step.
    answer = Calls.execute(if(is_struct(target, Ref), do: [target], else: target), args, opts)

    case answer do
      {:ok, :end} -> :end
      {:ok, {:scripted, items}} -> {:scripted, items}
      {:ok, feed} -> Map.put(feed, :items, @first)
      {:error, error} -> raise error
    end
  end

  defp next(:end), do: {:halt, :end}
  defp next({:scripted, items}), do: {items, :end}

  defp next(%{request: request, reply: reply, owner: owner} = feed) do
    case Beside.await(request, reply, owner, request.timeout) do
      {:got, {:chunk, payload}} ->
        items = min(@growth * feed.items, @most)
        send(owner, {:more, reply, items})

        case Outcome.chunk(payload, feed) do
          {:ok, chunk} -> {chunk, %{feed | items: items}}
          {:error, error} -> raise error
        end

      {:got, :end} ->
        {:halt, :end}

      {:got, message} ->
        raise Outcome.broken(message, feed)

      :late ->
        raise Outcome.broken(:late, feed)
    end
  end

  defp close(:end), do: :ok
  defp close({:scripted, _items}), do: :ok
  defp close(feed), do: Beside.close(feed.reply, feed.owner)
end
