defmodule Envmgr.Values.Keys do
  # Keys of a Python dict or set: hashable, and no two that Python holds equal.
  @moduledoc false

  alias Envmgr.{Array, Bytes, Ref}

  @doc "Whether a dict or set with these keys arrives whole."
  @spec check([term()]) :: :ok | {:error, String.t()}
  def check(keys) do
    cond do
      Enum.all?(keys, &is_binary/1) ->
        :ok

      Enum.all?(keys, &is_integer/1) ->
        :ok

      key = Enum.find(keys, &(not hashable?(&1))) ->
        {:error, "#{inspect(key)} cannot be hashed by Python"}

      true ->
        distinct(keys)
    end
  end

  defp distinct(keys) do
    keys
    |> Enum.reduce_while(%{}, &place(&2, canonical(&1), &1))
    |> case do
      {:equal, a, b} -> {:error, "Python holds the keys #{inspect(a)} and #{inspect(b)} equal"}
      _seen -> :ok
    end
  end

  defp place(seen, canonical, key) do
    case seen do
      %{^canonical => {:key, other}} -> {:halt, {:equal, other, key}}
      _ -> {:cont, Map.put(seen, canonical, {:key, key})}
    end
  end

  defp hashable?(key) when is_tuple(key), do: key |> Tuple.to_list() |> Enum.all?(&hashable?/1)
  defp hashable?(%Array{scalar: scalar}), do: scalar
  defp hashable?(%Bytes{}), do: true
  defp hashable?(%Ref{}), do: true
  defp hashable?(key), do: not is_list(key) and not is_map(key)

  # Equal in Python, equal here: True == 1 == 1.0, an Atom is its str, a NumPy scalar its number.
  defp canonical(true), do: 1
  defp canonical(false), do: 0
  defp canonical(nil), do: nil
  defp canonical(x) when is_float(x), do: if(trunc(x) == x, do: trunc(x), else: x)
  defp canonical(atom) when atom in [:nan, :infinity, :neg_infinity], do: atom
  defp canonical(atom) when is_atom(atom), do: Atom.to_string(atom)
  defp canonical(key) when is_tuple(key), do: key |> Tuple.to_list() |> Enum.map(&canonical/1)

  defp canonical(%Array{dtype: dtype} = scalar) do
    if dtype not in ["complex64", "complex128"] and Array.itemsize(dtype),
      do: scalar |> Array.to_list() |> canonical(),
      else: scalar
  end

  defp canonical(key), do: key
end
