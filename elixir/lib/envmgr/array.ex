defmodule Envmgr.Array do
  @moduledoc """
  A NumPy array, or a NumPy scalar (`scalar: true`, shape `{}`).

  `data` holds the elements in C order, as NumPy keeps them. `dtype` is a string that `numpy.dtype` reads: `"bool"`,
  `"int8"` … `"uint64"`, `"float16"` … `"float64"`, `"complex64"`, `"complex128"` for native little-endian, NumPy's own
  notation (`">f8"`, `"<M8[ns]"`) for the rest.
  """

  @enforce_keys [:dtype, :shape, :data]
  defstruct [:dtype, :shape, :data, scalar: false]

  @type t :: %__MODULE__{dtype: String.t(), shape: tuple(), data: binary(), scalar: boolean()}

  @doc """
  The elements as nested lists; the value itself for an array without dimensions.

  Reads booleans, integers and floats of 16 to 64 bits in either byte order; raises `ArgumentError` for any other
  dtype. NaN and the infinities become `:nan`, `:infinity`, `:neg_infinity`. The time is linear in the elements.

      iex> Envmgr.Array.to_list(%Envmgr.Array{dtype: "int16", shape: {2, 2}, data: <<1, 0, 2, 0, 3, 0, 4, 0>>})
      [[1, 2], [3, 4]]
  """
  @spec to_list(t()) :: list() | number() | boolean() | :nan | :infinity | :neg_infinity
  def to_list(%__MODULE__{dtype: dtype, shape: shape, data: data}) do
    {kind, bits, order} =
      layout(dtype) || raise ArgumentError, "no list for dtype #{inspect(dtype)}"

    if byte_size(data) * 8 != bits * Tuple.product(shape) do
      raise ArgumentError,
            "#{byte_size(data)} bytes do not fill shape #{inspect(shape)} of #{dtype}"
    end

    data |> elements(kind, bits, order) |> nest(Tuple.to_list(shape))
  end

  @doc false
  @spec itemsize(String.t()) :: pos_integer() | nil
  def itemsize("complex64"), do: 8
  def itemsize("complex128"), do: 16

  def itemsize(dtype) do
    case layout(dtype) do
      {_kind, bits, _order} -> div(bits, 8)
      nil -> nil
    end
  end

  defp layout("bool"), do: {:bool, 8, :little}

  for {name, kind} <- [int: :int, uint: :uint], bits <- [8, 16, 32, 64] do
    defp layout(unquote("#{name}#{bits}")), do: {unquote(kind), unquote(bits), :little}
  end

  for bits <- [16, 32, 64] do
    defp layout(unquote("float#{bits}")), do: {:float, unquote(bits), :little}
  end

  for {mark, order} <- [{"<", :little}, {">", :big}, {"|", :little}],
      {letter, kind, sizes} <- [
        {"i", :int, [1, 2, 4, 8]},
        {"u", :uint, [1, 2, 4, 8]},
        {"f", :float, [2, 4, 8]},
        {"b", :bool, [1]}
      ],
      size <- sizes do
    defp layout(unquote("#{mark}#{letter}#{size}")),
      do: {unquote(kind), unquote(8 * size), unquote(order)}
  end

  defp layout(_other), do: nil

  defp elements(data, :bool, _bits, _order), do: for(<<byte <- data>>, do: byte != 0)

  defp elements(data, :int, bits, :little),
    do: for(<<n::signed-little-size(bits) <- data>>, do: n)

  defp elements(data, :int, bits, :big), do: for(<<n::signed-size(bits) <- data>>, do: n)
  defp elements(data, :uint, bits, :little), do: for(<<n::little-size(bits) <- data>>, do: n)
  defp elements(data, :uint, bits, :big), do: for(<<n::size(bits) <- data>>, do: n)

  defp elements(data, :float, bits, order) do
    for <<raw::binary-size(div(bits, 8)) <- data>>, do: float(raw, bits, order)
  end

  # BEAM floats hold no NaN and no infinity: a float pattern does not match them.
  defp float(raw, bits, :little) do
    case raw do
      <<x::float-little-size(bits)>> -> x
      _special -> special(raw, bits, :little)
    end
  end

  defp float(raw, bits, :big) do
    case raw do
      <<x::float-size(bits)>> -> x
      _special -> special(raw, bits, :big)
    end
  end

  defp special(raw, bits, order) do
    mantissa_bits = %{16 => 10, 32 => 23, 64 => 52}[bits]
    number = :binary.decode_unsigned(raw, order)

    <<sign::1, _exponent::size(bits - 1 - mantissa_bits), mantissa::size(mantissa_bits)>> =
      <<number::size(bits)>>

    case {sign, mantissa} do
      {0, 0} -> :infinity
      {1, 0} -> :neg_infinity
      _ -> :nan
    end
  end

  defp nest([value], []), do: value
  defp nest(values, [_size]), do: values

  defp nest(values, [size | inner]) do
    step = Enum.product(inner)

    if step == 0,
      do: List.duplicate(nest([], inner), size),
      else: values |> Enum.chunk_every(step) |> Enum.map(&nest(&1, inner))
  end

  defimpl Inspect do
    @most 64

    def inspect(array, opts) do
      shape = if array.scalar, do: "scalar", else: Kernel.inspect(array.shape)
      "#Envmgr.Array<#{array.dtype} #{shape}#{values(array, opts)}>"
    end

    defp values(array, opts) do
      if Tuple.product(array.shape) <= @most and Envmgr.Array.itemsize(array.dtype),
        do: " " <> Kernel.inspect(Envmgr.Array.to_list(array), limit: opts.limit),
        else: ""
    rescue
      ArgumentError -> ""
    end
  end
end
