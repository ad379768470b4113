defmodule Envmgr.Array do
  @moduledoc """
  A NumPy array, or a NumPy scalar (`scalar: true`, shape `{}`).

  - `dtype`: a string that `numpy.dtype` reads: `"bool"`, `"int8"` … `"uint64"`, `"float16"` … `"float64"`, `"complex64"`, `"complex128"`
    for native little-endian, NumPy's own notation (`">f8"`, `"<M8[ns]"`, `"<U3"`) for the rest; `"object"`; and lists for structured
    dtypes and `StringDType`, as `docs/types.md` writes them.
  - `shape`: a tuple of sizes.
  - `data`: the elements as NumPy keeps them, one binary; for `"object"` and `StringDType` the list of the elements.
  - `order`: `:c`, the last index runs fastest, or `:f`, the first does (Fortran).
  - `class`: `nil`, `"matrix"` or `"recarray"`.
  """

  alias Envmgr.{Error, Ref}
  alias Envmgr.Calls.Parts
  alias Envmgr.Values.{Dtype, ElementBytes, Elements, Nested, Strided}

  @enforce_keys [:dtype, :shape, :data]
  defstruct [:dtype, :shape, :data, scalar: false, order: :c, class: nil]

  @type dtype :: String.t() | list()

  @type t :: %__MODULE__{
          dtype: dtype(),
          shape: tuple(),
          data: binary() | list(),
          scalar: boolean(),
          order: :c | :f,
          class: nil | String.t()
        }

  @doc """
  The elements as nested lists; the value itself for an array without dimensions.

  | dtype | elements |
  |---|---|
  | bool, integers, floats | as in Elixir; NaN and the infinities are `:nan`, `:infinity`, `:neg_infinity` |
  | complex | `Envmgr.Complex` |
  | `U`, `S`, `V` | strings; binaries without the zeros that pad them; binaries |
  | `datetime64` | `Date` for days and longer units; `NaiveDateTime` for the shorter ones, cut to microseconds; `nil` for NaT |
  | `timedelta64` | integers in its unit; `nil` for NaT |
  | structured | maps by the names of the fields |
  | object, `StringDType` | the elements that were sent |

  Raises `ArgumentError` for `longdouble`, which no type of Elixir holds, and for a time outside of the years 1 to 9999. The time
  is linear in the elements.

      iex> Envmgr.Array.to_list(%Envmgr.Array{dtype: "int16", shape: {2, 2}, data: <<1, 0, 2, 0, 3, 0, 4, 0>>})
      [[1, 2], [3, 4]]
  """
  @spec to_list(t()) :: term()
  def to_list(%__MODULE__{} = array) do
    array = whole!(array)
    sizes = Tuple.to_list(array.shape)

    if is_list(array.data),
      do: Nested.items(array.data, sizes),
      else: Elements.read(c_data(array, sizes), array.dtype, sizes)
  end

  @doc """
  An array from nested lists, whose lengths give the shape.

  `dtype` is one of the numeric ones, `"<M8[D]"` (of `Date`s), `"<M8[us]"` (of `NaiveDateTime`s), `"object"`, or a text such as `"<U5"`.
  Without it: booleans make `"bool"`, integers `"int64"`, numbers with a float among them `"float64"`, with an `Envmgr.Complex`
  `"complex128"`, strings the `U` that is long enough, dates and naive times the `M8` of theirs.

  Raises `ArgumentError` for lists of different lengths and for elements that the dtype does not hold.

      iex> array = Envmgr.Array.from_list([[1, 2], [3, 4.5]])
      iex> {array.dtype, array.shape, Envmgr.Array.to_list(array)}
      {"float64", {2, 2}, [[1.0, 2.0], [3.0, 4.5]]}
      iex> Envmgr.Array.from_list([1, 255], dtype: "uint8").data
      <<1, 255>>
  """
  @spec from_list(term(), dtype: dtype()) :: t()
  def from_list(nested, opts \\ []) do
    {items, sizes} = Nested.flatten!(nested)
    dtype = Keyword.get_lazy(opts, :dtype, fn -> ElementBytes.dtype!(items) end)
    data = if dtype == "object", do: items, else: ElementBytes.write!(items, dtype)
    %__MODULE__{dtype: dtype, shape: List.to_tuple(sizes), data: data}
  end

  @doc """
  A part of an array, as a new one: for each axis an index, which takes the axis away, or a range. Axes that are not named stay
  whole. Of an array that stays in its worker, a `%Envmgr.Ref{}`, the part alone is fetched: `{:ok, array}` or `{:error, error}`.

  Indices and ranges are Elixir's: the end of a range is part of it, -1 is the last index, `..` is all of an axis. Ranges
  are cut to the axis, like NumPy's; an index outside of it raises `ArgumentError`, and so does a negative step.

      iex> array = Envmgr.Array.from_list([[1, 2, 3], [4, 5, 6]])
      iex> array |> Envmgr.Array.slice([0..-1//1, 1..2]) |> Envmgr.Array.to_list()
      [[2, 3], [5, 6]]
      iex> array |> Envmgr.Array.slice([-1]) |> Envmgr.Array.to_list()
      [4, 5, 6]

      {:ok, table} = Envmgr.execute("numpy.load", ["big.npy", "r"], as: :ref)
      {:ok, %Envmgr.Array{}} = Envmgr.Array.slice(table, [0..99, 3])
  """
  @spec slice(t(), [integer() | Range.t()]) :: t()
  @spec slice(Ref.t(), [integer() | Range.t()]) :: {:ok, t()} | {:error, Error.t()}
  def slice(array, axes)

  def slice(%Ref{} = ref, axes) when is_list(axes), do: Parts.take(ref, axes, [])

  def slice(%__MODULE__{} = array, axes) when is_list(axes) do
    array = whole!(array)
    sizes = Tuple.to_list(array.shape)

    if length(axes) > length(sizes) do
      raise ArgumentError, "#{length(axes)} indices for an array of shape #{inspect(array.shape)}"
    end

    dimensions = Strided.dimensions(sizes, array.order)
    {start, dimensions} = Strided.slice!(dimensions, axes)
    counts = for {count, _stride} <- dimensions, do: count
    data = Strided.gather(array.data, start, dimensions, Dtype.itemsize(array.dtype))
    %{array | data: data, shape: List.to_tuple(counts), order: :c, class: nil}
  end

  @doc """
  Writes a value into a part of an array that stays in its worker: an array, a list, a number, as NumPy's assignment takes
  them. With it, an array larger than memory (a `numpy.memmap`) is filled piece by piece.

      {:ok, map} = Envmgr.execute("numpy.memmap", {["big.f8"], %{dtype: "f8", mode: "w+", shape: {1_000_000_000}}}, as: :ref)
      :ok = Envmgr.Array.put(map, [0..999], array)
  """
  @spec put(Ref.t(), [integer() | Range.t()], term()) :: :ok | {:error, Error.t()}
  def put(%Ref{} = ref, axes, value) when is_list(axes), do: Parts.put(ref, axes, value, [])

  @doc """
  An array that stays in its worker, piece by piece along its first axis: an Enumerable of arrays, each fetched when it is
  asked for. Option: `bytes` of a piece, about; default 8 MiB. Raises `Envmgr.Error` while it runs.

      map |> Envmgr.Array.stream() |> Enum.each(&File.write!("copy.f8", &1.data, [:append]))
  """
  @spec stream(Ref.t(), bytes: pos_integer()) :: Enumerable.t()
  def stream(%Ref{} = ref, opts \\ []), do: Parts.stream(ref, Keyword.take(opts, [:bytes]))

  @doc """
  An `Nx` tensor of the same elements, native-endian and in C order; booleans become `u8`.

  Needs `nx` among the host application's dependencies; raises `RuntimeError` without it, `ArgumentError` for a dtype that Nx has none
  for. Where nothing is to be converted, the tensor shares the array's binary.

      Envmgr.execute!("numpy.arange", [6.0]) |> Envmgr.Array.to_nx()
  """
  @spec to_nx(t()) :: struct()
  def to_nx(%__MODULE__{} = array) do
    nx!()
    array = whole!(array)

    type =
      case Dtype.parse(array.dtype) do
        {:bool, 1, _order} -> {:u, 8}
        {:int, size, _order} -> {:s, 8 * size}
        {:uint, size, _order} -> {:u, 8 * size}
        {:float, size, _order} when size <= 8 -> {:f, 8 * size}
        {:complex, size, _order} when size <= 16 -> {:c, 8 * size}
        _other -> raise ArgumentError, "Nx has no type for dtype #{inspect(array.dtype)}"
      end

    data = array |> c_data(Tuple.to_list(array.shape)) |> ElementBytes.native(array.dtype)
    apply(Nx, :reshape, [apply(Nx, :from_binary, [data, type]), array.shape])
  end

  @doc """
  The array of an `Nx` tensor. Raises `RuntimeError` without `nx`, `ArgumentError` for a type that NumPy has none for (`bf16`).

      Nx.tensor([1.0, 2.0]) |> Envmgr.Array.from_nx()
  """
  @spec from_nx(struct()) :: t()
  def from_nx(tensor) do
    nx!()

    dtype =
      case apply(Nx, :type, [tensor]) do
        {:s, bits} when bits in [8, 16, 32, 64] -> "int#{bits}"
        {:u, bits} when bits in [8, 16, 32, 64] -> "uint#{bits}"
        {:f, bits} when bits in [16, 32, 64] -> "float#{bits}"
        {:c, bits} when bits in [64, 128] -> "complex#{bits}"
        other -> raise ArgumentError, "NumPy has no dtype for Nx's #{inspect(other)}"
      end

    data = ElementBytes.little(apply(Nx, :to_binary, [tensor]), dtype)
    %__MODULE__{dtype: dtype, shape: apply(Nx, :shape, [tensor]), data: data}
  end

  defp nx! do
    unless Code.ensure_loaded?(Nx) do
      raise "Nx is not loaded: add {:nx, \"~> 0.5\"} to the deps of your mix.exs"
    end
  end

  defp c_data(%__MODULE__{order: :f} = array, [_, _ | _] = sizes) do
    dimensions = Strided.dimensions(sizes, :f)
    Strided.gather(array.data, 0, dimensions, Dtype.itemsize(array.dtype))
  end

  defp c_data(array, _sizes), do: array.data

  defp whole!(%__MODULE__{dtype: dtype, shape: shape, data: data, scalar: scalar} = array) do
    count = Tuple.product(shape)
    size = Dtype.itemsize(dtype)

    cond do
      is_list(data) and length(data) == count and not scalar ->
        # The elements of an object array are in C order whatever its own is.
        %{array | order: :c}

      size == nil ->
        raise ArgumentError, "no list for dtype #{inspect(dtype)}"

      is_binary(data) and byte_size(data) == size * count ->
        array

      true ->
        raise ArgumentError, "the data does not fill shape #{inspect(shape)} of #{inspect(dtype)}"
    end
  end

  defimpl Inspect do
    @most 64

    def inspect(array, opts) do
      shape = if array.scalar, do: "scalar", else: Kernel.inspect(array.shape)
      dtype = if is_binary(array.dtype), do: array.dtype, else: hd(array.dtype)
      "#Envmgr.Array<#{dtype} #{shape}#{values(array, opts)}>"
    end

    defp values(array, opts) do
      if Tuple.product(array.shape) <= @most,
        do:
          " " <>
            Kernel.inspect(Envmgr.Array.to_list(array),
              limit: opts.limit,
              printable_limit: opts.printable_limit
            ),
        else: ""
    rescue
      ArgumentError -> ""
    end
  end
end
