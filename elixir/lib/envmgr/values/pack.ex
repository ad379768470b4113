defmodule Envmgr.Values.Pack do
  # Structs to MessagePack (docs/types.md).
  @moduledoc false

  alias Envmgr.{
    Array,
    Bytes,
    Complex,
    Custom,
    Dict,
    EnumMember,
    Fraction,
    Frame,
    Items,
    MaskedArray,
    MemoryView,
    Object,
    Path,
    Pickle,
    Record,
    Ref,
    Series,
    Set,
    Singleton,
    Slice,
    Text,
    Timedelta,
    UUID,
    ZonedDateTime,
    ZonedTime
  }

  alias Envmgr.Values.{Account, Decimals, Dtype, Encoder, Floats, Frames, Keys, Refusal, Times}
  alias Envmgr.Values.UTF8
  alias Envmgr.Wire.Msgpack

  @kinds %{dataclass: 0, namedtuple: 1, object: 2}

  @spec struct(struct(), Encoder.context(), non_neg_integer()) :: iodata()
  def struct(%Bytes{data: data, kind: :bytes}, ctx, _depth) when is_binary(data),
    do: Encoder.bytes(data, ctx)

  def struct(%Bytes{data: data, kind: :bytearray}, ctx, _depth) when is_binary(data),
    do: Encoder.raw(19, [], data, ctx)

  def struct(%Array{} = array, ctx, depth), do: array(array, ctx, depth)
  def struct(%MapSet{} = set, ctx, depth), do: set(4, MapSet.to_list(set), ctx, depth)

  def struct(%Set{items: items, frozen: frozen}, ctx, depth)
      when is_list(items) and is_boolean(frozen),
      do: set(if(frozen, do: 5, else: 4), items, ctx, depth)

  def struct(%Date{} = date, _ctx, _depth), do: Encoder.ext(9, <<Times.days(date)::signed-32>>)

  def struct(%NaiveDateTime{} = naive, _ctx, _depth),
    do: Encoder.ext(11, <<Times.microseconds(naive)::signed-64, 0>>)

  def struct(%ZonedDateTime{offset: nil, zone: nil, naive: %NaiveDateTime{} = naive} = time, _, _)
      when time.fold in 0..1,
      do: Encoder.ext(11, <<Times.microseconds(naive)::signed-64, time.fold>>)

  def struct(%module{} = time, ctx, depth) when module in [DateTime, ZonedDateTime],
    do: parts(12, Times.aware_parts(time), ctx, depth)

  def struct(%module{} = time, ctx, depth) when module in [Time, ZonedTime],
    do: parts(10, Times.time_parts(time), ctx, depth)

  def struct(%Timedelta{days: days, seconds: seconds, microseconds: us}, _ctx, _depth)
      when days in -999_999_999..999_999_999 and seconds in 0..86_399 and us in 0..999_999,
      do: Encoder.ext(13, <<days::signed-32, seconds::32, us::32>>)

  def struct(%module{} = decimal, _ctx, _depth) when module in [Decimal, Envmgr.Decimal],
    do: Encoder.ext(8, Decimals.write(decimal))

  def struct(%Ref{owner: owner} = ref, {owner, _lane, _args, _kwargs}, _depth),
    do: Encoder.ext(16, [0x92, Msgpack.int(ref.id) | Encoder.string(ref.type)])

  def struct(%Ref{} = ref, {nil, _lane, _args, _kwargs}, _depth),
    do: throw({:envmgr, {:ref, ref}})

  def struct(%Ref{type: type} = ref, _ctx, _depth) do
    Refusal.refuse("an Envmgr.Ref", type, "the object lives in another worker",
      ref: ref,
      hint:
        "objects of one call must come from one worker: make them in one chain, or set workers = 1 for the library in envmgr.toml"
    )
  end

  def struct(%Complex{re: re, im: im} = complex, _ctx, _depth) do
    case {Floats.write(re), Floats.write(im)} do
      {<<_::binary>> = re, <<_::binary>> = im} -> Encoder.ext(7, [re | im])
      _ -> malformed(complex, "a complex", "its parts are not two floats")
    end
  end

  def struct(%Fraction{numerator: n, denominator: d}, ctx, depth)
      when is_integer(n) and is_integer(d) and d > 0,
      do: parts(24, [n, d], ctx, depth)

  def struct(%UUID{value: value} = uuid, _ctx, _depth) do
    with true <- is_binary(value),
         {:ok, <<_::binary-size(16)>> = bytes} <-
           value |> String.replace("-", "") |> Base.decode16(case: :mixed) do
      Encoder.ext(23, bytes)
    else
      _ -> malformed(uuid, "a uuid.UUID", "#{Refusal.show(value)} has no 32 hexadecimal digits")
    end
  end

  def struct(%Range{first: first, last: last, step: step}, ctx, depth)
      when is_integer(first) and is_integer(last) and is_integer(step) and step != 0,
      do: parts(21, [first, last + if(step > 0, do: 1, else: -1), step], ctx, depth)

  def struct(%Slice{start: start, stop: stop, step: step}, ctx, depth),
    do: parts(22, [start, stop, step], ctx, depth)

  def struct(%Dict{pairs: pairs, ordered: ordered} = dict, ctx, depth)
      when is_list(pairs) and is_boolean(ordered) do
    unless Enum.all?(pairs, &match?({_, _}, &1)),
      do: malformed(dict, "a dict", "its pairs are not all tuples of two")

    data =
      if ordered,
        do: parts(28, [1, two(pairs)], ctx, depth),
        else: Encoder.pairs(pairs, ctx, depth)

    pairs |> Enum.map(&elem(&1, 0)) |> Keys.check!("an Envmgr.Dict", "a dict", :any)
    data
  end

  def struct(%Record{kind: kind, type: type, fields: fields} = record, ctx, depth)
      when is_map_key(@kinds, kind) and is_binary(type) and is_list(fields) do
    if Enum.all?(fields, &match?({name, _} when is_binary(name), &1)),
      do: parts(18, [@kinds[kind], type, two(fields)], ctx, depth),
      else: malformed(record, type, "its fields are not all tuples of a name and a value")
  end

  def struct(%EnumMember{type: type, name: name, value: value}, ctx, depth)
      when is_binary(type) and (is_binary(name) or name == nil),
      do: parts(17, [type, name, value], ctx, depth)

  def struct(%Path{type: type, path: path}, ctx, depth)
      when is_binary(type) and (is_binary(path) or is_struct(path, Text)),
      do: parts(34, [type, path], ctx, depth)

  def struct(%Singleton{name: name}, _ctx, _depth) when is_binary(name), do: Encoder.ext(35, name)

  def struct(%Text{wtf8: wtf8} = text, _ctx, _depth) do
    if is_binary(wtf8) and UTF8.wtf8?(wtf8),
      do: Encoder.ext(20, wtf8),
      else: malformed(text, "a str", "it is not UTF-8 with surrogates of three bytes")
  end

  def struct(
        %MemoryView{format: format, shape: shape, data: data, readonly: readonly},
        ctx,
        depth
      )
      when is_binary(format) and is_tuple(shape) and is_binary(data) and is_boolean(readonly) do
    head = Encoder.list([format, Tuple.to_list(shape), readonly], ctx, depth)
    Encoder.raw(25, head, data, ctx)
  end

  def struct(%MaskedArray{array: array, mask: mask, fill_value: fill, hard: hard}, ctx, depth)
      when is_boolean(hard),
      do: parts(32, [array, mask, fill, hard], ctx, depth)

  def struct(%Object{type: type, parts: %{} = parts}, ctx, depth) when is_binary(type),
    do: parts(33, [type, parts], ctx, depth)

  def struct(%Pickle{type: type, environment: environment, mac: mac, data: data}, ctx, depth)
      when is_binary(type) and is_binary(environment) and is_binary(mac) and is_binary(data),
      do: parts(36, [type, environment, %Bytes{data: mac}, %Bytes{data: data}], ctx, depth)

  def struct(%Custom{serializer: serializer, type: type, value: value}, ctx, depth)
      when is_binary(serializer) and is_binary(type),
      do: parts(37, [serializer, type, value], ctx, depth)

  def struct(%{__struct__: module} = frame, ctx, depth) when module in [Frame, Series] do
    case Frames.encode(frame) do
      {:ok, [kind, meta, columns, index, body]} ->
        head = for part <- [kind, meta, columns, index], do: Encoder.value(part, ctx, depth - 1)
        Encoder.ext(15, [0x95, head, Encoder.body(body, ctx)])

      {:error, reason} ->
        malformed(frame, "a frame", reason)
    end
  end

  def struct(%Items{enumerable: enumerable}, _ctx, _depth),
    do: Encoder.enumeration(:items, enumerable)

  def struct(%Envmgr.IO{enumerable: enumerable}, _ctx, _depth),
    do: Encoder.enumeration(:bytes, enumerable)

  def struct(%module{} = stream, _ctx, _depth) when module in [Stream, File.Stream, IO.Stream],
    do: Encoder.enumeration(:items, stream)

  def struct(%module{} = struct, ctx, depth) do
    cond do
      implementation = Envmgr.Encoder.impl_for(struct) ->
        encoded = Account.apart(fn -> converted(implementation, struct) end)
        Encoder.value(encoded, ctx, deeper(depth, struct))

      ours?(module) ->
        malformed(struct, nil, "its fields do not fit")

      true ->
        Refusal.refuse(name(module), nil, "nothing says what it is in Python",
          hint:
            "@derive {Envmgr.Encoder, only: [...]} above its defstruct sends a dict of these fields; " <>
              "defimpl Envmgr.Encoder, for: #{inspect(module)} sends what its encode/1 returns"
        )
    end
  end

  @doc "A set (4) or frozenset (5)."
  @spec set(4 | 5, list(), Encoder.context(), non_neg_integer()) :: iodata()
  def set(code, items, ctx, depth) do
    data = Encoder.ext(code, Encoder.list(items, ctx, depth))
    Keys.check!(items, "a set", if(code == 4, do: "a set", else: "a frozenset"), :any)
    data
  end

  @doc "A set or frozenset of a list: of elements that Python holds equal it keeps the first, as `set()` does."
  @spec set_of(4 | 5, list(), Encoder.context(), non_neg_integer()) :: iodata()
  def set_of(code, [], _ctx, _depth), do: Encoder.ext(code, Msgpack.array(0))

  def set_of(code, items, ctx, depth) do
    # All are encoded before any two are compared: that is what bounds them.
    [_head | encoded] = Encoder.list(items, ctx, depth)
    kept = items |> Enum.zip(encoded) |> Enum.uniq_by(fn {item, _} -> Keys.canonical(item) end)
    Keys.check!(for({item, _} <- kept, do: item), "a list", "a set", :any)
    Encoder.ext(code, [Msgpack.array(length(kept)) | for({_, data} <- kept, do: data)])
  end

  defp array(%Array{scalar: true, dtype: dtype, data: data} = array, ctx, depth) do
    if is_binary(data) and Dtype.itemsize(dtype) in [nil, byte_size(data)],
      do: Encoder.raw(31, Encoder.value(dtype, ctx, depth), data, ctx),
      else: malformed(array, "a NumPy scalar", "its data does not fit its dtype")
  end

  defp array(%Array{dtype: dtype, shape: shape, data: data} = array, ctx, depth) do
    sizes = if is_tuple(shape), do: Tuple.to_list(shape)

    unless Dtype.shape?(sizes),
      do: malformed(array, "a numpy.ndarray", "#{Refusal.show(shape)} is no shape")

    if problem = misfit(dtype, Enum.product(sizes), data),
      do: malformed(array, "a numpy.ndarray", "#{problem} with shape #{inspect(shape)}")

    head = Encoder.list(head(array, sizes), ctx, depth)

    if is_list(data),
      do: Encoder.ext(14, [head | Encoder.list(data, ctx, depth)]),
      else: Encoder.raw(14, head, data, ctx)
  end

  defp head(%Array{dtype: dtype, order: :c, class: nil}, sizes), do: [dtype, sizes]

  defp head(%Array{dtype: dtype, order: order, class: class}, sizes)
       when order in [:c, :f] and class in [nil, "matrix", "recarray"],
       do: [dtype, sizes, if(order == :c, do: "C", else: "F"), class]

  defp head(array, _sizes), do: malformed(array, "a numpy.ndarray", "its order or class is none")

  defp misfit(dtype, count, data) do
    size = Dtype.itemsize(dtype)
    items? = Dtype.items?(dtype)

    cond do
      items? and not (is_list(data) and not List.improper?(data)) ->
        "its data is no list of elements"

      items? and length(data) != count ->
        "#{length(data)} elements do not fill an array"

      items? ->
        nil

      not is_binary(data) ->
        "its data is no binary"

      size && size * count != byte_size(data) ->
        "#{byte_size(data)} bytes do not fill an array of #{Refusal.show(dtype)}"

      true ->
        nil
    end
  end

  defp parts(code, values, ctx, depth), do: Encoder.ext(code, Encoder.list(values, ctx, depth))

  defp two(pairs), do: Enum.map(pairs, fn {first, second} -> [first, second] end)

  defp converted(implementation, struct) do
    implementation.encode(struct)
  catch
    kind, reason ->
      malformed(
        struct,
        nil,
        "its Envmgr.Encoder failed: #{Exception.format_banner(kind, reason)}"
      )
  end

  # An encode/1 that returns its own struct would never end.
  defp deeper(depth, %module{}) when depth < 2 do
    reason = "its Envmgr.Encoder returns structs without end"
    Refusal.refuse(name(module), nil, reason, whole: true)
  end

  defp deeper(depth, _struct), do: depth - 1

  defp malformed(%module{}, python, reason),
    do: Refusal.refuse(name(module), python, reason)

  defp name(module) do
    if ours?(module), do: "an #{inspect(module)}", else: "a struct #{inspect(module)}"
  end

  defp ours?(module), do: module |> Atom.to_string() |> String.starts_with?("Elixir.Envmgr.")
end
