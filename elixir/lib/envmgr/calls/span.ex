defmodule Envmgr.Calls.Span do
  # What telemetry is told of a call, or of a stream, from its beginning to its end. Where nobody listens there is none: that
  # costs a look at a persistent term. Where somebody does, each map is made once and at once: small maps that are merged again
  # and again would cost more than all else here.
  #
  # What is found out on the way (which worker, from the cache or not) is in the dictionary of the process that calls, under the
  # span's reference.
  @moduledoc false

  alias Envmgr.{Ref, Telemetry}
  alias Envmgr.Calls.{Correlation, Options, Outcome, Request}
  alias Envmgr.Pool.Route

  @enforce_keys [:kind, :ref, :started, :about]
  defstruct [:kind, :ref, :started, :about]

  @type t :: %__MODULE__{
          kind: :call | :stream,
          ref: reference(),
          started: integer(),
          about: map()
        }

  # Of a call that has reached no worker.
  @nowhere {nil, nil, nil, nil, nil, false}

  @doc "Whether anybody listens to calls, or to streams."
  @spec wanted?(:call | :stream) :: boolean()
  def wanted?(:call), do: Telemetry.listened?([:call])
  def wanted?(:stream), do: Telemetry.listened?([:stream])

  @doc "The options of a call, with its span. What is no list of options is told as for any call."
  @spec option(term(), t()) :: term()
  def option(opts, span) when is_list(opts), do: [{:span, span.ref} | opts]
  def option(opts, _span), do: opts

  @doc "Tells the beginning. `target`: a path, the steps of a chain, or a ref with what is done with it."
  @spec begin(:call | :stream, term(), term(), integer()) :: t()
  def begin(kind, target, opts, started \\ System.monotonic_time()) do
    ref = make_ref()
    opts = if is_list(opts), do: opts, else: []
    about = begun(kind, described(target, opts), opts, ref)
    Process.put(ref, @nowhere)
    measured = %{monotonic_time: started, system_time: started + System.time_offset()}

    Telemetry.execute(
      if(kind == :call, do: [:call, :start], else: [:stream, :start]),
      measured,
      about
    )

    %__MODULE__{kind: kind, ref: ref, started: started, about: about}
  end

  defp begun(:call, {instance, path, form}, opts, ref) do
    %{
      instance: instance,
      path: path,
      form: form,
      async?: match?({_, %{kind: :async}}, List.keyfind(opts, :beside, 0)),
      correlation: Correlation.given(opts),
      telemetry_span_context: ref
    }
  end

  defp begun(:stream, described, opts, ref),
    do: :call |> begun(described, opts, ref) |> Map.delete(:async?)

  @doc "Runs a call, and tells its end."
  @spec around(term(), term(), (term() -> Outcome.answer())) :: Outcome.answer()
  def around(target, opts, call) do
    span = begin(:call, target, opts)

    try do
      call.(option(opts, span))
    catch
      kind, reason ->
        raised(span, kind, reason, __STACKTRACE__)
        :erlang.raise(kind, reason, __STACKTRACE__)
    else
      answer ->
        ended(span, answer)
        answer
    end
  end

  @doc "Where telemetry hears of calls, that of a batch of them, which finds out for all of them where they go; else nil."
  @spec batch() :: reference() | nil
  def batch do
    if wanted?(:call) do
      ref = make_ref()
      Process.put(ref, @nowhere)
      ref
    end
  end

  @doc "Tells of the calls of a batch, each of which took so long (native time)."
  @spec batched(reference(), String.t(), keyword(), [Outcome.answer()], integer()) :: :ok
  def batched(ref, path, opts, answers, took) do
    found = Process.delete(ref)

    for answer <- answers do
      span = begin(:call, path, opts, System.monotonic_time() - took)
      Process.put(span.ref, found)
      ended(span, answer)
    end

    :ok
  end

  defp ended(span, {:error, error}), do: failed(span, error)
  defp ended(span, _answer), do: finish(span, [:call, :stop], %{}, %{})

  defp failed(span, error) do
    finish(span, [:call, :exception], %{}, %{
      kind: :error,
      reason: error,
      stacktrace: [],
      code: error.code,
      class: error.class,
      correlation: error.correlation,
      library: error.library,
      environment: error.environment
    })
  end

  defp raised(span, kind, reason, stacktrace) do
    about = %{kind: kind, reason: reason, stacktrace: stacktrace, code: nil, class: nil}
    finish(span, [:call, :exception], %{}, about)
  end

  @doc "Tells the end, once: `measured` and `about` beside what every end says."
  @spec finish(t(), [atom()], map(), map()) :: :ok
  def finish(span, event, measured, about) do
    now = System.monotonic_time()

    case Process.delete(span.ref) do
      nil ->
        :ok

      found ->
        measured = Map.merge(measured, %{duration: now - span.started, monotonic_time: now})
        Telemetry.execute(event, measured, Map.merge(known(span, found), about))
    end
  end

  @doc "Tells what happens between the beginning and the end."
  @spec tell(t(), [atom()], map()) :: :ok
  def tell(span, event, measured),
    do: Telemetry.execute(event, measured, known(span, Process.get(span.ref, @nowhere)))

  defp known(span, {generation, worker, pool, library, environment, cached?}) do
    found = %{
      generation: generation,
      worker: worker,
      pool: pool,
      library: library,
      environment: environment
    }

    found = if span.kind == :call, do: Map.put(found, :cached?, cached?), else: found
    Map.merge(span.about, found)
  end

  @doc "The call goes to this worker."
  @spec sent(Request.t(), pos_integer(), pid()) :: :ok
  def sent(%{span: nil}, _generation, _worker), do: :ok

  def sent(%{span: ref} = request, generation, worker),
    do:
      note(
        ref,
        {generation, worker, Route.pool(request.name, worker), request.library,
         request.environment, false}
      )

  @doc "The call was answered by what was kept of a generation."
  @spec cached(reference() | nil, pos_integer() | nil, String.t() | nil, String.t() | nil) :: :ok
  def cached(nil, _generation, _library, _environment), do: :ok

  def cached(ref, generation, library, environment),
    do: note(ref, {generation, nil, nil, library, environment, true})

  @doc "Another process has run the call, in this worker."
  @spec elsewhere(
          reference() | nil,
          pos_integer() | nil,
          pid() | nil,
          String.t() | nil,
          String.t(),
          String.t()
        ) :: :ok
  def elsewhere(nil, _generation, _worker, _pool, _library, _environment), do: :ok

  def elsewhere(ref, generation, worker, pool, library, environment),
    do: note(ref, {generation, worker, pool, library, environment, false})

  # Another process may run the call for the one that asked, and have no span.
  defp note(ref, found) do
    if Process.get(ref), do: Process.put(ref, found)
    :ok
  end

  @doc "The instance that a call of this target goes to."
  @spec instance(term(), term()) :: atom()
  def instance({%Ref{name: name}, _method, _access}, _opts), do: name
  def instance([%Ref{name: name} | _], _opts), do: name
  def instance([{:ref, %Ref{name: name}} | _], _opts), do: name

  def instance(_target, opts), do: Options.instance(opts)

  # Instance, path, form.
  defp described({%Ref{} = ref, name, access}, _opts) do
    form = if access == :attribute, do: :attribute, else: :method
    {ref.name, "#{ref.type}.#{name}", form}
  end

  defp described([%Ref{} = ref | _], _opts), do: {ref.name, ref.type, :chain}
  defp described([{:ref, %Ref{} = ref} | _], _opts), do: {ref.name, ref.type, :chain}
  defp described([{:call, path} | _], opts), do: {instance(path, opts), path, :chain}
  defp described([{:call, path, _args} | _], opts), do: {instance(path, opts), path, :chain}
  defp described([_ | _], opts), do: {instance(nil, opts), nil, :chain}
  defp described(path, opts), do: {instance(path, opts), path, :function}
end
