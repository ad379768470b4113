defmodule Envmgr.Values.Locate do
  # Where in a call's arguments the part is that cannot be encoded. Runs after a failure only, so it may take its time:
  # it encodes child by child and follows the first that fails.
  @moduledoc false

  alias Envmgr.Values.Encoder

  @doc "The place as a user writes it, `args[0][\"x\"]` or `axis`, with the encoder's reason and hint."
  @spec arguments(list(), [{String.t(), term()}], Encoder.owner()) ::
          {String.t(), String.t(), String.t() | nil}
  def arguments(args, kwargs, owner) do
    positional = if List.improper?(args), do: [], else: indexed(args, "args")

    (positional ++ kwargs)
    |> Enum.find_value({"args", "the arguments cannot be sent", nil}, &failing(&1, owner))
  end

  defp failing({path, term}, owner) do
    case Encoder.encode(term, owner) do
      {:error, reason, hint} ->
        term |> children(path) |> Enum.find_value({path, reason, hint}, &failing(&1, owner))

      _fine ->
        nil
    end
  end

  defp children(list, path) when is_list(list) do
    if List.improper?(list), do: [], else: indexed(list, path)
  end

  defp children(tuple, path) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> indexed(path)
  defp children(%MapSet{} = set, path), do: for(item <- set, do: {path <> "{…}", item})
  defp children(%{__struct__: _}, _path), do: []

  defp children(map, path) when is_map(map) do
    Enum.flat_map(map, fn {key, term} ->
      [{path <> " (a key)", key}, {"#{path}[#{inspect(key)}]", term}]
    end)
  end

  defp children(_leaf, _path), do: []

  defp indexed(items, path) do
    items |> Enum.with_index() |> Enum.map(fn {item, i} -> {"#{path}[#{i}]", item} end)
  end
end
