defmodule Envmgr.Pool.Generation do
  # One activation: its manifest, its catalogs, and the workers of its pools. Pure.
  @moduledoc false

  alias Envmgr.Libraries.{CatalogFile, Manifest}
  alias Envmgr.Pool.Crew

  @enforce_keys [:manifest, :epoch, :catalogs, :crews]
  defstruct [:manifest, :epoch, :catalogs, :crews, :zygote]

  @type t :: %__MODULE__{
          manifest: Manifest.t(),
          epoch: integer(),
          catalogs: %{String.t() => CatalogFile.t()},
          zygote: pid() | nil,
          crews: %{String.t() => Crew.t()}
        }

  @doc "Without workers. As many are wanted as in the generation before."
  @spec new(Manifest.t(), integer(), %{String.t() => CatalogFile.t()}, t() | nil) :: t()
  def new(manifest, epoch, catalogs, before) do
    crews =
      Map.new(manifest.pools, fn {name, sizing} ->
        {name, Crew.new(name, sizing, before && before.crews[name])}
      end)

    %__MODULE__{manifest: manifest, epoch: epoch, catalogs: catalogs, crews: crews}
  end

  @doc "Takes on a manifest that the same workers serve: other sizes, pools that come and go."
  @spec adopt(t(), Manifest.t(), integer()) :: {t(), surplus :: [pid()]}
  def adopt(g, manifest, epoch) do
    {kept, gone} = Map.split(g.crews, Map.keys(manifest.pools))

    {crews, surplus} =
      Enum.map_reduce(manifest.pools, [], fn {name, sizing}, surplus ->
        {crew, more} =
          if crew = kept[name],
            do: Crew.resize(crew, sizing),
            else: {Crew.new(name, sizing, nil), []}

        {{name, crew}, more ++ surplus}
      end)

    surplus = Enum.flat_map(Map.values(gone), &Crew.pids/1) ++ surplus
    {%{g | manifest: manifest, epoch: epoch, crews: Map.new(crews)}, surplus}
  end

  @doc "Whose worker it is; nil when it is none of these."
  @spec crew(t() | nil, pid()) :: Crew.t() | nil
  def crew(nil, _pid), do: nil
  def crew(g, pid), do: g.crews |> Map.values() |> Enum.find(&Crew.has?(&1, pid))

  @spec put(t(), Crew.t()) :: t()
  def put(g, crew), do: put_in(g.crews[crew.name], crew)

  @spec complete?(t()) :: boolean()
  def complete?(g), do: Enum.all?(Map.values(g.crews), &Crew.complete?/1)

  @spec pids(t()) :: [pid()]
  def pids(g), do: Enum.flat_map(Map.values(g.crews), &Crew.pids/1)

  @spec emptied(t()) :: t()
  def emptied(g) do
    crews =
      Map.new(g.crews, fn {name, crew} ->
        {name, %{crew | starting: %{}, ready: %{}, successors: %{}}}
      end)

    %{g | crews: crews, zygote: nil}
  end
end
