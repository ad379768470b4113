defmodule Envmgr.Values.Decoder do
  # MessagePack to Elixir terms. Never creates an atom; bounded in depth; short slices are copied, so that a small
  # value does not keep a large frame alive. What an extension's parts make is in `Unpack`.
  @moduledoc false

  import Bitwise

  alias Envmgr.{Bytes, Dict, Ref, Values}
  alias Envmgr.Values.{Decoders, Dtype, Floats, Frames, Holding, Unpack, UTF8}

  @max_depth Values.max_depth()
  @copy_below 65
  @not_atoms ~w(nil true false nan infinity neg_infinity)

  @of_list [3, 4, 5, 10, 12, 17, 18, 21, 22, 24, 28, 32, 33, 34, 36, 37]
  @of_bytes [1, 7, 8, 9, 11, 13, 20, 23, 35]
  @of_raw [14, 25, 31]

  @typedoc "What a ref is completed with, who holds it (nil: this process), and whose decoders are asked; nil where neither may occur."
  @type home ::
          %{
            :owner => pid(),
            :generation => term(),
            :environment => term(),
            :name => term(),
            optional(:holder) => pid() | :nobody | nil
          }
          | nil

  @doc """
  The one value that `data` holds.

  `buffers` are the binaries of the second lane that it refers to. Option `dicts`: `:ordered` makes every dict an
  `%Envmgr.Dict{}`; default `:map`.
  """
  @spec decode(binary(), home(), tuple(), keyword()) :: {:ok, term()} | {:error, String.t()}
  def decode(data, home \\ nil, buffers \\ {}, opts \\ []) do
    dicts = if opts == [], do: :map, else: Keyword.get(opts, :dicts, :map)

    case value(data, @max_depth, {home, div(byte_size(data), 4), buffers, dicts}) do
      {value, <<>>} -> {:ok, value}
      {_value, rest} -> {:error, "#{byte_size(rest)} bytes follow the value"}
    end
  catch
    {:envmgr, reason} -> {:error, reason}
  end

  defp value(<<n, rest::binary>>, _depth, _ctx) when n < 0x80, do: {n, rest}
  defp value(<<0xCB, x::float-64, rest::binary>>, _depth, _ctx), do: {x, rest}

  defp value(<<0b101::3, n::5, text::binary-size(n), rest::binary>>, _depth, ctx),
    do: {text(text, ctx), rest}

  defp value(<<0b1001::4, n::4, rest::binary>>, depth, ctx), do: list(rest, n, depth, ctx)
  defp value(<<0b1000::4, n::4, rest::binary>>, depth, ctx), do: map(rest, n, depth, ctx)
  defp value(<<0xC0, rest::binary>>, _depth, _ctx), do: {nil, rest}
  defp value(<<0xC2, rest::binary>>, _depth, _ctx), do: {false, rest}
  defp value(<<0xC3, rest::binary>>, _depth, _ctx), do: {true, rest}
  defp value(<<0b111::3, n::5, rest::binary>>, _depth, _ctx), do: {n - 32, rest}
  defp value(<<0xCC, n, rest::binary>>, _depth, _ctx), do: {n, rest}
  defp value(<<0xCD, n::16, rest::binary>>, _depth, _ctx), do: {n, rest}
  defp value(<<0xCE, n::32, rest::binary>>, _depth, _ctx), do: {n, rest}
  defp value(<<0xCF, n::64, rest::binary>>, _depth, _ctx), do: {n, rest}
  defp value(<<0xD0, n::signed-8, rest::binary>>, _depth, _ctx), do: {n, rest}
  defp value(<<0xD1, n::signed-16, rest::binary>>, _depth, _ctx), do: {n, rest}
  defp value(<<0xD2, n::signed-32, rest::binary>>, _depth, _ctx), do: {n, rest}
  defp value(<<0xD3, n::signed-64, rest::binary>>, _depth, _ctx), do: {n, rest}

  # A float that the clause above did not match is one that the BEAM cannot hold.
  defp value(<<0xCB, s::1, 0x7FF::11, m::52, rest::binary>>, _depth, _ctx),
    do: {Floats.special(s, m), rest}

  defp value(<<0xCA, x::float-32, rest::binary>>, _depth, _ctx), do: {x, rest}

  defp value(<<0xCA, s::1, 0xFF::8, m::23, rest::binary>>, _depth, _ctx),
    do: {Floats.special(s, m), rest}

  defp value(<<0xD9, n, text::binary-size(n), rest::binary>>, _depth, ctx),
    do: {text(text, ctx), rest}

  defp value(<<0xDA, n::16, text::binary-size(n), rest::binary>>, _depth, ctx),
    do: {text(text, ctx), rest}

  defp value(<<0xDB, n::32, text::binary-size(n), rest::binary>>, _depth, ctx),
    do: {text(text, ctx), rest}

  defp value(<<0xC4, n, data::binary-size(n), rest::binary>>, _depth, ctx),
    do: {bytes(data, ctx), rest}

  defp value(<<0xC5, n::16, data::binary-size(n), rest::binary>>, _depth, ctx),
    do: {bytes(data, ctx), rest}

  defp value(<<0xC6, n::32, data::binary-size(n), rest::binary>>, _depth, ctx),
    do: {bytes(data, ctx), rest}

  # A count that the bytes cannot hold fails before an element is read.
  defp value(<<0xDC, n::16, rest::binary>>, depth, ctx) when n <= byte_size(rest),
    do: list(rest, n, depth, ctx)

  defp value(<<0xDD, n::32, rest::binary>>, depth, ctx) when n <= byte_size(rest),
    do: list(rest, n, depth, ctx)

  defp value(<<0xDE, n::16, rest::binary>>, depth, ctx) when 2 * n <= byte_size(rest),
    do: map(rest, n, depth, ctx)

  defp value(<<0xDF, n::32, rest::binary>>, depth, ctx) when 2 * n <= byte_size(rest),
    do: map(rest, n, depth, ctx)

  defp value(<<b, type, rest::binary>>, depth, ctx) when b in 0xD4..0xD8 do
    ext_of(type, 1 <<< (b - 0xD4), rest, depth, ctx)
  end

  defp value(<<0xC7, n, type, rest::binary>>, depth, ctx), do: ext_of(type, n, rest, depth, ctx)

  defp value(<<0xC8, n::16, type, rest::binary>>, depth, ctx),
    do: ext_of(type, n, rest, depth, ctx)

  defp value(<<0xC9, n::32, type, rest::binary>>, depth, ctx),
    do: ext_of(type, n, rest, depth, ctx)

  defp value(<<0xC1, _::binary>>, _depth, _ctx), do: fail("byte 0xC1 begins no value")
  defp value(_other, _depth, _ctx), do: fail("the bytes end inside a value")

  defp text(text, ctx) do
    if UTF8.valid?(text), do: slice(text, ctx), else: fail("a str that is not valid UTF-8")
  end

  defp bytes(data, ctx), do: %Bytes{data: slice(data, ctx)}

  defp slice(data, {_home, share, _buffers, _dicts})
       when byte_size(data) < @copy_below or byte_size(data) < share,
       do: :binary.copy(data)

  defp slice(data, _ctx), do: data

  defp list(_rest, _n, 0, _ctx), do: too_deep()
  defp list(rest, n, depth, ctx), do: items(rest, n, depth - 1, ctx, [])

  defp items(rest, 0, _depth, _ctx, acc), do: {:lists.reverse(acc), rest}

  defp items(rest, n, depth, ctx, acc) do
    {item, rest} = value(rest, depth, ctx)
    items(rest, n - 1, depth, ctx, [item | acc])
  end

  defp map(_rest, _n, 0, _ctx), do: too_deep()

  defp map(rest, n, depth, {_home, _share, _buffers, dicts} = ctx) do
    {pairs, rest} = pairs(rest, n, depth - 1, ctx, [])
    {dict(pairs, n, dicts), rest}
  end

  defp dict(pairs, n, :map) do
    map = :maps.from_list(pairs)
    if map_size(map) == n, do: map, else: dict(pairs, n, :ordered)
  end

  defp dict(pairs, _n, :ordered), do: %Dict{pairs: :lists.reverse(pairs)}

  defp pairs(rest, 0, _depth, _ctx, acc), do: {acc, rest}

  defp pairs(rest, n, depth, ctx, acc) do
    {key, rest} = value(rest, depth, ctx)
    {item, rest} = value(rest, depth, ctx)
    pairs(rest, n - 1, depth, ctx, [{key, item} | acc])
  end

  defp ext_of(type, n, bytes, depth, ctx) do
    case bytes do
      <<data::binary-size(n), rest::binary>> -> {ext(type, data, depth, ctx), rest}
      _short -> fail("the bytes end inside a value")
    end
  end

  defp ext(type, data, depth, {home, _share, _buffers, _dicts} = ctx) when type in @of_list do
    case Unpack.list(type, whole_list(type, data, depth, ctx)) do
      nil -> malformed(type)
      value when type in [17, 18, 33, 37] -> Decoders.apply(home, value)
      value -> value
    end
  end

  defp ext(type, data, _depth, _ctx) when type in @of_bytes,
    do: made(type, Unpack.bytes(type, data))

  defp ext(type, data, depth, ctx) when type in @of_raw do
    {head, raw} = head(type, data, depth, ctx)
    of_raw(type, head, raw, depth, ctx)
  end

  defp ext(6, name, _depth, ctx) do
    text = text(name, ctx)
    if text in @not_atoms, do: text, else: String.to_existing_atom(text)
  catch
    # There is no such atom, or none can be: it would have more than 255 characters.
    :error, reason when reason in [:badarg, :system_limit] -> :binary.copy(name)
  end

  defp ext(15, data, depth, ctx) do
    case 15 |> whole_list(data, depth, ctx) |> Frames.decode() do
      {:ok, frame} -> frame
      {:error, reason} -> fail("a frame that is none: #{reason}")
    end
  end

  defp ext(16, data, depth, {home, _share, _buffers, _dicts} = ctx) do
    case {whole_list(16, data, depth, ctx), home} do
      {[id, type], %{}} when is_integer(id) and is_binary(type) ->
        Holding.hold(home, id)
        struct(%Ref{id: id, type: type, owner: home.owner}, home)

      {_value, nil} ->
        fail("a ref outside a worker's answer")

      _malformed ->
        malformed(16)
    end
  end

  defp ext(19, data, _depth, ctx), do: %Bytes{data: slice(data, ctx), kind: :bytearray}

  defp ext(30, data, depth, {_home, _share, buffers, _dicts} = ctx) do
    with {[index, size, code], rest} when is_integer(index) <- head(30, data, depth, ctx),
         true <- index in 0..(tuple_size(buffers) - 1)//1,
         raw when byte_size(raw) == size <- elem(buffers, index) do
      aside(code, rest, raw, depth, ctx)
    else
      _ -> fail("a reference to a buffer that is not there")
    end
  end

  defp ext(type, _data, _depth, _ctx), do: malformed(type)

  # A buffer of the second lane is a binary of its own: it is taken as it is.
  defp aside(0, <<>>, raw, _depth, _ctx), do: %Bytes{data: raw}
  # The body of a frame or of a column: in Python memory, here bytes like any.
  defp aside(15, <<>>, raw, _depth, _ctx), do: %Bytes{data: raw}
  defp aside(19, <<>>, raw, _depth, _ctx), do: %Bytes{data: raw, kind: :bytearray}

  defp aside(code, data, raw, depth, ctx) when code in @of_raw do
    case head(code, data, depth, ctx) do
      {head, <<>>} -> of_raw(code, head, raw, depth, ctx)
      _more -> malformed(code)
    end
  end

  defp aside(_code, _data, _raw, _depth, _ctx), do: malformed(30)

  defp of_raw(14, [dtype | _] = head, raw, depth, ctx) do
    data = if Dtype.items?(dtype), do: whole_list(14, raw, depth, ctx), else: slice(raw, ctx)
    made(14, Unpack.array(head, data))
  end

  defp of_raw(25, head, raw, _depth, ctx), do: made(25, Unpack.memory_view(head, slice(raw, ctx)))
  defp of_raw(31, head, raw, _depth, ctx), do: made(31, Unpack.scalar(head, slice(raw, ctx)))
  defp of_raw(type, _head, _raw, _depth, _ctx), do: malformed(type)

  # Heads and lists of an extension's parts begin with a list or a str. Anything else is refused unread, so that every
  # level of nesting is counted by a list.
  defp head(type, data, depth, ctx) do
    case data do
      <<b, _::binary>> when b in 0x90..0xBF or b in [0xD9, 0xDC, 0xDD] -> value(data, depth, ctx)
      _other -> malformed(type)
    end
  end

  defp whole_list(type, data, depth, ctx) do
    case head(type, data, depth, ctx) do
      {items, <<>>} when is_list(items) -> items
      _other -> malformed(type)
    end
  end

  defp made(type, nil), do: malformed(type)
  defp made(_type, value), do: value

  defp malformed(type), do: fail("extension type #{type} is unknown or malformed")
  defp too_deep, do: fail("the value is nested deeper than #{@max_depth} levels")
  defp fail(reason), do: throw({:envmgr, reason})
end
