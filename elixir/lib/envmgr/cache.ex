defmodule Envmgr.Cache do
  @moduledoc """
  Results of Python functions that are kept in this VM, and answered without asking Python.

  Nothing is kept unless `cache` of the library in envmgr.toml says so for a function, or the option `cache` for a call. See
  docs/caching.md for what is kept, for how long, and what is one call; `Envmgr.stats/1` for how often it helped.
  """

  alias Envmgr.{Calls, Error}
  alias Envmgr.Calls.Cache.{Keeper, Store}
  alias Envmgr.Libraries.Catalog

  @doc """
  Forgets results: of a `function` (its path or an alias), of a `library`, with a `tag`, or `:all`. Answers how many there were.

  A call made afterwards is answered by nothing that was computed, or is just being computed, before. `name`: the instance. Raises
  `Envmgr.Error` when that is not running.

      iex> Envmgr.execute("math.factorial", [20], cache: [tags: ["numbers"]])
      {:ok, 2432902008176640000}
      iex> Envmgr.Cache.invalidate(tag: "numbers")
      1
      iex> Envmgr.Cache.invalidate(function: "math.factorial")
      0
  """
  @spec invalidate(
          [{:function, String.t()}] | [{:library, String.t()}] | [{:tag, String.t()}] | :all,
          atom()
        ) :: non_neg_integer()
  def invalidate(which, name \\ Envmgr) do
    store(name) |> Keeper.invalidate(which!(which, name))
  end

  defp which!(:all, _name), do: :all
  defp which!([{:tag, tag}], _name) when is_binary(tag), do: {:tag, tag}

  defp which!([{:library, library}], name) when is_binary(library),
    do: {:library, Catalog.real(name, library)}

  defp which!([{:function, path}], name) when is_binary(path) do
    case Catalog.locate(name, path) do
      {target, _home, _file, _number} when target != nil -> {:function, target}
      _itself -> {:function, path}
    end
  end

  defp which!(other, _name) do
    raise ArgumentError,
          "#{inspect(other)} names no results: [function: path], [library: name], [tag: text] or :all"
  end

  defp store(name) do
    Store.of(name) || raise(Error.classified(Calls.not_running(name)))
  end
end
