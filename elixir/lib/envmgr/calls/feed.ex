defmodule Envmgr.Calls.Feed do
  # A stream of items from Python: a call that goes on, asked for chunk after chunk. While one is consumed the next is made.
  @moduledoc false

  alias Envmgr.{Calls, Error, Ref}
  alias Envmgr.Calls.{Beside, Errors, Outcome, Places, Request, Sessions, Span}
  alias Envmgr.Libraries.Usage

  # A chunk ends earlier where its items are slow or large (docs/protocol.md, section 3).
  # The first item is not kept waiting for a second one.
  @first 1
  @growth 4
  @most 16_384

  @spec new(String.t() | list() | Ref.t(), term(), keyword()) :: Enumerable.t()
  def new(target, args, opts) do
    # An object by itself is a chain of one step.
    target = if is_struct(target, Ref), do: [target], else: target
    Stream.resource(fn -> open(target, args, opts) end, &next/1, &close/1)
  end

  # What telemetry hears: `items` and `chunks` that came.
  defp open(target, args, opts) do
    span = if Span.wanted?(:stream), do: Span.begin(:stream, target, opts)
    heard = %{span: span, instance: Span.instance(target, opts), items: 0, chunks: 0}
    opts = Beside.option(opts, %Beside{kind: :stream, first: @first})

    case Calls.execute(target, args, if(span, do: Span.option(opts, span), else: opts)) do
      {:ok, :end} ->
        stopped(heard, :end)
        :end

      {:ok, {:scripted, items}} ->
        stopped(heard, :end)
        {:scripted, items}

      {:ok, feed} ->
        Map.merge(feed, %{wanted: @first, heard: heard})

      {:error, error} ->
        refused(error, heard)
    end
  end

  defp next(:end), do: {:halt, :end}
  defp next({:scripted, items}), do: {items, :end}

  defp next(%{request: request, reply: reply, owner: owner} = feed) do
    case Beside.await(request, reply, owner, request.timeout) do
      {:got, {:chunk, payload}} ->
        wanted = min(@growth * feed.wanted, @most)
        send(owner, {:more, reply, wanted})

        case Outcome.chunk(payload, feed) do
          {:ok, chunk} -> {chunk, %{feed | wanted: wanted, heard: heard(feed.heard, chunk)}}
          {:error, error} -> failed(error, feed)
        end

      {:got, :end} ->
        stopped(feed.heard, :end)
        left(feed, :ok)
        {:halt, {:end, feed}}

      {:got, message} ->
        message |> Outcome.broken(feed) |> failed(feed)

      :late ->
        :late |> Outcome.broken(feed) |> failed(feed)
    end
  end

  # An error that was raised comes here too, after its stop was told.
  defp close(:end), do: :ok
  defp close({:scripted, _items}), do: :ok
  defp close({:end, feed}), do: give_back(feed)

  defp close(feed) do
    stopped(feed.heard, :closed)
    left(feed, :ok)
    Beside.close(feed.reply, feed.owner)
    give_back(feed)
  end

  # A function that runs so many times at once and no more runs until its stream is closed.
  defp give_back(%{place: place}), do: Places.give_back(place)
  defp give_back(_feed), do: :ok

  defp heard(%{span: nil} = heard, _chunk), do: heard

  defp heard(heard, chunk) do
    items = length(chunk)
    Span.tell(heard.span, [:stream, :chunk], %{items: items})
    %{heard | items: heard.items + items, chunks: heard.chunks + 1}
  end

  # It was counted as a call when it began.
  @spec failed(Error.t(), map()) :: no_return()
  defp failed(error, %{heard: heard, request: request} = feed) do
    left(feed, {:error, error})
    request |> Request.tally() |> Usage.failed(error)
    refused(error, heard)
  end

  @spec refused(Error.t(), map()) :: no_return()
  defp refused(error, heard) do
    Errors.note(heard.instance, error)
    stopped(heard, error)
    raise error
  end

  # Its span ends once.
  defp stopped(%{span: nil}, _reason), do: :ok

  defp stopped(heard, reason) do
    measured = Map.take(heard, [:items, :chunks])
    Span.finish(heard.span, [:stream, :stop], measured, %{reason: reason})
  end

  # A session takes the first word on how its call ended.
  defp left(%{request: %{session: nil}}, _answer), do: :ok
  defp left(%{request: %{session: session}}, answer), do: Sessions.left(session, answer)
end
