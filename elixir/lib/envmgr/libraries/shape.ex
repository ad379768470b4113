defmodule Envmgr.Libraries.Shape do
  # What calls of one shape, so many arguments by position and these names, ask of their arguments: worked out when a call
  # has the shape for the first time, and kept in the instance's table, small enough to be copied by each.
  #
  #   {{:shape, path, count, names}, environment, epoch, shape}
  @moduledoc false

  alias Envmgr.Libraries.{Kinds, Overloads, Row, Signature, Types}

  # Names may come from outside: rows of this table are not for everyone to make. Calls of further shapes take longer.
  @most_rows 200_000
  @any Kinds.any()

  @typedoc "For each signature that has the shape, the kinds that each argument may be, and what arguments become; nil: any, as they are."
  @type t :: [{tuple() | nil, Signature.hints() | nil}]

  @doc "What arguments become, or `:none` where they do not fit."
  @spec fit(atom(), Row.t(), list(), [{String.t(), term()}]) ::
          {:ok, Signature.hints() | nil} | :none
  def fit(table, row, args, kwargs) do
    {count, names} = {length(args), for({name, _value} <- kwargs, do: name)}
    choose(kept(table, row, count, names), args, kwargs, :none)
  end

  defp kept(table, row, count, names) do
    {path, environment, epoch} = {elem(row, 0), elem(row, 2), elem(row, 6)}

    case :ets.lookup(table, {:shape, path, count, names}) do
      [{_key, _environment, ^epoch, shape}] ->
        shape

      _of_another_catalog ->
        shape = of(Row.raw(row), count, names)
        key = {:shape, path, count, Enum.map(names, &:binary.copy/1)}

        if shape != [] and :ets.info(table, :size) < @most_rows,
          do: :ets.insert(table, {key, environment, epoch, shape})

        shape
    end
  end

  # A signature that takes the arguments as they are comes before one that makes something else of them.
  defp choose([], _args, _kwargs, fitting), do: fitting
  defp choose([{nil, nil} | _], _args, _kwargs, _fitting), do: {:ok, nil}

  defp choose([{kinds, hints} | rest], args, kwargs, fitting) do
    cond do
      kinds != nil and not fits?(args, kwargs, kinds, 0) -> choose(rest, args, kwargs, fitting)
      hints == nil -> {:ok, nil}
      fitting == :none -> choose(rest, args, kwargs, {:ok, hints})
      true -> choose(rest, args, kwargs, fitting)
    end
  end

  defp fits?([], [], _kinds, _i), do: true

  defp fits?([], [{_name, value} | rest], kinds, i),
    do: Kinds.fits?(value, elem(kinds, i)) and fits?([], rest, kinds, i + 1)

  defp fits?([value | rest], kwargs, kinds, i),
    do: Kinds.fits?(value, elem(kinds, i)) and fits?(rest, kwargs, kinds, i + 1)

  @doc "Of a row of the catalog; empty when no signature has the shape."
  @spec of(Row.raw(), non_neg_integer(), [String.t()]) :: t()
  def of([_path, "constant" | _], count, names),
    do: if({count, names} == {0, []}, do: [{nil, nil}], else: [])

  def of([_path, "property" | _], count, names),
    do: if({count, names} == {1, []}, do: [{nil, nil}], else: [])

  def of([_path, _kind, parameters, _returns, _summary, _flags, none | _], count, names)
      when none in [nil, []],
      do: one(parameters, count, names)

  def of([_path, _kind, parameters, _returns, _summary, flags, overloads | _], count, names) do
    own = Overloads.own(parameters, flags)
    known = for [p | _] <- overloads, shape <- one(p, count, names), do: shape

    cond do
      Signature.problems(own, count, names) != [] -> []
      {nil, nil} in known -> [{nil, nil}]
      known == [] and Overloads.doubtful?(own, flags) -> [{nil, hints(own, count, names)}]
      true -> Enum.uniq(known)
    end
  end

  defp one(parameters, count, names) do
    if Signature.problems(parameters, count, names) == [],
      do: [{kinds(parameters, count, names), hints(parameters, count, names)}],
      else: []
  end

  defp kinds(nil, _count, _names), do: nil

  defp kinds(parameters, count, names) do
    masks =
      for parameter <- Signature.bound(parameters, count, names),
          do: if(parameter, do: Types.mask(parameter), else: @any)

    if Enum.any?(masks, &(&1 != @any)), do: List.to_tuple(masks)
  end

  @doc "What these arguments become; nil where all stay as they are."
  @spec hints(Signature.parameters(), non_neg_integer(), [String.t()]) :: Signature.hints() | nil
  def hints(parameters, count, names) do
    with {positions, rest, named, others} <- Signature.hints(parameters) do
      placed = positions |> Tuple.to_list() |> Enum.take(count)
      rest = if count > tuple_size(positions), do: rest
      others = if Enum.any?(names, &(not is_map_key(named, &1))), do: others

      named =
        for {name, into} <- named, into != nil and name in names, into: %{}, do: {name, into}

      hinted? = Enum.any?(placed) or rest != nil or named != %{} or others != nil
      if hinted?, do: {List.to_tuple(placed), rest, named, others}
    end
  end
end
