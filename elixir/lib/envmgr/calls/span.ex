defmodule Envmgr.Calls.Span do
  # What telemetry is told of a call, from its beginning to its end; of streams, `Feed` tells. A call to which nobody listens
  # has none: that costs a look at a persistent term.
  #
  # What is found out on the way (which worker, from the cache or not) is kept under the span's reference in the dictionary of
  # the process that calls.
  @moduledoc false

  alias Envmgr.{Ref, Telemetry}
  alias Envmgr.Calls.{Correlation, Outcome, Request}
  alias Envmgr.Libraries.Catalog

  @enforce_keys [:ref, :event, :started, :about]
  defstruct [:ref, :event, :started, :about]

  @type t :: %__MODULE__{ref: reference(), event: atom(), started: integer(), about: map()}

  @pool "default"
  @unknown %{generation: nil, worker: nil, pool: nil}

  @doc "Whether anybody listens to calls, or to streams."
  @spec wanted?(:call | :stream) :: boolean()
  def wanted?(event), do: Telemetry.listened?([event])

  @doc "The options of a call, with its span. What is no list of options is told as for any call."
  @spec option(term(), t()) :: term()
  def option(opts, span) when is_list(opts), do: [{:span, span.ref} | opts]
  def option(opts, _span), do: opts

  @doc "The call begins. `target`: a path, the steps of a chain, or a ref with what is done with it."
  @spec begin(:call | :stream, term(), term()) :: t()
  def begin(event, target, opts) do
    ref = make_ref()
    instance = instance(target, opts)
    opts = if is_list(opts), do: opts, else: []
    about = target |> about(instance) |> Map.merge(of_options(opts, event, ref))
    started = System.monotonic_time()
    Process.put({__MODULE__, ref}, @unknown)

    Telemetry.execute(
      [event, :start],
      %{monotonic_time: started, system_time: System.system_time()},
      about
    )

    %__MODULE__{ref: ref, event: event, started: started, about: about}
  end

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
      {:error, error} = answer ->
        failed(span, error)
        answer

      answer ->
        finish(span, [:call, :stop], %{}, %{cached?: false})
        answer
    end
  end

  defp failed(span, error) do
    about = %{
      kind: :error,
      reason: error,
      stacktrace: [],
      code: error.code,
      class: error.class,
      cached?: false,
      correlation: error.correlation,
      library: error.library || span.about.library,
      environment: error.environment || span.about.environment
    }

    finish(span, [:call, :exception], %{}, about)
  end

  defp raised(span, kind, reason, stacktrace) do
    about = %{kind: kind, reason: reason, stacktrace: stacktrace, code: nil, class: nil}
    finish(span, [:call, :exception], %{}, Map.put(about, :cached?, false))
  end

  @doc "The end of what began, told once: `measured` and `about` beside what every end says."
  @spec finish(t(), [atom()], map(), map()) :: :ok
  def finish(span, name, measured, about) do
    now = System.monotonic_time()

    case Process.delete({__MODULE__, span.ref}) do
      nil ->
        :ok

      found ->
        measured = Map.merge(measured, %{duration: now - span.started, monotonic_time: now})
        Telemetry.execute(name, measured, span.about |> Map.merge(about) |> Map.merge(found))
    end
  end

  @doc "What happens between the beginning and the end."
  @spec tell(t(), [atom()], map()) :: :ok
  def tell(span, name, measured) do
    found = Process.get({__MODULE__, span.ref}, @unknown)
    Telemetry.execute(name, measured, Map.merge(span.about, found))
  end

  @doc "The call goes to this worker."
  @spec sent(Request.t(), pos_integer(), pid()) :: :ok
  def sent(%{span: nil}, _generation, _worker), do: :ok

  def sent(request, generation, worker) do
    note(request.span, %{
      generation: generation,
      worker: worker,
      pool: @pool,
      library: request.library,
      environment: request.environment
    })
  end

  @doc "What was found out of a call on its way; nil: nobody listens."
  @spec note(reference() | nil, map()) :: :ok
  def note(nil, _found), do: :ok

  def note(ref, found) do
    # Another process may run the call for the one that asked.
    with %{} = before <- Process.get({__MODULE__, ref}),
         do: Process.put({__MODULE__, ref}, Map.merge(before, found))

    :ok
  end

  @doc "The instance that a call of this target goes to."
  @spec instance(term(), term()) :: atom()
  def instance({%Ref{name: name}, _method, _access}, _opts), do: name
  def instance([%Ref{name: name} | _], _opts), do: name
  def instance([{:ref, %Ref{name: name}} | _], _opts), do: name

  def instance(_target, opts) do
    case is_list(opts) && List.keyfind(opts, :name, 0) do
      {:name, name} when is_atom(name) -> name
      _default -> Envmgr
    end
  end

  defp about({%Ref{} = ref, name, access}, instance) do
    form = if access == :attribute, do: :attribute, else: :method
    of_ref(ref, instance, "#{ref.type}.#{name}", form)
  end

  defp about([%Ref{} = ref | _], instance), do: of_ref(ref, instance, ref.type, :chain)
  defp about([{:ref, %Ref{} = ref} | _], instance), do: of_ref(ref, instance, ref.type, :chain)
  defp about([{:call, path} | _], instance), do: of_path(path, instance, :chain)
  defp about([{:call, path, _args} | _], instance), do: of_path(path, instance, :chain)
  defp about([_ | _], instance), do: of_path(nil, instance, :chain)
  defp about(path, instance), do: of_path(path, instance, :function)

  defp of_ref(ref, instance, path, form) do
    %{
      instance: instance,
      path: path,
      form: form,
      library: ref.library,
      environment: ref.environment
    }
  end

  defp of_path(path, instance, form) do
    {library, environment} = if is_binary(path), do: home(instance, path), else: {nil, nil}

    %{
      instance: instance,
      path: path,
      form: form,
      library: library,
      environment: environment
    }
  end

  # The instance may not run, or read its catalogs: who finds the function says whose it is.
  defp home(instance, path) do
    with nil <- Catalog.lookup(instance, path), {:ok, row} <- Catalog.fetch(instance, path) do
      {elem(row, 1), elem(row, 2)}
    else
      row when is_tuple(row) and tuple_size(row) > 2 -> {elem(row, 1), elem(row, 2)}
      _none -> {nil, nil}
    end
  rescue
    ArgumentError -> {nil, nil}
  end

  defp of_options(opts, event, ref) do
    async? = match?({:beside, %{kind: :async}}, List.keyfind(opts, :beside, 0))
    about = %{correlation: Correlation.given(opts), telemetry_span_context: ref}
    if event == :call, do: Map.put(about, :async?, async?), else: about
  end
end
