defmodule Envmgr.Calls.Options do
  # The options of one call.
  @moduledoc false

  alias Envmgr.{Error, Near, Session}
  alias Envmgr.Calls.{Beside, Correlation, Trace, Wanted}

  defstruct name: Envmgr,
            timeout: nil,
            as: :value,
            dicts: :map,
            metadata: false,
            priority: :normal,
            pool: nil,
            correlation: nil,
            output: :log,
            trace: nil,
            beside: nil,
            retry: nil,
            idempotent: nil,
            fallback: nil,
            cache: nil,
            hedge: nil,
            session: nil,
            span: nil,
            hooked: nil,
            around?: false,
            plain?: false,
            deadline: nil

  @typedoc """
  `span`: of a call that telemetry hears of (`Calls.Span`). `hooked`: what came of the hooks before it, where these have been (`Calls.Hooks`). `around?`: an option asks for what stands around a call (`Calls.Around`, and `Calls.Wanted` for what they say). `plain?`: none but the
  instance's name was given. `deadline`: the
  one of all its tries, ms of the monotonic clock, where there may be several.
  """
  @type t :: %__MODULE__{
          name: atom(),
          timeout: timeout() | nil,
          as: :value | :ref,
          dicts: :map | :ordered,
          metadata: boolean(),
          priority: :high | :normal | :low,
          pool: String.t() | nil,
          correlation: String.t() | nil,
          output: :log | :metadata | :ignore | pid(),
          trace: Trace.t() | nil,
          beside: Beside.t() | nil,
          retry: Wanted.retry() | nil,
          idempotent: boolean() | nil,
          fallback: Wanted.fallback() | nil,
          cache: Wanted.cache() | nil,
          hedge: pos_integer() | false | nil,
          session: Session.t() | nil,
          span: reference() | nil,
          hooked: {:ok, Envmgr.Hooks.Call.t()} | {:error, Error.t()} | nil,
          around?: boolean(),
          plain?: boolean(),
          deadline: integer() | :infinity | nil
        }

  @default_name Envmgr
  @around Wanted.keys()
  @known [
           :name,
           :timeout,
           :as,
           :dicts,
           :metadata,
           :priority,
           :pool,
           :correlation,
           :output,
           :trace,
           :session
         ] ++
           @around

  @values [
            name: "the name of an instance, an atom",
            timeout: "milliseconds or :infinity",
            as: ":value or :ref",
            dicts: ":map or :ordered",
            metadata: "true or false",
            priority: ":high, :normal or :low",
            pool: "the name of a pool, an atom or a string",
            correlation: "a text of 1 to 200 bytes",
            output: ":log, :metadata, :ignore or a pid",
            trace: "true or false",
            session: "a session, of Envmgr.Session.open/1"
          ] ++ Wanted.values()

  @doc "The names of all options."
  @spec known() :: [atom()]
  def known, do: @known

  @doc "The instance that options name, by a session too, whatever else is in them."
  @spec instance(term()) :: atom()
  def instance(opts) when is_list(opts) do
    case {List.keyfind(opts, :name, 0), List.keyfind(opts, :session, 0)} do
      {{:name, name}, _session} when is_atom(name) -> name
      {_none, {:session, %Session{name: name}}} -> name
      _neither -> @default_name
    end
  end

  def instance(_opts), do: @default_name

  @spec parse(keyword()) :: {:ok, t()} | {:error, Error.t()}
  def parse([]), do: {:ok, %__MODULE__{name: @default_name, plain?: true}}

  def parse([{:name, name}]) when is_atom(name),
    do: {:ok, %__MODULE__{name: name, plain?: true}}

  # Ours alone, and put before all others.
  def parse([{:span, span} | opts]) when is_reference(span) do
    with {:ok, options} <- parse(opts), do: {:ok, %{options | span: span, plain?: false}}
  end

  def parse(opts) when is_list(opts) do
    case Enum.flat_map(opts, &problem/1) ++ elsewhere(opts[:session], opts[:name]) do
      [] -> {:ok, __MODULE__ |> struct!(opts) |> Wanted.read() |> implied()}
      problems -> error(Enum.join(problems, "; "))
    end
  end

  def parse(other), do: error("#{inspect(other)} is no keyword list of options")

  defp problem({:name, name}) when is_atom(name), do: []
  defp problem({:timeout, :infinity}), do: []
  defp problem({:timeout, ms}) when is_integer(ms) and ms >= 0 and ms <= 0xFFFFFFFF, do: []
  defp problem({:as, as}) when as in [:value, :ref], do: []
  defp problem({:dicts, dicts}) when dicts in [:map, :ordered], do: []
  defp problem({:metadata, metadata}) when is_boolean(metadata), do: []

  defp problem({:priority, priority}) when priority in [:high, :normal, :low], do: []

  defp problem({:pool, pool})
       when is_binary(pool) or (is_atom(pool) and pool not in [true, false]),
       do: []

  # Ours alone: how `Envmgr.async/3` and `Envmgr.stream/3` wait.
  defp problem({:beside, %Beside{}}), do: []
  # And what `Envmgr.map/3` knows of hooks.
  defp problem({:hooked, {_done, %_call_or_error{}}}), do: []

  defp problem({:output, output}) when output in [:log, :metadata, :ignore] or is_pid(output),
    do: []

  defp problem({:session, %Session{}}), do: []
  defp problem({:session, nil}), do: []
  defp problem({:trace, trace}) when is_boolean(trace), do: []

  defp problem({:correlation, correlation}) do
    if correlation == nil or Correlation.fits?(correlation),
      do: [],
      else: [wrong(:correlation, correlation)]
  end

  defp problem({key, value}) when key in @around,
    do: if(Wanted.valid?(key, value), do: [], else: [wrong(key, value)])

  defp problem({key, value}) when key in @known, do: [wrong(key, value)]

  defp problem({key, _value}) when is_atom(key) do
    near = Near.hint(to_string(key), Enum.map(@known, &to_string/1))
    ["unknown option #{key}#{if near, do: ", " <> near}"]
  end

  defp problem(other), do: ["#{inspect(other)} is no option"]

  defp elsewhere(%Session{name: one} = session, other) when other not in [nil, one],
    do: ["#{inspect(session)} is of the instance #{inspect(one)}, not of #{inspect(other)}"]

  defp elsewhere(%Session{pid: pid} = session, _name) when node(pid) != node(),
    do: ["#{inspect(session)} is of #{node(pid)}: calls of it are made there (:erpc.call/4)"]

  defp elsewhere(_session, _name), do: []

  defp wrong(key, value),
    do: "#{inspect(value)} is no value of the option #{key}: it is #{@values[key]}"

  # What is measured or gathered is answered in the metadata.
  defp implied(%{session: %{name: name}} = options) when options.name != name,
    do: implied(%{options | name: name})

  defp implied(%{trace: true} = options),
    do: implied(%{options | trace: Trace.begin(), metadata: true})

  defp implied(%{trace: false} = options), do: implied(%{options | trace: nil})

  defp implied(%{pool: pool} = options) when is_atom(pool) and pool != nil,
    do: implied(%{options | pool: Atom.to_string(pool)})

  defp implied(%{output: :metadata} = options), do: %{options | metadata: true}
  defp implied(options), do: options

  defp error(message) do
    {:error,
     %Error{
       code: :arguments,
       message: message,
       hint: "options of a call are #{Enum.join(@known, ", ")}"
     }}
  end
end
