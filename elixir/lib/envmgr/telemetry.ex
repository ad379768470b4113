defmodule Envmgr.Telemetry do
  alias Envmgr.Near
  alias Envmgr.Telemetry.{Events, Handlers}

  @moduledoc """
  What happens in an instance, as events: for metrics, traces and alarms.

      iex> test = self()
      iex> count = fn [:envmgr, :call, :stop], %{duration: duration}, call, _config ->
      ...>   send(test, {call.path, System.convert_time_unit(duration, :native, :microsecond)})
      ...> end
      iex> Envmgr.Telemetry.attach(:example, [:envmgr, :call, :stop], count, nil)
      :ok
      iex> Envmgr.execute("math.sqrt", [16.0])
      {:ok, 4.0}
      iex> receive do: ({path, _microseconds} -> path)
      "math.sqrt"
      iex> Envmgr.Telemetry.detach(:example)
      :ok

  A host that has `:telemetry` gets them by that too: what is attached there and what is attached here hears each event once. Whether there is one is
  decided when the application `:envmgr` starts.

  Handlers run in the process in which the event happens, some of them between a caller and its answer: they take no time of their own. One
  that fails is detached, and logged once. An event that nobody hears costs tens of nanoseconds.

  Metadata are those of the table, and `instance`: the name of the instance.

  #{Events.text()}
  """

  @type event :: [atom(), ...]
  @type handler :: %{
          id: term(),
          events: [event()],
          function: (event(), map(), map(), term() -> term()),
          config: term()
        }

  @doc """
  Has `function` called with each of these events, its measurements, its metadata and `config`. Raises `ArgumentError` for an event that is
  not in the table.

      iex> Envmgr.Telemetry.attach(:log, [[:envmgr, :worker, :ready], [:envmgr, :worker, :stop]], &IO.inspect({&1, &2, &3, &4}), nil)
      :ok
      iex> Envmgr.Telemetry.attach(:log, [:envmgr, :worker, :stop], &IO.inspect({&1, &2, &3, &4}), nil)
      {:error, :already_exists}
      iex> Envmgr.Telemetry.detach(:log)
      :ok
  """
  @spec attach(term(), event() | [event()], (event(), map(), map(), term() -> term()), term()) ::
          :ok | {:error, :already_exists}
  def attach(id, [name | _] = event, function, config) when is_atom(name),
    do: attach(id, [event], function, config)

  def attach(id, events, function, config) when is_list(events) and is_function(function, 4),
    do: Handlers.attach(id, for(event <- events, uniq: true, do: name!(event)), function, config)

  @doc """
  Has the handler called no more. An event that is being told may still reach it.

      iex> Envmgr.Telemetry.detach(:nobody)
      {:error, :not_found}
  """
  @spec detach(term()) :: :ok | {:error, :not_found}
  def detach(id), do: Handlers.detach(id)

  @doc """
  The handlers that were attached here.

      iex> Envmgr.Telemetry.list()
      []
  """
  @spec list() :: [handler()]
  def list, do: Handlers.list()

  @doc """
  All events, to attach to.

      iex> [:envmgr, :call, :stop] in Envmgr.Telemetry.events()
      true
  """
  @spec events() :: [event()]
  def events, do: for({name, _, _, _} <- Events.table(), do: [:envmgr | name])

  @doc false
  # Whether anybody may hear of it, or, of `[group]`, of any that begins so. Names, here and below, are without `:envmgr`.
  @spec listened?([atom()]) :: boolean()
  defdelegate listened?(name), to: Handlers

  @doc false
  @spec execute([atom()], map(), map()) :: :ok
  defdelegate execute(name, measurements, metadata), to: Handlers

  defp name!([:envmgr | name] = event) do
    if List.keymember?(Events.table(), name, 0), do: name, else: unknown!(event)
  end

  defp name!(event), do: unknown!(event)

  defp unknown!(event) do
    known = Enum.map(events(), &inspect/1)
    near = Near.hint(inspect(event), known)
    raise ArgumentError, "there is no event #{inspect(event)}#{if near, do: ", " <> near}"
  end
end
