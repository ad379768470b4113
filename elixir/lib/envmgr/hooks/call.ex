defmodule Envmgr.Hooks.Call do
  @moduledoc """
  A call as hooks see it (`Envmgr.Hooks`): a hook `before` may answer another one, with other `args` and `kwargs`; of the rest nothing is
  taken. `path` is the function's, that of an alias what it stands for. `kwargs` are by name, names are texts.
  """

  @enforce_keys [:path, :library, :args, :kwargs, :correlation]
  defstruct [:path, :library, :args, :kwargs, :correlation]

  @type t :: %__MODULE__{
          path: String.t(),
          library: String.t(),
          args: list(),
          kwargs: %{String.t() => term()},
          correlation: String.t() | nil
        }
end
