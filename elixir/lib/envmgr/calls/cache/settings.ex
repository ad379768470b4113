defmodule Envmgr.Calls.Cache.Settings do
  # Whether a call's result is kept, for how long and beside how many others: by what its function's configuration says, and its
  # own option.
  @moduledoc false

  alias Envmgr.Calls.Call

  @entries 1_000
  @bytes 64 * 1024 * 1024

  @type t :: %{
          ttl: pos_integer() | nil,
          tags: [String.t()],
          limits: %{entries: pos_integer(), bytes: pos_integer()}
        }

  @doc "nil: the call is made. Whoever asks for what a call says or takes wants that; one of a session depends on more than its arguments."
  @spec of(Call.t()) :: t() | nil
  def of(%{options: %{cache: false}}), do: nil
  # What it does to the session's variables is not its result alone.
  def of(%{options: %{session: session}}) when session != nil, do: nil
  def of(%{options: %{as: :ref}}), do: nil
  def of(%{options: %{trace: trace}}) when trace != nil, do: nil
  def of(%{options: %{output: output}}) when output not in [:log, :ignore], do: nil
  def of(%{options: %{cache: nil}, plan: nil}), do: nil
  def of(%{options: %{cache: asked}, plan: nil}), do: both(asked, nil)
  def of(%{options: %{cache: asked}, plan: plan}), do: both(asked, plan.cache)

  defp both(nil, nil), do: nil
  defp both(nil, said), do: both(%{ttl: nil, tags: []}, said)

  defp both(asked, nil),
    do: both(asked, %{ttl: nil, entries: nil, bytes: nil, tags: []})

  defp both(asked, said) do
    %{
      ttl: asked.ttl || said.ttl,
      tags: asked.tags ++ said.tags,
      limits: %{entries: said.entries || @entries, bytes: said.bytes || @bytes}
    }
  end
end
