defmodule Envmgr.Calls.Hedge do
  # Asks a second worker when the first takes long; the first good answer counts. After "hedged requests" of J. Dean and L. A.
  # Barroso, "The Tail at Scale", CACM 56 (2013).
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.Calls.{Call, Outcome, Retry, Waiting}
  alias Envmgr.Calls.Cache.Key
  alias Envmgr.Calls.Hedge.Race
  alias Envmgr.Libraries.Usage
  alias Envmgr.Pool.Callback

  @impl true
  def around(call, rest) do
    case late(call) do
      nil ->
        rest.(call)

      {:error, error} ->
        {:error, error}

      ms ->
        if fit?(call) and Key.plain?(call.args, call.kwargs),
          do: call |> Race.run(ms, 1, &[rest.(&1)]) |> hd(),
          else: rest.(call)
    end
  end

  @doc "As `around/2`, for a batch, none of whose arguments is anybody's: it may take as much longer as its other calls usually take."
  @spec each(Call.t(), [item], (Call.t(), [item] -> [Outcome.answer()])) :: [Outcome.answer()]
        when item: term()
  def each(call, items, rest) do
    ms = late(call)
    count = length(items)

    if is_integer(ms) and fit?(call),
      do: Race.run(call, ms + usual(call, count - 1), count, &rest.(&1, items)),
      else: rest.(call, items)
  end

  @doc "Whether it is asked for where it may not be."
  @spec refused?(Call.t()) :: boolean()
  def refused?(call), do: match?({:error, _error}, late(call))

  # What a function of ours calls for Python may be what its worker waits for; what lives in one worker (a session, too), or is read once, is not
  # for two.
  defp fit?(call),
    do: call.options.session == nil and not Callback.calling?() and Race.second?(call, nil)

  defp usual(_call, 0), do: 0
  defp usual(call, count), do: div(count * Usage.median(call.row), 1_000_000)

  defp late(%{options: %{hedge: false}}), do: nil

  defp late(%{options: %{hedge: ms}} = call) when ms != nil do
    if Retry.idempotent?(call),
      do: ms,
      else:
        Waiting.refused(call,
          code: :arguments,
          message: "hedge asks two workers, and nothing says that the call may be run twice",
          hint: "idempotent: true says so, or idempotent of recovery in envmgr.toml"
        )
  end

  defp late(%{plan: %{hedge: ms, idempotent?: true}}), do: ms
  defp late(_call), do: nil
end
