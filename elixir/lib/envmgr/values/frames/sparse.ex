defmodule Envmgr.Values.Frames.Sparse do
  # SciPy's sparse arrays as entries: what is stored, and where. Dense lists could be larger than any memory.
  @moduledoc false

  alias Envmgr.Array

  @doc """
  `{shape, [{row, column, value}, …]}` in stored order, with as many indices as there are dimensions; raises `ArgumentError` for a class whose storage is not read.
  """
  @spec entries(String.t(), map()) :: {tuple(), [{integer(), integer(), term()}]}
  def entries(class, parts) do
    {shape(parts["shape"]), class |> String.slice(0, 3) |> read(parts)}
  end

  defp shape(shape) when is_tuple(shape), do: shape
  defp shape(shape) when is_list(shape), do: List.to_tuple(shape)
  defp shape(_other), do: raise(ArgumentError, "a sparse array without a shape")

  defp read(class, %{"row" => row, "col" => column, "data" => data}) when class in ["coo", "dok"],
    do: Enum.zip([list(row), list(column), list(data)])

  defp read(class, %{"coords" => coords, "data" => data})
       when class in ["coo", "dok"] and is_list(coords),
       do: Enum.zip(Enum.map(coords, &list/1) ++ [list(data)])

  defp read(class, parts) when class in ["csr", "lil"],
    do: compressed(parts, fn outer, inner, value -> {outer, inner, value} end)

  defp read("csc", parts),
    do: compressed(parts, fn outer, inner, value -> {inner, outer, value} end)

  defp read(class, _parts),
    do: raise(ArgumentError, "a sparse array stored as #{class} is not listed: send its tocoo()")

  defp compressed(%{"indptr" => starts, "indices" => indices, "data" => data}, make) do
    entries = Enum.zip(list(indices), list(data))

    starts
    |> list()
    |> Enum.chunk_every(2, 1, :discard)
    |> Enum.with_index()
    |> rows(entries, make)
  end

  defp compressed(_parts, _make), do: raise(ArgumentError, "a malformed sparse array")

  defp rows([{[from, to], outer} | rest], entries, make) when to >= from do
    {mine, entries} = Enum.split(entries, to - from)
    for({inner, value} <- mine, do: make.(outer, inner, value)) ++ rows(rest, entries, make)
  end

  defp rows([], _entries, _make), do: []
  defp rows(_starts, _entries, _make), do: raise(ArgumentError, "a malformed sparse array")

  defp list(%Array{} = array), do: Array.to_list(array)
  defp list(items) when is_list(items), do: items
  defp list(_other), do: raise(ArgumentError, "a malformed sparse array")
end
