defmodule Envmgr.Values.Unpack do
  # The terms that the parts of an extension make (docs/types.md). nil is a malformed extension: none of them makes nil.
  @moduledoc false

  alias Envmgr.{
    Array,
    Bytes,
    Complex,
    Custom,
    Dict,
    EnumMember,
    Fraction,
    MaskedArray,
    MemoryView,
    Object,
    Path,
    Pickle,
    Record,
    Set,
    Singleton,
    Slice,
    Text,
    Timedelta,
    UUID
  }

  alias Envmgr.Values.{Decimals, Dtype, Floats, Times, UTF8}

  @kinds {:dataclass, :namedtuple, :object}

  @doc "Extensions whose data is one list of values."
  @spec list(byte(), list()) :: term()
  def list(3, items), do: List.to_tuple(items)

  def list(4, items) do
    set = MapSet.new(items)
    if MapSet.size(set) == length(items), do: set, else: %Set{items: items}
  end

  def list(5, items), do: %Set{items: items, frozen: true}
  def list(10, [us | _] = parts) when is_integer(us), do: Times.time(parts)
  def list(12, parts), do: Times.aware(parts)

  def list(17, [type, name, value]) when is_binary(type) and (is_binary(name) or name == nil),
    do: %EnumMember{type: type, name: name, value: value}

  def list(18, [kind, type, fields]) when kind in 0..2 and is_binary(type) and is_list(fields) do
    if pairs = pairs(fields, &is_binary/1),
      do: %Record{kind: elem(@kinds, kind), type: type, fields: pairs}
  end

  def list(21, [start, stop, step])
      when is_integer(start) and is_integer(stop) and is_integer(step) and step != 0,
      do: Range.new(start, stop - if(step > 0, do: 1, else: -1), step)

  def list(22, [start, stop, step]), do: %Slice{start: start, stop: stop, step: step}

  def list(24, [n, d]) when is_integer(n) and is_integer(d) and d > 0,
    do: %Fraction{numerator: n, denominator: d}

  def list(28, [kind, pairs]) when kind in 0..1 and is_list(pairs) do
    if pairs = pairs(pairs, fn _key -> true end), do: %Dict{pairs: pairs, ordered: kind == 1}
  end

  def list(32, [%Array{} = array, mask, fill, hard])
      when (mask == nil or is_struct(mask, Array)) and is_boolean(hard),
      do: %MaskedArray{array: array, mask: mask, fill_value: fill, hard: hard}

  def list(33, [type, parts]) when is_binary(type) do
    if parts = map(parts), do: %Object{type: type, parts: parts}
  end

  def list(34, [type, path]) when is_binary(type) and (is_binary(path) or is_struct(path, Text)),
    do: %Path{type: type, path: path}

  def list(36, [type, environment, %Bytes{data: mac}, %Bytes{data: data}])
      when is_binary(type) and is_binary(environment),
      do: %Pickle{type: type, environment: environment, mac: mac, data: data}

  def list(37, [serializer, type, value]) when is_binary(serializer) and is_binary(type),
    do: %Custom{serializer: serializer, type: type, value: value}

  def list(_code, _malformed), do: nil

  @doc "Extensions of bytes."
  @spec bytes(byte(), binary()) :: term()
  def bytes(1, <<sign, magnitude::binary>>) when sign in [0, 1] do
    n = :binary.decode_unsigned(magnitude)
    if sign == 1, do: -n, else: n
  end

  def bytes(7, <<re::binary-size(8), im::binary-size(8)>>),
    do: %Complex{re: Floats.read(re), im: Floats.read(im)}

  def bytes(8, text), do: text |> :binary.copy() |> Decimals.read()
  def bytes(9, <<days::signed-32>>), do: Times.date(days)
  def bytes(11, <<us::signed-64, fold>>), do: Times.naive(us, fold)

  def bytes(13, <<days::signed-32, seconds::32, us::32>>)
      when days in -999_999_999..999_999_999 and seconds < 86_400 and us < 1_000_000,
      do: %Timedelta{days: days, seconds: seconds, microseconds: us}

  def bytes(20, data), do: if(UTF8.wtf8?(data), do: %Text{wtf8: :binary.copy(data)})

  def bytes(
        23,
        <<a::binary-size(4), b::binary-size(2), c::binary-size(2), d::binary-size(2),
          e::binary-size(6)>>
      ),
      do: %UUID{value: Enum.map_join([a, b, c, d, e], "-", &Base.encode16(&1, case: :lower))}

  def bytes(35, name), do: if(UTF8.valid?(name), do: %Singleton{name: :binary.copy(name)})
  def bytes(_code, _malformed), do: nil

  @spec array(list(), binary() | list()) :: Array.t() | nil
  def array([dtype, sizes], data), do: array([dtype, sizes, "C", nil], data)

  def array([dtype, sizes, order, class], data)
      when order in ["C", "F"] and class in [nil, "matrix", "recarray"] do
    if Dtype.shape?(sizes) and fits?(dtype, sizes, data) do
      %Array{
        dtype: dtype,
        shape: List.to_tuple(sizes),
        data: data,
        order: if(order == "C", do: :c, else: :f),
        class: class
      }
    end
  end

  def array(_head, _data), do: nil

  @spec scalar(term(), binary()) :: Array.t() | nil
  def scalar(dtype, data) do
    if not Dtype.items?(dtype) and fits?(dtype, [], data),
      do: %Array{dtype: dtype, shape: {}, data: data, scalar: true}
  end

  @spec memory_view(term(), binary()) :: MemoryView.t() | nil
  def memory_view([format, sizes, readonly], data)
      when is_binary(format) and is_boolean(readonly) do
    if Dtype.shape?(sizes),
      do: %MemoryView{
        format: format,
        shape: List.to_tuple(sizes),
        data: data,
        readonly: readonly
      }
  end

  def memory_view(_head, _data), do: nil

  defp fits?(_dtype, sizes, data) when is_list(data), do: Enum.product(sizes) == length(data)

  defp fits?(dtype, sizes, data) when is_binary(dtype) or is_list(dtype) do
    case Dtype.itemsize(dtype) do
      nil -> is_binary(dtype)
      size -> size * Enum.product(sizes) == byte_size(data)
    end
  end

  defp fits?(_dtype, _sizes, _data), do: false

  defp map(%Dict{pairs: pairs}), do: map(Map.new(pairs))

  defp map(%{} = map) when not is_struct(map),
    do: if(Enum.all?(map, fn {name, _part} -> is_binary(name) end), do: map)

  defp map(_other), do: nil

  defp pairs(items, name?) do
    pairs = for [name, value] <- items, name?.(name), do: {name, value}
    if length(pairs) == length(items), do: pairs
  end
end
