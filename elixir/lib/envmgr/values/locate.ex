defmodule Envmgr.Values.Locate do
  # Where in a call's arguments the part is that cannot be encoded. Runs after a failure only, so it may take its time:
  # it encodes child by child and follows the first that fails.
  @moduledoc false

  alias Envmgr.{
    Array,
    Custom,
    Dict,
    EnumMember,
    Frame,
    MaskedArray,
    Object,
    Record,
    Series,
    Set,
    Slice
  }

  alias Envmgr.Values.{Encoder, Frames, Refusal}

  @doc """
  The place as a user writes it, `args[0]["x"]` or `axis`, and why the part there cannot be sent; `refusal` is what the encoding of all of
  it said, and the answer where no part alone is to blame.
  """
  @spec arguments(
          list(),
          [{String.t(), term()}] | :chain,
          Encoder.owner(),
          tuple() | nil,
          Refusal.t() | nil
        ) :: {String.t(), Refusal.t() | nil}
  def arguments(steps, :chain, owner, into, refusal) do
    steps
    |> Enum.with_index(1)
    |> Enum.find_value({"args", refusal}, fn {{args, kwargs}, number} ->
      into = if number == 1, do: into

      case arguments(args, kwargs, owner, into, nil) do
        {_place, nil} -> nil
        {place, refusal} -> {"step #{number}, #{place}", refusal}
      end
    end)
  end

  def arguments(args, kwargs, owner, into, refusal) do
    {positions, rest, names, others} = into || {{}, nil, %{}, nil}

    positional =
      if List.improper?(args) do
        []
      else
        for {arg, i} <- Enum.with_index(args) do
          into = if i < tuple_size(positions), do: elem(positions, i), else: rest
          {"args[#{i}]", arg, into}
        end
      end

    named = for {name, term} <- kwargs, do: {name, term, Map.get(names, name, others)}
    Enum.find_value(positional ++ named, {"args", refusal}, &failing(&1, owner))
  end

  defp failing({path, term}, owner), do: failing({path, term, nil}, owner)

  defp failing({path, term, into}, owner) do
    case Encoder.encode(term, owner, into) do
      # Every part of it is smaller, and to look at each would take as long as it has parts.
      {:error, %Refusal{whole: true} = refusal} ->
        {path, refusal}

      {:error, refusal} ->
        term |> children(path) |> Enum.find_value({path, refusal}, &failing(&1, owner))

      _fine ->
        nil
    end
  end

  defp children(list, path) when is_list(list) do
    if List.improper?(list), do: [], else: indexed(list, path)
  end

  defp children(tuple, path) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> indexed(path)
  defp children(%MapSet{} = set, path), do: elements(set, path)
  defp children(%Set{items: items}, path) when is_list(items), do: elements(items, path)
  defp children(%Dict{pairs: pairs}, path) when is_list(pairs), do: keyed(pairs, path)

  defp children(%Record{fields: fields}, path) when is_list(fields),
    do: for({name, value} when is_binary(name) <- fields, do: {"#{path}.#{name}", value})

  defp children(%Object{parts: parts}, path) when is_map(parts), do: keyed(parts, path)

  defp children(%Array{data: items, shape: shape}, path) when is_list(items) and is_tuple(shape),
    do: cells(items, shape, path)

  defp children(%EnumMember{value: value}, path), do: [{path <> ".value", value}]
  defp children(%Custom{value: value}, path), do: [{path <> ".value", value}]

  defp children(%Slice{} = slice, path),
    do: for(name <- [:start, :stop, :step], do: {"#{path}.#{name}", Map.get(slice, name)})

  defp children(%MaskedArray{} = masked, path),
    do: for(name <- [:array, :mask, :fill_value], do: {"#{path}.#{name}", Map.get(masked, name)})

  defp children(%module{} = frame, path) when module in [Frame, Series] do
    case Frames.encode(frame) do
      {:ok, [_kind, meta, columns, index, _body]} ->
        columns =
          for [label, _dtype, data] <- columns, do: {"#{path}[#{Refusal.show(label)}]", data}

        columns ++ [{path <> ".index", index}, {path <> ".meta", meta}]

      {:error, _reason} ->
        []
    end
  end

  defp children(%{__struct__: _} = struct, path) do
    if implementation = Envmgr.Encoder.impl_for(struct),
      do: [{path, implementation.encode(struct)}],
      else: []
  rescue
    _raised -> []
  end

  defp children(map, path) when is_map(map), do: keyed(map, path)
  defp children(_leaf, _path), do: []

  defp keyed(pairs, path) do
    Enum.flat_map(pairs, fn
      {key, term} -> [{path <> " (a key)", key}, {"#{path}[#{Refusal.show(key)}]", term}]
      _no_pair -> []
    end)
  end

  defp elements(items, path), do: for(item <- items, do: {path <> "{…}", item})

  defp indexed(items, path) do
    items |> Enum.with_index() |> Enum.map(fn {item, i} -> {"#{path}[#{i}]", item} end)
  end

  # As NumPy writes an element's place: array[1, 2].
  defp cells(items, shape, path) do
    sizes = Tuple.to_list(shape)

    for {item, i} <- Enum.with_index(items) do
      {place, _} =
        sizes |> Enum.reverse() |> Enum.map_reduce(i, &{rem(&2, max(&1, 1)), div(&2, max(&1, 1))})

      {"#{path}[#{place |> Enum.reverse() |> Enum.join(", ")}]", item}
    end
  end
end
