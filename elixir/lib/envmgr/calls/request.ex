defmodule Envmgr.Calls.Request do
  # A call on its way: all that is known of it but its arguments.
  @moduledoc false

  alias Envmgr.Calls.{Beside, Context, Correlation, Gathering, Options, Sessions, Trace}
  alias Envmgr.Libraries.{Signature, Usage}
  alias Envmgr.Libraries.Usage.Tally
  alias Envmgr.Pool.{Admission, Callback, Flight, Lane}
  alias Envmgr.Wire.Messages

  @enforce_keys [:name, :target, :flags, :path, :library, :environment, :timeout, :deadline]
  defstruct [
    :name,
    :target,
    :flags,
    :path,
    :library,
    :environment,
    :timeout,
    :deadline,
    :label,
    :owner,
    :pool,
    :priority,
    :holder,
    :beside,
    :into,
    :correlation,
    :context,
    :trace,
    :gather,
    :session,
    :span,
    lane: Lane.threshold(),
    unseen?: false,
    metadata: false,
    fresh?: true,
    decode: []
  ]

  @typedoc """
  `holder`: whose the refs in the answer are; nil: the process that decodes it. `gather`: the alias that its output comes to.
  `fresh?`: it was sent to no worker before.
  """
  @type t :: %__MODULE__{
          name: atom(),
          target: Messages.target(),
          flags: Messages.flags(),
          path: String.t(),
          library: String.t() | nil,
          environment: String.t(),
          timeout: timeout(),
          deadline: integer() | :infinity,
          label: Flight.label(),
          owner: pid() | nil,
          pool: String.t() | nil,
          priority: :high | :normal | :low,
          holder: pid() | nil,
          beside: Beside.t() | nil,
          into: Signature.hints() | nil,
          correlation: String.t() | nil,
          context: binary() | nil,
          trace: Trace.t() | nil,
          gather: reference() | nil,
          session: Sessions.call() | nil,
          span: reference() | nil,
          lane: pos_integer() | nil,
          unseen?: boolean(),
          metadata: boolean(),
          fresh?: boolean(),
          decode: keyword()
        }

  @doc "The deadline runs from `now`, in nanoseconds of the monotonic time, unless it runs already."
  @spec new(
          Options.t(),
          Messages.target(),
          String.t(),
          String.t() | nil,
          String.t(),
          timeout(),
          atom(),
          now :: integer()
        ) :: t()
  def new(options, target, path, library, environment, default_timeout, access, now) do
    # All that nearly every call looks at, by one match.
    %{name: name, timeout: timeout, as: as, dicts: dicts, metadata: metadata} = options
    %{priority: priority, beside: beside, span: span} = options
    %{deadline: deadline, pool: pool} = options
    timeout = timeout || default_timeout

    %__MODULE__{
      name: name,
      target: target,
      flags: Messages.flags(as, access),
      path: path,
      label: label(target, priority, library, path),
      library: library,
      environment: environment,
      pool: pool,
      priority: priority,
      timeout: timeout,
      metadata: metadata,
      span: span,
      decode: if(dicts == :map, do: [], else: [dicts: dicts]),
      deadline: deadline || deadline(timeout, now)
    }
    |> told(options)
    |> beside(beside)
  end

  defp deadline(:infinity, _now), do: :infinity
  defp deadline(timeout, now), do: div(now, 1_000_000) + timeout

  # Of a function's path its library is a part.
  defp label(path, :normal, _library, path), do: path
  defp label(_target, priority, library, path), do: {priority, library, path}

  defp beside(request, nil) do
    if Callback.calling?(), do: %{request | beside: %Beside{kind: :nested}}, else: request
  end

  defp beside(request, %{kind: kind} = beside) do
    flags = if kind == :stream, do: Messages.stream(request.flags), else: request.flags
    %{request | flags: flags, holder: beside.holder, beside: beside}
  end

  # Python hears of a correlation that is given; lines of this side's log bear what Logger's metadata name, too.
  defp told(request, %{
         correlation: nil,
         trace: nil,
         output: :log,
         session: nil,
         priority: priority
       }) do
    case Correlation.logged() do
      nil ->
        request

      correlation ->
        label = {priority, request.library, request.path, {:log, correlation}}
        %{request | correlation: correlation, label: label}
    end
  end

  defp told(request, %{session: %{} = session} = options) do
    request = told(request, %{options | session: nil})
    correlation = if options.trace, do: request.correlation, else: options.correlation
    context = Context.encode(correlation, options.trace != nil, options.output, session.id)
    %{request | session: Sessions.call(session), context: context}
  end

  defp told(request, options) do
    correlation =
      if options.trace, do: Correlation.of(options.correlation), else: options.correlation

    output = output(options.output, correlation)

    %{
      request
      | correlation: correlation,
        context: Context.encode(correlation, options.trace != nil, options.output, nil),
        trace: options.trace,
        gather: if(options.output == :metadata, do: elem(output, 0)),
        label: {options.priority, request.library, request.path, output}
    }
  end

  defp output(:log, correlation), do: {:log, correlation}
  defp output(:ignore, _correlation), do: :ignore
  defp output(pid, correlation) when is_pid(pid), do: {pid, Correlation.of(correlation)}

  defp output(:metadata, _correlation) do
    alias = Gathering.open()
    {alias, alias}
  end

  @doc "What its worker's owner calls it: with whose it is, where that says more than that it is one process's only call."
  @spec label(t()) :: Flight.label()
  def label(%{owner: nil, beside: beside, label: label} = request) do
    case beside do
      %{kind: :async, holder: caller} -> whose(request, {caller, false})
      _its_only_one -> label
    end
  end

  def label(%{beside: %{kind: :async, holder: caller}} = request),
    do: whose(request, {caller, true})

  def label(request), do: whose(request, {nil, true})

  defp whose(request, whose),
    do: Flight.whose(request.label, request.library, request.path, whose)

  @doc "The request, whose function no call has come back from if so."
  @spec unseen(t(), boolean()) :: t()
  def unseen(request, false), do: request
  def unseen(request, true), do: %{request | unseen?: true}

  @doc "What decides whether it may wait."
  @spec wish(t()) :: Admission.wish()
  def wish(request), do: {request.timeout, request.deadline, request.priority}

  @doc "The request of a library whose every call is traced."
  @spec traced(t()) :: t()
  def traced(%{trace: nil} = request) do
    correlation = Correlation.of(request.correlation)

    %{
      request
      | correlation: correlation,
        context: Context.encode(correlation, true, heard(request.label), of(request.session)),
        trace: Trace.begin()
    }
  end

  def traced(request), do: request

  defp of(nil), do: nil
  defp of(%{session: session}), do: session.id

  defp heard(label) do
    case Flight.output(label) do
      {pid, _tag} when is_pid(pid) -> pid
      {alias, _tag} when is_reference(alias) -> :metadata
      _nobody -> :log
    end
  end

  @doc "Where the call is counted: under the real path; a method under its object's type, also when a chain calls it."
  @spec tally(t()) :: Tally.t() | nil
  def tally(request), do: Usage.tally(request.name, counted(request), request.library)

  defp counted(%{target: path}) when is_binary(path), do: path
  defp counted(%{target: {:chain, [{0, path} | _]}}), do: path
  defp counted(%{target: {:chain, [_ref, {_, name} | _]}, path: type}), do: "#{type}.#{name}"
  defp counted(%{path: path}), do: path

  @doc "Milliseconds until the deadline."
  @spec left(t()) :: timeout()
  def left(%{deadline: :infinity}), do: :infinity
  def left(%{deadline: deadline}), do: max(deadline - now(), 0)

  defp now, do: System.monotonic_time(:millisecond)
end
