defmodule Envmgr.Pool.Generation do
  # The workers of one activation, as the Server counts them. Pure.
  @moduledoc false

  alias Envmgr.Libraries.{CatalogFile, Manifest}
  alias Envmgr.Pool.Slot

  @enforce_keys [:manifest, :epoch, :catalogs]
  defstruct [:manifest, :epoch, :catalogs, :zygote, starting: %{}, ready: %{}]

  @type t :: %__MODULE__{
          manifest: Manifest.t(),
          epoch: integer(),
          catalogs: %{String.t() => CatalogFile.t()},
          zygote: pid() | nil,
          starting: %{pid() => Slot.t()},
          ready: %{pid() => {Slot.t(), os_pid :: pos_integer()}}
        }

  @spec missing(t()) :: integer()
  def missing(g), do: g.manifest.workers - map_size(g.starting) - map_size(g.ready)

  @spec starting(t(), pid(), Slot.t()) :: t()
  def starting(g, pid, slot), do: %{g | starting: Map.put(g.starting, pid, slot)}

  @spec ready(t(), pid(), pos_integer()) :: t()
  def ready(g, pid, os_pid) do
    {slot, starting} = Map.pop!(g.starting, pid)
    %{g | starting: starting, ready: Map.put(g.ready, pid, {slot, os_pid})}
  end

  @spec without(t(), pid()) :: t()
  def without(g, pid),
    do: %{g | starting: Map.delete(g.starting, pid), ready: Map.delete(g.ready, pid)}

  @doc "Without the workers that are more than wanted: those that start first, then the least busy."
  @spec trim(t()) :: {t(), surplus :: [pid()]}
  def trim(g) do
    ready = Enum.sort_by(g.ready, fn {_pid, {slot, _os_pid}} -> Slot.load(slot) end)

    surplus =
      Enum.take(Map.keys(g.starting) ++ Enum.map(ready, &elem(&1, 0)), max(-missing(g), 0))

    {Enum.reduce(surplus, g, &without(&2, &1)), surplus}
  end

  @spec has?(t() | nil, pid()) :: boolean()
  def has?(nil, _pid), do: false
  def has?(g, pid), do: is_map_key(g.starting, pid) or is_map_key(g.ready, pid)

  @spec complete?(t()) :: boolean()
  def complete?(g), do: map_size(g.ready) >= g.manifest.workers

  @doc "The workers that callers may pick."
  @spec workers(t()) :: [{pid(), Slot.t()}]
  def workers(g), do: for({pid, {slot, _os_pid}} <- g.ready, Slot.open?(slot), do: {pid, slot})

  @spec pids(t()) :: [pid()]
  def pids(g), do: Map.keys(g.starting) ++ Map.keys(g.ready)
end
