defmodule Envmgr.Values.Keys do
  # Keys of a Python dict or set: hashable, and no two that Python holds equal.
  @moduledoc false

  alias Envmgr.{Array, Bytes, Complex, Dict, Fraction, MaskedArray, Set}
  alias Envmgr.Values.{Decimals, Dtype, Refusal, Times}

  @doc """
  Returns when a dict or set with these keys arrives whole, else throws a refusal of what it is.

  `:unique` says that no key is there twice, as in a map.
  """
  @spec check!([term()], String.t(), String.t(), :unique | :any) :: :ok
  def check!(keys, elixir, python, known) do
    cond do
      known == :unique and Enum.all?(keys, &is_binary/1) ->
        :ok

      known == :unique and Enum.all?(keys, &is_integer/1) ->
        :ok

      key = Enum.find(keys, &(not hashable?(&1))) ->
        Refusal.refuse(elixir, python, "#{Refusal.show(key)} cannot be hashed by Python",
          hint: "as keys and elements a tuple stands for a list, a frozen Envmgr.Set for a MapSet"
        )

      true ->
        distinct!(keys, elixir, python)
    end
  end

  defp distinct!(keys, elixir, python) do
    keys
    |> Enum.reduce_while(%{}, &place(&2, canonical(&1), &1))
    |> case do
      {:equal, a, b} ->
        reason = "Python holds the keys #{Refusal.show(a)} and #{Refusal.show(b)} equal"
        Refusal.refuse(elixir, python, reason, hint: "leave one of them out")

      _seen ->
        :ok
    end
  end

  defp place(seen, canonical, key) do
    case seen do
      %{^canonical => {:key, other}} -> {:halt, {:equal, other, key}}
      _ -> {:cont, Map.put(seen, canonical, {:key, key})}
    end
  end

  defp hashable?(key) when is_tuple(key), do: key |> Tuple.to_list() |> Enum.all?(&hashable?/1)
  defp hashable?(%Set{frozen: true, items: items}), do: Enum.all?(items, &hashable?/1)
  defp hashable?(%Array{scalar: scalar}), do: scalar
  defp hashable?(%Bytes{kind: kind}), do: kind == :bytes
  defp hashable?(%module{}), do: module not in [MapSet, Set, Dict, MaskedArray]
  defp hashable?(key), do: not is_list(key) and not is_map(key)

  @doc "Where two of these are equal, Python holds the keys equal. Takes time by the size of the key: encode it first."
  @spec canonical(term()) :: term()
  # True == 1 == 1.0 == Fraction(1), an Atom is its str, a NumPy scalar its number. NaN equals nothing, itself neither.
  def canonical(true), do: 1
  def canonical(false), do: 0
  def canonical(nil), do: nil
  def canonical(:nan), do: make_ref()
  def canonical(atom) when atom in [:infinity, :neg_infinity], do: atom
  def canonical(atom) when is_atom(atom), do: Atom.to_string(atom)
  def canonical(x) when is_float(x), do: x |> Float.ratio() |> ratio()
  def canonical(key) when is_tuple(key), do: key |> Tuple.to_list() |> Enum.map(&canonical/1)
  def canonical(%Complex{re: re, im: im}) when im == 0, do: canonical(re)
  def canonical(%Complex{re: re, im: im}), do: {:complex, canonical(re), canonical(im)}

  def canonical(%Fraction{numerator: n, denominator: d})
      when is_integer(n) and is_integer(d) and d > 0,
      do: ratio({n, d})

  def canonical(%Set{items: items}), do: {:set, MapSet.new(items, &canonical/1)}

  def canonical(%Array{dtype: dtype} = scalar) do
    case Dtype.parse(dtype) do
      {kind, _size, _order} when kind in [:bool, :int, :uint, :float, :complex] ->
        scalar |> Array.to_list() |> canonical()

      _other ->
        scalar
    end
  end

  def canonical(%DateTime{} = time), do: {:instant, Times.instant(time)}

  def canonical(%module{} = decimal) when module in [Decimal, Envmgr.Decimal] do
    case Decimals.ratio(decimal) do
      {_, _} = ratio -> ratio(ratio)
      nil -> decimal
    end
  end

  def canonical(key), do: key

  defp ratio({n, d}) do
    case Integer.gcd(n, d) do
      ^d -> div(n, d)
      common -> {:ratio, div(n, common), div(d, common)}
    end
  end
end
