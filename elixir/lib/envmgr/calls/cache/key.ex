defmodule Envmgr.Calls.Cache.Key do
  # What a result is kept under: the function, its catalog's epoch, and the arguments in one form, whatever the order of their
  # keywords and of the keys of their maps. 1 and 1.0 are two arguments, 0.0 and -0.0 too.
  @moduledoc false

  alias Envmgr.Calls.Call
  alias Envmgr.{Items, Ref}

  # Bytes. What is longer is known by its digest.
  @longest 128

  # Sent as what is read once, or lives in a worker.
  @elsewhere [Ref, Items, Envmgr.IO, Stream, File.Stream, IO.Stream]

  @type t :: {path :: String.t(), epoch :: integer(), :map | :ordered, arguments :: binary()}

  @doc "`:none`: an argument means something only where it is, or only once: a ref, a function, a stream."
  @spec of(Call.t()) :: {:ok, t()} | :none
  def of(%{args: args, kwargs: kwargs} = call) do
    if plain?(args, kwargs) do
      arguments = :erlang.term_to_binary([args | Enum.sort(kwargs)], [:deterministic])
      {:ok, {Call.real(call), elem(call.row, 6), call.options.dicts, short(arguments)}}
    else
      :none
    end
  end

  @doc "Whether arguments mean the same everywhere and each time."
  @spec plain?(list(), [{String.t(), term()}]) :: boolean()
  def plain?(args, kwargs),
    do: all?(args) and Enum.all?(kwargs, fn {_name, value} -> plain?(value) end)

  @spec path(t()) :: String.t()
  def path({path, _epoch, _dicts, _arguments}), do: path

  defp short(arguments) when byte_size(arguments) <= @longest, do: arguments
  defp short(arguments), do: :crypto.hash(:sha256, arguments)

  defp plain?(term) when is_number(term) or is_binary(term) or is_atom(term), do: true
  defp plain?(term) when is_list(term), do: all?(term)
  defp plain?(term) when is_tuple(term), do: term |> Tuple.to_list() |> all?()
  defp plain?(%module{}) when module in @elsewhere, do: false
  defp plain?(%_module{} = struct), do: struct |> Map.from_struct() |> plain?()
  defp plain?(map) when is_map(map), do: Enum.all?(map, fn {k, v} -> plain?(k) and plain?(v) end)
  defp plain?(_function_or_process), do: false

  defp all?([first | rest]), do: plain?(first) and all?(rest)
  defp all?([]), do: true
  defp all?(_improper), do: false
end
