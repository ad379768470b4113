defmodule Envmgr.Ref do
  @moduledoc """
  A handle to a Python object that stays in its worker.

  It is what `as: :ref` answers, and what stands in a value for everything that has no Elixir counterpart. Pass it as
  an argument, call its methods with `Envmgr.method/4`, read it with `Envmgr.attr/2`, let it go with `Envmgr.release/1`.
  It lives as long as its worker: a later use answers an error with code `:stale_ref`.
  """

  @enforce_keys [:id, :type, :owner]
  defstruct [:id, :type, :owner, :library, :generation, :environment, :name]

  @type t :: %__MODULE__{
          id: pos_integer(),
          type: String.t(),
          owner: pid(),
          library: String.t() | nil,
          generation: pos_integer() | nil,
          environment: String.t() | nil,
          name: atom()
        }

  defimpl Inspect do
    def inspect(ref, _opts) do
      "#Envmgr.Ref<#{ref.type} #{ref.id} in #{ref.environment}, generation #{ref.generation}>"
    end
  end
end
