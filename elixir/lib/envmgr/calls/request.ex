defmodule Envmgr.Calls.Request do
  # A call on its way: all that is known of it but its arguments.
  @moduledoc false

  alias Envmgr.Calls.Options
  alias Envmgr.Libraries.Signature
  alias Envmgr.Pool.Lane
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
    :owner,
    :holder,
    :into,
    lane: Lane.threshold(),
    metadata: false,
    decode: []
  ]

  @typedoc "`holder`: whose the refs in the answer are; nil: the process that decodes it."
  @type t :: %__MODULE__{
          name: atom(),
          target: Messages.target(),
          flags: 0..5,
          path: String.t(),
          library: String.t() | nil,
          environment: String.t(),
          timeout: timeout(),
          deadline: integer() | :infinity,
          owner: pid() | nil,
          holder: pid() | nil,
          into: Signature.hints() | nil,
          lane: pos_integer() | nil,
          metadata: boolean(),
          decode: keyword()
        }

  @doc "The deadline starts to run here."
  @spec new(
          Options.t(),
          Messages.target(),
          String.t(),
          String.t() | nil,
          String.t(),
          timeout(),
          atom()
        ) :: t()
  def new(options, target, path, library, environment, default_timeout, access) do
    timeout = options.timeout || default_timeout

    %__MODULE__{
      name: options.name,
      target: target,
      flags: Messages.flags(options.as, access),
      path: path,
      library: library,
      environment: environment,
      timeout: timeout,
      metadata: options.metadata,
      decode: if(options.dicts == :map, do: [], else: [dicts: options.dicts]),
      deadline: if(timeout == :infinity, do: :infinity, else: now() + timeout)
    }
  end

  @doc "Milliseconds until the deadline."
  @spec left(t()) :: timeout()
  def left(%{deadline: :infinity}), do: :infinity
  def left(%{deadline: deadline}), do: max(deadline - now(), 0)

  defp now, do: System.monotonic_time(:millisecond)
end
