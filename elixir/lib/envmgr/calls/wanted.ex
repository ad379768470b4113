defmodule Envmgr.Calls.Wanted do
  # The options of a call that ask for what stands around it: what they may be, and where they make no sense.
  @moduledoc false

  alias Envmgr.Error

  @keys [:retry, :idempotent, :fallback, :cache, :hedge]

  @values [
    retry: "how often the call is tried again, or [max: n, backoff: ms]",
    idempotent: "true or false",
    fallback: "a path, a list of paths, a function of the error, or false",
    cache: "true, false or [ttl: ms, tags: texts]",
    hedge: "milliseconds, or false"
  ]

  # What is not known by a path has nothing to be kept under, and nothing that could take its place.
  @by_path [:fallback, :cache, :hedge]

  @type retry :: %{max: non_neg_integer(), backoff: pos_integer() | nil}
  @type fallback :: [String.t()] | (Error.t() -> term())
  @type cache :: false | %{ttl: pos_integer() | nil, tags: [String.t()]}

  @spec keys() :: [atom()]
  def keys, do: @keys

  @spec values() :: keyword(String.t())
  def values, do: @values

  @doc "Whether a value is one of the option."
  @spec valid?(atom(), term()) :: boolean()
  def valid?(_key, nil), do: true
  def valid?(:retry, retry) when is_integer(retry), do: retry >= 0
  def valid?(:retry, retry), do: settings?(retry, max: &count?/1, backoff: &ms?/1)
  def valid?(:idempotent, idempotent), do: is_boolean(idempotent)
  def valid?(:fallback, paths) when is_list(paths), do: Enum.all?(paths, &is_binary/1)

  def valid?(:fallback, fallback),
    do: is_binary(fallback) or is_function(fallback, 1) or fallback == false

  def valid?(:cache, cache) when is_boolean(cache), do: true
  def valid?(:cache, cache), do: settings?(cache, ttl: &ms?/1, tags: &texts?/1)
  def valid?(:hedge, hedge), do: hedge == false or ms?(hedge)

  @doc "The options with what these say in one form each."
  @spec read(options) :: options when options: map()
  def read(%{retry: nil, idempotent: nil, fallback: nil, cache: nil, hedge: nil} = options),
    do: options

  def read(options) do
    %{
      options
      | retry: retry(options.retry),
        fallback: fallback(options.fallback),
        cache: cache(options.cache),
        around?: true
    }
  end

  @doc "Whether a chain, a method or a stream may have these options."
  @spec fits(map(), :chain | :method | :stream) :: :ok | {:error, Error.t()}
  def fits(%{around?: false}, _what), do: :ok

  def fits(options, what) do
    case Enum.filter(@by_path, &(Map.fetch!(options, &1) not in [nil, false, []])) do
      [] -> :ok
      asked -> {:error, misplaced(asked, what)}
    end
  end

  defp misplaced(asked, what) do
    %Error{
      code: :arguments,
      message: "the option #{Enum.join(asked, ", ")} is for a call of a path, not for a #{what}",
      hint: "retry and idempotent are for both"
    }
  end

  defp retry(nil), do: nil
  defp retry(max) when is_integer(max), do: %{max: max, backoff: nil}
  defp retry(settings), do: %{max: Keyword.get(settings, :max, 1), backoff: settings[:backoff]}

  defp fallback(nil), do: nil
  defp fallback(false), do: []
  defp fallback(path) when is_binary(path), do: [path]
  defp fallback(given), do: given

  defp cache(nil), do: nil
  defp cache(false), do: false
  defp cache(true), do: %{ttl: nil, tags: []}
  defp cache(settings), do: %{ttl: settings[:ttl], tags: settings[:tags] || []}

  defp settings?(settings, known) do
    Keyword.keyword?(settings) and settings != [] and
      Enum.all?(settings, fn {key, value} ->
        is_map_key(Map.new(known), key) and known[key].(value)
      end)
  end

  defp count?(n), do: is_integer(n) and n >= 0
  defp ms?(ms), do: is_integer(ms) and ms > 0 and ms <= 0xFFFFFFFF
  defp texts?(texts), do: is_list(texts) and Enum.all?(texts, &is_binary/1)
end
