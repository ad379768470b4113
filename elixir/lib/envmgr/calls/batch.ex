defmodule Envmgr.Calls.Batch do
  # Many calls of one function, run by one process: those that are small and hold nothing of anybody's travel as one (flag 16 of
  # docs/protocol.md), the others one by one. Each has its own answer.
  @moduledoc false

  alias Envmgr.{Calls, Error}
  alias Envmgr.Calls.{Arguments, Around, Correlation, Entry, Exchange, Options, Outcome, Span}
  alias Envmgr.Calls.{Sessions, Telling}
  alias Envmgr.Libraries.{Row, Usage}
  alias Envmgr.Values.Encoder

  # What takes more is sent by itself, by the second lane where that is faster.
  @small 32_768

  @typedoc "What is known of an item: its arguments, and its payload."
  @type item ::
          {:ready, iodata(), list(), [{String.t(), term()}]}
          | {:alone, term()}
          | {:error, Error.t()}

  @doc "The answers of calls of `path` with these arguments, in their order. Options as of a call."
  @spec run(String.t(), [term()], keyword()) :: [Outcome.answer()]
  def run(path, items, opts) do
    with {:ok, options} <- Options.parse(opts),
         {:ok, row} <- Calls.find(options.name, path),
         false <- Around.concerns?(row, options) do
      items |> Enum.map(&prepared(&1, row, options)) |> answers(row, options, opts)
    else
      # What stands around a call stands around each of them; and an unknown path is told as for any call.
      _other -> alone(items, path, opts)
    end
  end

  defp prepared(item, row, options) do
    with {:ok, args, kwargs} <- Arguments.split(item),
         {:ok, into} <- Calls.check(options.name, row, args, kwargs),
         {:ok, payload, []} <- Encoder.arguments(args, kwargs, nil, lane: nil, into: into),
         true <- IO.iodata_length(payload) < @small do
      {:ready, payload, args, kwargs}
    else
      # It is told there what is wrong.
      _other -> {:alone, item}
    end
  end

  # Fewer than two have nothing to share.
  defp answers(prepared, row, options, opts) do
    ready = for {:ready, payload, args, kwargs} <- prepared, do: {payload, args, kwargs}
    path = elem(row, 0)

    case ready do
      [_, _ | _] ->
        together = ready |> together(row, options) |> told(ready, row, options, opts)
        merged(prepared, together, path, opts)

      _few ->
        prepared
        |> Enum.map(fn
          {:ready, _payload, args, kwargs} -> {args, Map.new(kwargs)}
          {:alone, item} -> item
        end)
        |> alone(path, opts)
    end
  end

  defp together(ready, row, options) do
    started = Usage.now()
    path = elem(row, 0)
    request = row |> Calls.request(path, path, nil, options, started) |> Span.batch()
    answer = Exchange.each(request, Enum.map(ready, &elem(&1, 0)))
    if request.session, do: Sessions.left(request.session, answer)
    count = length(ready)
    # Each has taken its part of the time.
    {answer, div(Usage.now() - started, count), count, request}
  end

  # Its pool went meanwhile: each looks for itself where the library is now.
  defp told(
         {{:error, %Error{code: code}}, _took, _count, _request},
         ready,
         row,
         _options,
         opts
       )
       when code in [:not_ready, :unresolved] do
    ready
    |> Enum.map(fn {_payload, args, kwargs} -> {args, Map.new(kwargs)} end)
    |> alone(elem(row, 0), opts)
  end

  defp told({answer, took, count, request}, ready, row, options, opts) do
    answers =
      case answer do
        {:ok, answers} when length(answers) == count -> answers
        {:ok, _other} -> List.duplicate({:error, malformed(row)}, count)
        {:error, _error} = answer -> List.duplicate(answer, count)
      end

    answers =
      for {answer, {_payload, args, kwargs}} <- Enum.zip(answers, ready) do
        answer
        |> Correlation.mark(opts)
        |> Telling.told(options.name, args, kwargs)
        |> Usage.ended(Row.tally(row), Usage.now() - took)
        |> Entry.counted(elem(row, 0), opts)
      end

    Span.batched(request, opts, answers, System.convert_time_unit(took, :nanosecond, :native))
    answers
  end

  defp malformed(row) do
    %Error{
      code: :conversion,
      message: "the worker answered another number of calls than it was asked for",
      path: elem(row, 0),
      library: elem(row, 1),
      environment: elem(row, 2)
    }
  end

  defp merged([{:ready, _, _, _} | prepared], [answer | together], path, opts),
    do: [answer | merged(prepared, together, path, opts)]

  defp merged([{:alone, item} | prepared], together, path, opts) do
    answer = Entry.execute(path, item, opts)
    [answer | merged(prepared, together, path, opts)]
  end

  defp merged([], [], _path, _opts), do: []

  # Once it is cancelled, nobody wants the others.
  defp alone(items, path, opts) do
    {answers, _cancelled} =
      Enum.map_reduce(items, nil, fn
        item, nil ->
          answer = Entry.execute(path, item, opts)
          {answer, if(match?({:error, %Error{code: :cancelled}}, answer), do: answer)}

        _item, cancelled ->
          {cancelled, cancelled}
      end)

    answers
  end
end
