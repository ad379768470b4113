defmodule Envmgr.Calls.Held do
  # What goes with a call beside its payload: buffers for the second lane; functions and streams that Python may call, and of
  # whom they are.
  @moduledoc false

  alias Envmgr.Pool.Lent
  alias Envmgr.Values.Account

  @enforce_keys [:buffers, :loans, :context]
  defstruct [:buffers, :loans, :context, found: []]

  @typedoc "`found`: what the loans were made of."
  @type t :: %__MODULE__{
          buffers: [Account.buffer()],
          loans: [Lent.loan()],
          context: Lent.context() | nil,
          found: [Account.loan()]
        }

  @doc "Starts the processes of the streams. `passer`: whose they are, nil: the calling process's."
  @spec new([Account.buffer() | Account.loan()], pid() | nil) :: t()
  def new(held, passer) do
    case Enum.split_with(held, &match?({:lend, _key, _what}, &1)) do
      {[], buffers} ->
        %__MODULE__{buffers: buffers, loans: [], context: nil}

      {loans, buffers} ->
        context = Lent.context(passer)
        lent = Lent.loans(loans, context)
        %__MODULE__{buffers: buffers, loans: lent, context: context, found: loans}
    end
  end

  @doc "For another worker: streams begin anew, for those that were lent to the first one end with it. None has been read."
  @spec again(t() | [], atom()) :: t() | []
  def again([], _table), do: []

  def again(held, table) do
    if Enum.any?(held.loans, &match?({_key, puller} when is_pid(puller), &1)) do
      Lent.take_back(table, held.loans)
      %{held | loans: Lent.loans(held.found, held.context)}
    else
      held
    end
  end

  @spec lend(t(), atom(), pid(), reference()) :: :ok
  def lend(%{loans: []}, _table, _owner, _reply), do: :ok

  def lend(held, table, owner, reply),
    do: Lent.lend(table, owner, reply, held.loans, held.context)

  @spec take_back(t(), atom()) :: :ok
  def take_back(held, table), do: Lent.take_back(table, held.loans)
end
