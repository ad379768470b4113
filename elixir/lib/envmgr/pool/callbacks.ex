defmodule Envmgr.Pool.Callbacks do
  # The functions of this VM that Python waits for: a process for each, watched by the owner, which never runs one itself.
  @moduledoc false

  alias Envmgr.Pool.{Callback, Raised}
  alias Envmgr.Wire.Messages

  @typedoc "By the worker's number: the call that it belongs to (0: none), and its process."
  @type t :: %{non_neg_integer() => {id :: non_neg_integer(), pid(), monitor :: reference()}}

  @doc "Runs it. The answer comes as `{:returned, number, status, payload}`, or as the end of its process."
  @spec open(t(), non_neg_integer(), non_neg_integer(), Callback.t()) :: t()
  def open(callbacks, id, number, callback) do
    owner = self()

    {pid, monitor} =
      :erlang.spawn_opt(
        fn -> Callback.run(callback, &send(owner, {:returned, number, &1, &2})) end,
        monitor: [tag: {:ended, number}]
      )

    Map.put(callbacks, number, {id, pid, monitor})
  end

  @doc "The message that answers, and the call that goes on; nil when it was answered before."
  @spec returned(t(), non_neg_integer(), 0..2, iodata()) ::
          {iodata(), non_neg_integer(), t()} | nil
  def returned(callbacks, number, status, payload) do
    case Map.pop(callbacks, number) do
      {nil, _callbacks} ->
        nil

      {{id, _pid, monitor}, callbacks} ->
        Process.demonitor(monitor, [:flush])
        {Messages.callback_result(number, status, payload), id, callbacks}
    end
  end

  @doc "Ends those of a call. Each is answered all the same."
  @spec cancel(t(), pos_integer()) :: {iodata(), t()}
  def cancel(callbacks, call) do
    Enum.reduce(callbacks, {[], callbacks}, fn
      {number, {^call, pid, _monitor}}, {messages, callbacks} ->
        Process.exit(pid, :kill)
        payload = Raised.failure("cancelled", "the call was cancelled")
        {message, _id, callbacks} = returned(callbacks, number, 1, payload)
        {[messages | message], callbacks}

      _other, acc ->
        acc
    end)
  end

  @doc "Ends all: there is nobody to answer."
  @spec close(t()) :: :ok
  def close(callbacks) do
    for {_number, {_id, pid, _monitor}} <- callbacks, do: Process.exit(pid, :kill)
    :ok
  end
end
