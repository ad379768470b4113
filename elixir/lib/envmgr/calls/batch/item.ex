defmodule Envmgr.Calls.Batch.Item do
  # A call of a batch, before it is sent: its hooks have been, its arguments are checked and encoded.
  @moduledoc false

  alias Envmgr.{Calls, Error}
  alias Envmgr.Calls.{Arguments, Cached, Call, Hooks, Options}
  alias Envmgr.Libraries.{Row, Usage}
  alias Envmgr.Values.Encoder

  # What takes more is sent by itself, by the second lane where that is faster.
  @small 32_768

  defstruct [:given, :args, :kwargs, :payload, :met, :claim]

  @typedoc """
  `payload` is nil for one that goes by itself. `met`: what came of the hooks before it, which are not to come twice. `claim`: its result
  is awaited by whoever wants the same.
  """
  @type t :: %__MODULE__{
          given: term(),
          args: list() | nil,
          kwargs: [{String.t(), term()}] | nil,
          payload: iodata() | nil,
          met: Hooks.met() | nil,
          claim: Cached.claim() | nil
        }

  @doc "`given`: arguments as of `Envmgr.execute/3`. What is wrong with them is told when it goes by itself."
  @spec new(term(), Row.t(), Options.t()) :: t()
  def new(given, row, options) do
    case Arguments.split(given) do
      {:ok, args, kwargs} -> met(given, args, kwargs, row, options)
      {:error, _error} -> %__MODULE__{given: given}
    end
  end

  defp met(given, args, kwargs, row, options) do
    case elem(row, 12) do
      %{hooks: {_before, _later}} ->
        case Hooks.before(Call.new(row, options, args, kwargs, Usage.now())) do
          {:ok, %{args: args, kwargs: kwargs}, now} ->
            encoded(given, args, kwargs, {:ok, now}, row, options)

          {:error, %Error{}} = refused ->
            %__MODULE__{given: given, met: refused}
        end

      _none ->
        encoded(given, args, kwargs, nil, row, options)
    end
  end

  defp encoded(given, args, kwargs, met, row, options) do
    payload = payload(row, options, args, kwargs)
    %__MODULE__{given: given, args: args, kwargs: kwargs, payload: payload, met: met}
  end

  # Of what may travel with others.
  defp payload(row, options, args, kwargs) do
    with {:ok, into} <- Calls.check(options.name, row, args, kwargs),
         {:ok, payload, []} <- Encoder.arguments(args, kwargs, nil, lane: nil, into: into),
         true <- IO.iodata_length(payload) < @small do
      payload
    else
      _other -> nil
    end
  end

  @doc "Its arguments, as of `Envmgr.execute/3`: as its hooks have left them."
  @spec given(t()) :: term()
  def given(%{met: {:ok, _now}, args: args, kwargs: kwargs}), do: {args, Map.new(kwargs)}
  def given(item), do: item.given

  @doc "The call that it is, of those that `call` stands for."
  @spec call(t(), Call.t()) :: Call.t()
  def call(%{args: args, kwargs: kwargs}, call), do: %{call | args: args, kwargs: kwargs}
end
