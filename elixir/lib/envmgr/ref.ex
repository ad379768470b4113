defmodule Envmgr.Ref do
  @moduledoc """
  A handle to a Python object that stays in its worker.

  It is what `as: :ref` answers, and what stands in a value for everything that has no Elixir counterpart. Pass it as
  an argument, call its methods with `Envmgr.method/4`, read it with `Envmgr.attr/2` and `Envmgr.item/3`, compute with it by
  `Envmgr.op/4`.

  It belongs to the process that got it (for an asynchronous call: that asked for it), whatever other processes it is sent to.
  When that process ends, or calls `Envmgr.release/1`, the object is let go; `Envmgr.give_away/2` makes it another's. It never lives longer
  than its worker. The process's next calls go to that worker, too, so that its objects can be used together (not while others
  have less to do). A later use answers an error with code `:stale_ref`, which says what became of it.
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
