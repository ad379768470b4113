defmodule Envmgr.Pickle do
  @moduledoc """
  A Python object that a library's configuration sends as a pickle.

  It is opaque here. A worker of the same environment opens it after it has checked `mac`; all others refuse it.
  """

  @enforce_keys [:type, :environment, :mac, :data]
  defstruct [:type, :environment, :mac, :data]

  @type t :: %__MODULE__{
          type: String.t(),
          environment: String.t(),
          mac: binary(),
          data: binary()
        }

  defimpl Inspect do
    def inspect(pickle, _opts),
      do:
        "#Envmgr.Pickle<#{pickle.type} of #{pickle.environment}, #{byte_size(pickle.data)} bytes>"
  end
end
