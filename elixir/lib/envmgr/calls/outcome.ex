defmodule Envmgr.Calls.Outcome do
  # What a call comes to: the value in what came for it, or the error that its caller gets.
  @moduledoc false

  require Logger

  alias Envmgr.Error
  alias Envmgr.Calls.{Beside, Correlation, Holders, Request, Stale, Trace}
  alias Envmgr.Values.{Decoder, Failure, Unread}
  alias Envmgr.Wire.Messages

  @type answer :: {:ok, term()} | {:ok, term(), map()} | {:error, Error.t()}

  @doc "Of a payload that came alone, or of a call that was lost."
  @spec answered(:result | :error | :lost, term(), Request.t(), pos_integer(), pid()) :: answer()
  def answered(:result, payload, request, generation, pid),
    do: decode(payload, {}, %{}, request, generation, pid)

  def answered(:error, payload, request, generation, pid) do
    case Decoder.decode(own(payload), home(request, generation, pid)) do
      {:ok, %{} = failure} -> {:error, failed(failure, request, generation, pid)}
      _malformed -> error(request, code: :conversion, message: "the error cannot be read")
    end
  end

  def answered(:lost, [_ | _] = fields, request, generation, pid),
    do: error(request, [{:generation, generation}, {:worker, pid} | fields])

  def answered(:lost, why, request, generation, pid) do
    hint = "the call may have run; repeat it only if that does no harm"
    fields = [code: :worker_lost, message: why, hint: hint, generation: generation, worker: pid]
    error(request, fields)
  end

  defp failed(failure, request, generation, pid) do
    case %{Failure.error(failure, labels(request, generation)) | worker: pid} do
      %Error{code: :stale_ref} = error -> Stale.known(error, request, pid)
      %Error{} = error when request.trace == nil -> error
      error -> told(error, failure, Trace.mark(request, :transport), generation)
    end
  end

  defp told(error, failure, request, generation) do
    trace = Trace.finish(request, python(failure), labels(request, generation))
    %{error | details: Map.put(error.details, :trace, trace)}
  end

  defp python(%{"trace" => %{} = trace}), do: trace
  defp python(_meta), do: %{}

  @doc "Of an answer that is more than a payload."
  @spec landed(binary(), binary(), tuple(), Request.t(), pos_integer(), pid()) :: answer()
  def landed(payload, meta, buffers, request, generation, pid) do
    meta =
      case Decoder.decode(meta) do
        {:ok, %{} = meta} -> meta
        _none -> %{}
      end

    for warning <- warnings(meta) do
      labels = Keyword.put(labels(request, generation), :correlation, request.correlation)
      Logger.warning("envmgr: #{request.path}: #{warning}", labels)
    end

    decode(payload, buffers, meta, request, generation, pid)
  end

  defp warnings(%{"warnings" => warnings}) when is_list(warnings), do: warnings
  defp warnings(_meta), do: []

  defp decode(payload, buffers, meta, %{flags: flags} = request, generation, pid)
       when flags >= 16,
       do: each(payload, buffers, meta, request, generation, pid)

  defp decode(payload, buffers, meta, request, generation, pid) do
    request = if request.trace, do: Trace.mark(request, :transport), else: request
    payload = own(payload)
    home = home(request, generation, pid)

    case Decoder.decode(payload, home, buffers, request.decode) do
      {:ok, value} when request.metadata ->
        {:ok, value, metadata(payload, buffers, meta, request, generation)}

      {:ok, value} when request.trace == nil ->
        {:ok, value}

      {:ok, value} ->
        metadata(payload, buffers, meta, request, generation)
        {:ok, value}

      {:error, reason} ->
        {place, reason} = Unread.answer(payload, home, buffers, request.decode, reason)

        error(request,
          code: :conversion,
          message: "the answer cannot be read: #{place}: #{reason}",
          details: %{path: place}
        )
    end
  end

  # Nearly always all of them can be read at once.
  defp each(payload, buffers, meta, %{decode: [], metadata: false} = request, generation, pid) do
    payload = own(payload)

    case Decoder.decode(payload, home(request, generation, pid), buffers) do
      {:ok, answers} when is_list(answers) ->
        {:ok,
         for [status, value] <- answers do
           case {status, value} do
             {0, value} -> {:ok, value}
             {1, %{} = failure} -> {:error, failed(failure, request, generation, pid)}
           end
         end}

      _unreadable ->
        one_by_one(payload, buffers, meta, request, generation, pid)
    end
  end

  defp each(payload, buffers, meta, request, generation, pid),
    do: one_by_one(own(payload), buffers, meta, request, generation, pid)

  defp one_by_one(payload, buffers, meta, request, generation, pid) do
    case Messages.answers(payload) do
      {:ok, answers} ->
        {:ok, for(answer <- answers, do: one(answer, buffers, meta, request, generation, pid))}

      :error ->
        error(request, code: :conversion, message: "the answers cannot be read")
    end
  end

  # Whose its warnings are is not known.
  defp one({0, value}, buffers, meta, request, generation, pid),
    do: decode(value, buffers, meta, %{request | flags: 0, trace: nil}, generation, pid)

  defp one({1, failure}, _buffers, _meta, request, generation, pid),
    do: answered(:error, failure, request, generation, pid)

  defp metadata(payload, buffers, meta, request, generation) do
    sizes = buffers |> Tuple.to_list() |> Enum.map(&byte_size/1)

    %{
      warnings: warnings(meta),
      bytes: byte_size(payload) + Enum.sum(sizes),
      library: request.library,
      environment: request.environment,
      generation: generation
    }
    |> traced(meta, Trace.mark(request, :decode), generation)
  end

  defp traced(metadata, _meta, %{trace: nil}, _generation), do: metadata

  defp traced(metadata, meta, request, generation) do
    trace = Trace.finish(request, python(meta), labels(request, generation))
    Map.merge(metadata, %{trace: trace, correlation: request.correlation})
  end

  @doc "The items of a chunk of a stream."
  @spec chunk(binary(), map()) :: {:ok, list()} | {:error, Error.t()}
  def chunk(payload, %{request: request, generation: generation, owner: owner}) do
    case decode(payload, {}, %{}, %{request | metadata: false, trace: nil}, generation, owner) do
      {:ok, items} when is_list(items) -> {:ok, items}
      {:ok, _other} -> error(request, code: :conversion, message: "a chunk that is no list")
      {:error, error} -> {:error, error}
    end
  end

  @doc "Why a stream that was open has no further chunk."
  @spec broken(Beside.message() | :late, map()) :: Error.t()
  def broken(message, %{request: request, generation: generation, owner: owner}) do
    {:error, error} =
      case message do
        {:down, reason} ->
          lost(request, reason)

        {kind, payload} when kind in [:error, :lost] ->
          answered(kind, payload, request, generation, owner)

        :late ->
          timeout(request)

        _other ->
          error(request, code: :worker_lost, message: "the worker broke the protocol")
      end

    error
  end

  # A payload is a slice of its frame; a large frame must not live on in a small value. Slices below 64 bytes are
  # copied while they are decoded.
  @doc "A payload, a slice of its frame, as it may live on."
  @spec own(binary()) :: binary()
  def own(payload) when byte_size(payload) <= 64, do: payload

  def own(payload) do
    if :binary.referenced_byte_size(payload) > 4 * byte_size(payload),
      do: :binary.copy(payload),
      else: payload
  end

  defp home(%{session: %{session: session}} = request, generation, pid) do
    %{request | session: nil, holder: session.pid}
    |> home(generation, pid)
    |> Map.put(:session?, true)
  end

  defp home(request, generation, pid) do
    %{
      owner: pid,
      library: request.library,
      generation: generation,
      environment: request.environment,
      name: request.name,
      holder: request.holder
    }
  end

  @doc "The process crashed to which the call was sent."
  @spec lost(Request.t(), term()) :: {:error, Error.t()}
  def lost(request, reason) do
    error(request,
      code: :worker_lost,
      message: "the worker's owner crashed: #{inspect(reason, limit: 5)}"
    )
  end

  @spec timeout(Request.t()) :: {:error, Error.t()}
  def timeout(request) do
    error(request,
      code: :timeout,
      message: "no answer within #{request.timeout} ms",
      hint: "a longer deadline: the option timeout of the call, or timeout in envmgr.toml"
    )
  end

  @doc "The worker is gone that alone could run the call."
  @spec stale(Request.t()) :: {:error, Error.t()}
  def stale(request) do
    error(request, request.name |> Holders.fate(request.owner, nil) |> Stale.fields())
  end

  @doc "There is no pool to send the call to."
  @spec gone(Request.t()) :: {:error, Error.t()}
  def gone(request) do
    error(request,
      code: :not_ready,
      message: "the pool of environment #{request.environment} is not running"
    )
  end

  @doc "An error of this side, with what is known of the call."
  @spec error(Request.t(), keyword()) :: {:error, Error.t()}
  def error(request, fields) do
    {:error, Error |> struct!(labels(request, nil)) |> struct!(fields) |> Error.classified()}
  end

  defp labels(request, generation) do
    [
      path: request.path,
      library: request.library,
      environment: request.environment,
      generation: generation,
      correlation: Correlation.of(request.correlation)
    ]
  end
end
