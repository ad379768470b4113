defmodule Envmgr.Calls.Cached do
  # Answers a call by a result that is kept, where the configuration or the caller says so; one computes it for all who wait.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.Calls.Cache.{Flight, Keeper, Key, Settings, Store, Weight}
  alias Envmgr.Calls.{Call, Fault, Outcome, Span, Waiting}
  alias Envmgr.Libraries.Usage
  alias Envmgr.Telemetry

  @told [:warnings, :bytes, :library, :environment, :generation]

  @typedoc "What the caller computes for all who want it: where it is kept, and since when."
  @opaque claim :: %{
            settings: map(),
            store: Store.t(),
            key: Key.t(),
            version: non_neg_integer(),
            flight: Flight.flight()
          }

  @impl true
  def around(call, rest) do
    with %{} = settings <- Settings.of(call),
         %Store{} = store <- Store.of(call.options.name),
         {:ok, key} <- Key.of(call) do
      ask(call, rest, settings, store, key)
    else
      _not_kept -> rest.(call)
    end
  end

  defp ask(call, rest, settings, store, key) do
    case Store.find(store, key) do
      {:ok, value, metadata} -> hit(call, value, metadata)
      :none -> join(call, rest, settings, store, key)
    end
  end

  defp join(call, rest, settings, store, key) do
    version = Store.version(store)

    case Flight.join(store, {key, version}) do
      {:lead, flight} ->
        # Another leader may have landed since this caller looked.
        case Store.find(store, key) do
          {:ok, value, metadata} ->
            Flight.land(store, flight, :kept)
            hit(call, value, metadata)

          :none ->
            lead(call, rest, settings, store, key, version, flight)
        end

      {:follow, {_key, _id, leader} = flight} ->
        # A function of this VM, which the leader's call runs, would wait for itself.
        if leader in [self() | Process.get(:"$callers", [])],
          do: rest.(call),
          else: follow(call, rest, settings, store, key, flight)

      :alone ->
        rest.(call)
    end
  end

  defp lead(call, rest, settings, store, key, version, flight) do
    claim = %{settings: settings, store: store, key: key, version: version, flight: flight}
    tell(call, :miss, :misses)

    try do
      rest.(%{call | options: %{call.options | metadata: true}})
    catch
      kind, reason ->
        give_up(claim)
        :erlang.raise(kind, reason, __STACKTRACE__)
    else
      answer ->
        with {:ok, value, metadata} <- claimed(claim, call, answer),
             do: answer(call, value, Map.put(metadata, :cached, false))
    end
  end

  @doc """
  Claims a call's result, without waiting: the caller is to compute it, and to land it (`claimed/3`) or `give_up/1`. `:elsewhere`: it is
  kept, or somebody else computes it. `:none`: it is not to be kept.
  """
  @spec claim(Call.t()) :: claim() | :elsewhere | :none
  def claim(call) do
    with %{} = settings <- Settings.of(call),
         %Store{} = store <- Store.of(call.options.name),
         {:ok, key} <- Key.of(call),
         version = Store.version(store),
         {:lead, flight} <- Flight.join(store, {key, version}) do
      claim = %{settings: settings, store: store, key: key, version: version, flight: flight}

      if Store.find(store, key) == :none do
        tell(call, :miss, :misses)
        claim
      else
        Flight.land(store, flight, :kept)
        :elsewhere
      end
    else
      {:follow, _flight} -> :elsewhere
      _not_kept -> :none
    end
  end

  @doc "Keeps what came of a call whose result was claimed, asked for with its metadata, and tells those who wait. Gives the answer back."
  @spec claimed(claim() | nil, Call.t(), Outcome.answer()) :: Outcome.answer()
  def claimed(nil, _call, answer), do: answer

  def claimed(%{store: store, flight: flight} = claim, call, {:ok, value, metadata}) do
    {landing, value} = keep(claim, call, value, metadata)
    Flight.land(store, flight, landing)
    {:ok, value, metadata}
  end

  def claimed(%{store: store, flight: flight}, _call, {:error, error}) do
    Flight.land(store, flight, if(Fault.certain?(error), do: {:error, error}, else: :again))
    {:error, error}
  end

  @doc "Nothing came of it: the next one who waits computes."
  @spec give_up(claim()) :: :ok
  def give_up(%{store: store, flight: flight}), do: Flight.land(store, flight, :again)

  defp keep(claim, call, value, metadata) do
    %{settings: settings, store: store, key: key, version: version} = claim

    case Weight.of(value) do
      {:ok, value, bytes} ->
        metadata = Map.take(metadata, @told)

        expires =
          if settings.ttl, do: System.monotonic_time(:millisecond) + settings.ttl, else: :infinity

        item = %{
          library: call.library,
          epoch: elem(call.row, 6),
          tags: settings.tags,
          bytes: bytes,
          expires: expires
        }

        if Store.version(store) == version and Store.put(store, key, value, metadata, expires) and
             Keeper.admit(store, key, item, settings.limits, version),
           do: {:kept, value},
           else: {{:value, value, metadata}, value}

      :none ->
        {:alone, value}
    end
  end

  defp follow(call, rest, settings, store, key, flight) do
    case Flight.follow(store, flight, call.options.beside, Call.left(call)) do
      {:value, value, metadata} -> hit(call, value, metadata)
      {:error, error} -> {:error, error}
      :alone -> rest.(call)
      landing when landing in [:kept, :again] -> ask(call, rest, settings, store, key)
      :late -> late(call)
      unwanted -> Waiting.unwanted(unwanted, call)
    end
  end

  defp late(call) do
    Waiting.refused(call,
      code: :timeout,
      message:
        "no answer within #{call.options.timeout} ms: it waited for the result of an equal call",
      hint: "a longer deadline: the option timeout of the call, or timeout in envmgr.toml"
    )
  end

  defp hit(call, value, metadata) do
    tell(call, :hit, :hits)
    Usage.cached(call.row)
    Span.cached(call.options.span, metadata[:generation], call.library, elem(call.row, 2))
    answer(call, value, Map.put(metadata, :cached, true))
  end

  defp answer(%{options: %{metadata: true}}, value, metadata), do: {:ok, value, metadata}
  defp answer(_call, value, _metadata), do: {:ok, value}

  defp tell(call, event, count) do
    path = Call.real(call)
    Store.count(call.options.name, path, count, 1)
    facts = %{instance: call.options.name, path: path, library: call.library}
    Telemetry.execute([:cache, event], %{system_time: System.system_time()}, facts)
  end
end
