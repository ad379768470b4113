defmodule Envmgr.Calls.Beside do
  # How a call is waited for that is more than one question and one answer: an asynchronous one, a stream, one made by a function
  # that Python called. The worker's owner watches the process that waits.
  @moduledoc false

  alias Envmgr.Calls.Request

  @enforce_keys [:kind]
  defstruct [:kind, :holder, :cancel, :caller, :first, :avoid, :chosen]

  @typedoc """
  Of an asynchronous call `holder` is whose the answer is, `caller` the monitor of that process, `cancel` what a message says that takes the
  call back. Of a stream `first` is how many items it is asked for at once. `avoid`: the worker that is not to be taken; `chosen`: the
  alias that is told which one was.
  """
  @type t :: %__MODULE__{
          kind: :async | :stream | :nested,
          holder: pid() | nil,
          cancel: reference() | nil,
          caller: reference() | nil,
          first: pos_integer() | nil,
          avoid: pid() | nil,
          chosen: reference() | nil
        }

  @type message ::
          {:result | :error | :chunk, binary()}
          | {:lost, String.t() | keyword()}
          | {:result, binary(), binary(), tuple()}
          | {:down, term()}
          | :moved
          | :elsewhere
          | :aside
          | :end

  @doc "The options of a call, with how it is waited for. What is no list of options is told as for any call."
  @spec option(term(), t()) :: term()
  def option(opts, beside) when is_list(opts), do: [{:beside, beside} | opts]
  def option(opts, _beside), do: opts

  @doc "What a call's answers come by. The worker's owner then knows who waits."
  @spec open(Request.t(), pid()) :: reference()
  def open(%{beside: nil}, owner), do: :erlang.monitor(:process, owner, alias: :reply_demonitor)

  def open(%{beside: beside}, owner) do
    mode = if beside.kind == :stream, do: :explicit_unalias, else: :reply_demonitor
    reply = :erlang.monitor(:process, owner, alias: mode)
    send(owner, {:watch, reply, self(), beside.first})
    if beside.chosen, do: send(beside.chosen, {beside.chosen, {:chosen, owner}})
    reply
  end

  @doc "The next message of a call, or why there is none. Unless it is a part of a stream nothing follows it."
  @spec await(Request.t(), reference(), pid(), timeout()) ::
          {:got, message()} | :late | :cancelled | :left
  def await(%{beside: beside}, reply, owner, timeout) do
    {cancel, caller} = {beside.cancel, beside.caller}

    receive do
      {^reply, kind, payload} ->
        got({kind, payload}, reply, owner)

      {^reply, :result, payload, meta, buffers} ->
        got({:result, payload, meta, buffers}, reply, owner)

      {^reply, word} ->
        got(word, reply, owner)

      {:DOWN, ^reply, _, _, reason} ->
        got({:down, reason}, reply, owner)

      {:cancel, ^cancel} when cancel != nil ->
        closed(:cancelled, reply, owner)

      {:DOWN, ^caller, _, _, _} when caller != nil ->
        closed(:left, reply, owner)
    after
      timeout -> closed(:late, reply, owner)
    end
  end

  @doc "Whether an asynchronous call that waits for a worker is still wanted."
  @spec wanted(Request.t()) :: :wanted | :cancelled | :left
  def wanted(%{beside: %{cancel: cancel, caller: caller}}) when cancel != nil do
    receive do
      {:cancel, ^cancel} -> :cancelled
      {:DOWN, ^caller, _, _, _} -> :left
    after
      0 -> :wanted
    end
  end

  def wanted(_request), do: :wanted

  @doc "Ends a stream. What of it is under way reaches nobody."
  @spec close(reference(), pid()) :: :ok
  def close(reply, owner) do
    :erlang.demonitor(reply, [:flush])
    :erlang.unalias(reply)
    send(owner, {:cancel, reply})
    flush(reply)
  end

  defp got(part, _reply, _owner) when part == :aside or elem(part, 0) == :chunk, do: {:got, part}

  defp got(last, reply, owner) do
    :erlang.demonitor(reply, [:flush])
    :erlang.unalias(reply)
    send(owner, {:unwatch, reply})
    {:got, last}
  end

  defp closed(why, reply, owner) do
    close(reply, owner)
    why
  end

  defp flush(reply) do
    receive do
      {^reply, _} -> flush(reply)
      {^reply, _, _} -> flush(reply)
      {^reply, _, _, _, _} -> flush(reply)
    after
      0 -> :ok
    end
  end
end
