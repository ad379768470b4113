defmodule Envmgr.Values.Frames.Sparse do
  # SciPy's sparse arrays as entries: what is stored, and where. Dense lists could be larger than any memory.
  @moduledoc false

  alias Envmgr.Array

  @doc """
  `{shape, [{row, column, value}, …]}` in stored order; raises `ArgumentError` for a class whose storage is not read.
  """
  @spec entries(String.t(), map()) :: {tuple(), [{integer(), integer(), term()}]}
  def entries(class, parts) do
    {shape(parts["shape"]), class |> String.slice(0, 3) |> read(parts)}
  end

  defp shape(shape) when is_tuple(shape), do: shape
  defp shape(shape) when is_list(shape), do: List.to_tuple(shape)
  defp shape(_other), do: raise(ArgumentError, "a sparse array without a shape")

  defp read("coo", %{"row" => row, "col" => column, "data" => data}),
    do: Enum.zip([Array.to_list(row), Array.to_list(column), Array.to_list(data)])

  defp read("csr", parts),
    do: compressed(parts, fn outer, inner, value -> {outer, inner, value} end)

  defp read("csc", parts),
    do: compressed(parts, fn outer, inner, value -> {inner, outer, value} end)

  defp read(class, _parts),
    do: raise(ArgumentError, "a sparse array stored as #{class} is not listed: send its tocoo()")

  defp compressed(%{"indptr" => starts, "indices" => indices, "data" => data}, make) do
    entries = Enum.zip(Array.to_list(indices), Array.to_list(data))

    starts
    |> Array.to_list()
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
end
