defmodule Envmgr.Libraries.Types do
  # What the arguments of a call may be, small enough to be kept with the row.
  @moduledoc false

  alias Envmgr.Libraries.{Kinds, Signature}

  @any Kinds.any()

  @typedoc "The mask of *args and of all others that have none of their own, then those of the first parameters."
  @type t :: tuple()

  @doc "The types of a signature; nil where it takes anything."
  @spec of(Signature.parameters()) :: t() | nil
  def of(nil), do: nil

  def of(parameters) do
    rest = Enum.find_value(parameters, @any, &(match?([_, 2 | _], &1) && mask(&1)))
    positions = for [_, kind | _] = parameter <- parameters, kind < 2, do: mask(parameter)

    positions =
      if rest == @any,
        do: positions |> Enum.reverse() |> Enum.drop_while(&(&1 == @any)) |> Enum.reverse(),
        else: positions

    if positions == [] and rest == @any, do: nil, else: List.to_tuple([rest | positions])
  end

  @doc "Whether arguments, all by position, are what they may be."
  @spec fit?(list(), t() | nil) :: boolean()
  def fit?(_args, nil), do: true
  def fit?(args, positions), do: fit?(args, positions, 1)

  defp fit?([], _positions, _i), do: true

  defp fit?([arg | rest], positions, i) do
    mask = if i < tuple_size(positions), do: elem(positions, i), else: elem(positions, 0)
    Kinds.fits?(arg, mask) and fit?(rest, positions, i + 1)
  end

  @doc "The kinds that a parameter takes."
  @spec mask(list()) :: Kinds.mask()
  def mask([_name, _kind, _default, into, _type, accepts | _]), do: Kinds.mask(accepts, into)
  def mask(_untyped), do: @any
end
