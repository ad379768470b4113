defmodule Envmgr.Calls.Cached do
  # Answers a call by a result that is kept, where the configuration or the caller says so; one computes it for all who wait.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.Calls.Cache.{Flight, Keeper, Key, Store, Weight}
  alias Envmgr.Calls.{Call, Fault, Span, Waiting}
  alias Envmgr.Libraries.Usage
  alias Envmgr.Telemetry

  @entries 1_000
  @bytes 64 * 1024 * 1024

  @told [:warnings, :bytes, :library, :environment, :generation]

  @impl true
  def around(call, rest) do
    with %{} = settings <- settings(call),
         %Store{} = store <- Store.of(call.options.name),
         {:ok, key} <- Key.of(call) do
      ask(call, rest, settings, store, key)
    else
      _not_kept -> rest.(call)
    end
  end

  # Whoever asks for what a call says or takes wants it to be made; one of a session depends on more than its arguments.
  defp settings(%{options: %{cache: false}}), do: nil
  defp settings(%{options: %{session: session}}) when session != nil, do: nil
  defp settings(%{options: %{as: :ref}}), do: nil
  # What it does to the session's variables is not its result alone.
  defp settings(%{options: %{session: session}}) when session != nil, do: nil
  defp settings(%{options: %{trace: trace}}) when trace != nil, do: nil
  defp settings(%{options: %{output: output}}) when output not in [:log, :ignore], do: nil
  defp settings(%{options: %{cache: nil}, plan: nil}), do: nil
  defp settings(%{options: %{cache: asked}, plan: nil}), do: settings(asked, nil)
  defp settings(%{options: %{cache: asked}, plan: plan}), do: settings(asked, plan.cache)

  defp settings(nil, nil), do: nil
  defp settings(nil, said), do: settings(%{ttl: nil, tags: []}, said)

  defp settings(asked, nil),
    do: settings(asked, %{ttl: nil, entries: nil, bytes: nil, tags: []})

  defp settings(asked, said) do
    %{
      ttl: asked.ttl || said.ttl,
      tags: asked.tags ++ said.tags,
      limits: %{entries: said.entries || @entries, bytes: said.bytes || @bytes}
    }
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
    tell(call, :miss, :misses)

    case rest.(%{call | options: %{call.options | metadata: true}}) do
      {:ok, value, metadata} ->
        {landing, value} = keep(call, settings, store, key, version, value, metadata)
        Flight.land(store, flight, landing)
        answer(call, value, Map.put(metadata, :cached, false))

      {:error, error} ->
        Flight.land(store, flight, if(Fault.certain?(error), do: {:error, error}, else: :again))
        {:error, error}
    end
  catch
    kind, reason ->
      Flight.land(store, flight, :again)
      :erlang.raise(kind, reason, __STACKTRACE__)
  end

  defp keep(call, settings, store, key, version, value, metadata) do
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
