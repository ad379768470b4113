defmodule Envmgr.Calls.Parts do
  # Parts of objects that stay in their worker: what `Envmgr.Array` and `Envmgr.Frame` ask of a ref.
  @moduledoc false

  alias Envmgr.{Calls, Error, Ref, Slice}

  @piece 8 * 1_048_576
  @rows 65_536

  @type axis :: integer() | Range.t() | Slice.t() | :all

  @spec take(Ref.t(), [axis()], keyword()) :: {:ok, term()} | {:error, Error.t()}
  def take(ref, axes, opts), do: ask(ref, "take", Enum.map(axes, &axis/1), opts)

  @spec put(Ref.t(), [axis()], term(), keyword()) :: :ok | {:error, Error.t()}
  def put(ref, axes, value, opts) do
    with {:ok, nil} <- ask(ref, "put", [value | Enum.map(axes, &axis/1)], opts), do: :ok
  end

  @spec rows(Ref.t(), non_neg_integer(), non_neg_integer(), keyword()) ::
          {:ok, term()} | {:error, Error.t()}
  def rows(ref, start, stop, opts), do: ask(ref, "rows", [start, stop], opts)

  @spec select(Ref.t(), [term()], keyword()) :: {:ok, term()} | {:error, Error.t()}
  def select(ref, names, opts), do: ask(ref, "select", [names], opts)

  @doc """
  The object piece by piece along its first axis, each fetched when it is asked for; never more than one is held here.
  A piece has `rows` rows, or as many as make `bytes`. Raises `Envmgr.Error`.
  """
  @spec stream(Ref.t(), keyword()) :: Enumerable.t()
  def stream(ref, opts) do
    {sizes, opts} = Keyword.split(opts, [:rows, :bytes])

    Stream.resource(
      fn -> begin(ref, sizes, opts) end,
      fn
        {at, total, _step} when at >= total -> {:halt, nil}
        {at, total, step} -> {[value!(rows(ref, at, at + step, opts))], {at + step, total, step}}
      end,
      fn _ -> :ok end
    )
  end

  defp begin(ref, sizes, opts) do
    [[total | _], row_bytes] = value!(ask(ref, "extent", [], opts))
    {0, total, sizes[:rows] || step(sizes[:bytes] || @piece, row_bytes)}
  end

  defp step(_bytes, nil), do: @rows
  defp step(bytes, row_bytes), do: max(div(bytes, max(row_bytes, 1)), 1)

  defp ask(ref, operation, args, opts), do: Calls.method(ref, operation, args, opts, :part)

  defp value!({:ok, value}), do: value
  defp value!({:error, error}), do: raise(error)

  # Elixir's ranges include their end.
  defp axis(:all), do: %Slice{start: nil, stop: nil, step: nil}
  defp axis(index) when is_integer(index), do: index
  defp axis(%Slice{} = slice), do: slice

  defp axis(first..last//step) when step > 0,
    do: %Slice{start: first, stop: if(last == -1, do: nil, else: last + 1), step: step}

  defp axis(other) do
    raise ArgumentError, "#{inspect(other)} is neither an index nor a range with a positive step"
  end
end
