defmodule Envmgr.Calls.Arguments do
  # What a user passes as arguments, as Python's two kinds of them.
  @moduledoc false

  alias Envmgr.Error

  @doc "A list is positional; a map or a keyword list is by name; `{list, map}` is both."
  @spec split(term()) :: {:ok, list(), [{String.t(), term()}]} | {:error, Error.t()}
  def split([]), do: {:ok, [], []}
  def split([{key, _} | _] = args) when is_atom(key), do: keyword(args)

  def split(args) when is_list(args) do
    if List.improper?(args), do: malformed(args), else: {:ok, args, []}
  end

  def split(%{__struct__: _} = args), do: malformed(args)
  def split(args) when is_map(args), do: named([], Map.to_list(args))

  def split({args, named}) when is_list(args) do
    cond do
      List.improper?(args) -> malformed(args)
      is_map(named) and not is_map_key(named, :__struct__) -> named(args, Map.to_list(named))
      is_list(named) and Keyword.keyword?(named) -> named(args, named)
      true -> malformed(named)
    end
  end

  def split(args), do: malformed(args)

  defp keyword(args) do
    if Keyword.keyword?(args), do: named([], args), else: {:ok, args, []}
  end

  defp named(args, pairs) do
    names = for {key, _value} <- pairs, do: name(key)

    cond do
      at = Enum.find_index(names, &is_nil/1) ->
        error("#{pairs |> Enum.at(at) |> elem(0) |> inspect()} is no name of an argument")

      names != Enum.uniq(names) ->
        error("#{hd(names -- Enum.uniq(names))} is given twice")

      true ->
        {:ok, args, Enum.zip(names, Enum.map(pairs, &elem(&1, 1)))}
    end
  end

  defp name(key) when is_atom(key) and key not in [nil, true, false], do: Atom.to_string(key)
  defp name(key) when is_binary(key), do: if(String.valid?(key), do: key)
  defp name(_key), do: nil

  defp malformed(args), do: error("#{inspect(args, limit: 5)} are no arguments")

  defp error(message) do
    {:error,
     %Error{
       code: :arguments,
       message: message,
       hint: "pass a list, a map or keyword list of named arguments, or {list, map}"
     }}
  end
end
