defmodule Envmgr.Custom do
  @moduledoc """
  A Python object as a named serializer of its library gives it. A decoder that is registered for the serializer's name or for
  the type takes its place (see `Envmgr.start_link/1`).
  """

  @enforce_keys [:serializer, :type, :value]
  defstruct [:serializer, :type, :value]

  @type t :: %__MODULE__{serializer: String.t(), type: String.t(), value: term()}
end
