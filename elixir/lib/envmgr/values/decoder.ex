defmodule Envmgr.Values.Decoder do
  # MessagePack to Elixir terms. Never creates an atom; bounded in depth; short slices are copied, so that a small
  # value does not keep a large frame alive.
  @moduledoc false

  import Bitwise

  alias Envmgr.{Array, Bytes, Ref, Values}

  @max_depth Values.max_depth()
  @copy_below 65
  @not_atoms ~w(nil true false nan infinity neg_infinity)

  @typedoc "What a ref is completed with; nil where no ref may occur."
  @type home :: %{owner: pid(), generation: term(), environment: term(), name: term()} | nil

  @doc "The one value that `data` holds."
  @spec decode(binary(), home()) :: {:ok, term()} | {:error, String.t()}
  def decode(data, home \\ nil) do
    case value(data, @max_depth, {home, div(byte_size(data), 4)}) do
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
    do: {special(s, m), rest}

  defp value(<<0xCA, x::float-32, rest::binary>>, _depth, _ctx), do: {x, rest}

  defp value(<<0xCA, s::1, 0xFF::8, m::23, rest::binary>>, _depth, _ctx),
    do: {special(s, m), rest}

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

  defp value(<<0xDC, n::16, rest::binary>>, depth, ctx), do: list(rest, n, depth, ctx)
  defp value(<<0xDD, n::32, rest::binary>>, depth, ctx), do: list(rest, n, depth, ctx)
  defp value(<<0xDE, n::16, rest::binary>>, depth, ctx), do: map(rest, n, depth, ctx)
  defp value(<<0xDF, n::32, rest::binary>>, depth, ctx), do: map(rest, n, depth, ctx)

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

  defp special(0, 0), do: :infinity
  defp special(1, 0), do: :neg_infinity
  defp special(_sign, _mantissa), do: :nan

  defp text(text, ctx) do
    if String.valid?(text), do: slice(text, ctx), else: fail("a str that is not valid UTF-8")
  end

  defp bytes(data, ctx), do: %Bytes{data: slice(data, ctx)}

  defp slice(data, {_home, share}) when byte_size(data) < @copy_below or byte_size(data) < share,
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

  defp map(rest, n, depth, ctx) do
    {pairs, rest} = pairs(rest, n, depth - 1, ctx, [])
    map = :maps.from_list(pairs)
    if map_size(map) == n, do: {map, rest}, else: fail("keys of a dict are equal in Elixir")
  end

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

  defp ext(1, <<sign, magnitude::binary>>, _depth, _ctx) when sign in [0, 1] do
    n = :binary.decode_unsigned(magnitude)
    if sign == 1, do: -n, else: n
  end

  defp ext(3, data, depth, ctx), do: data |> whole_list(depth, ctx) |> List.to_tuple()

  defp ext(4, data, depth, ctx) do
    items = whole_list(data, depth, ctx)
    set = MapSet.new(items)

    if MapSet.size(set) == length(items),
      do: set,
      else: fail("elements of a set are equal in Elixir")
  end

  defp ext(6, name, _depth, ctx) do
    text = text(name, ctx)
    if text in @not_atoms, do: text, else: String.to_existing_atom(text)
  rescue
    # More than 255 characters is no atom either (SystemLimitError).
    _no_such_atom in [ArgumentError, SystemLimitError] -> :binary.copy(name)
  end

  defp ext(14, data, depth, ctx) do
    with {[dtype, sizes], elements} when is_binary(dtype) and is_list(sizes) <-
           value(data, depth, ctx),
         true <- Enum.all?(sizes, &(is_integer(&1) and &1 >= 0)) do
      array = %Array{dtype: dtype, shape: List.to_tuple(sizes), data: slice(elements, ctx)}
      if whole?(array), do: array, else: fail("an array whose bytes do not fill its shape")
    else
      _ -> fail("a malformed array")
    end
  end

  defp ext(16, data, depth, {home, _share} = ctx) do
    case {value(data, depth, ctx), home} do
      {{[id, type], <<>>}, %{}} when is_integer(id) and is_binary(type) ->
        struct!(%Ref{id: id, type: type, owner: home.owner}, home)

      {_value, nil} ->
        fail("a ref outside a worker's answer")

      _malformed ->
        fail("a malformed ref")
    end
  end

  defp ext(31, data, depth, ctx) do
    case value(data, depth, ctx) do
      {dtype, bytes} when is_binary(dtype) ->
        scalar = %Array{dtype: dtype, shape: {}, data: slice(bytes, ctx), scalar: true}
        if whole?(scalar), do: scalar, else: fail("a scalar whose bytes do not fit its dtype")

      _malformed ->
        fail("a malformed scalar")
    end
  end

  defp ext(type, _data, _depth, _ctx), do: fail("extension type #{type} is unknown or malformed")

  defp whole?(%Array{dtype: dtype, shape: shape, data: data}) do
    case Array.itemsize(dtype) do
      nil -> true
      size -> size * Tuple.product(shape) == byte_size(data)
    end
  end

  defp whole_list(data, depth, ctx) do
    case value(data, depth, ctx) do
      {items, <<>>} when is_list(items) -> items
      _other -> fail("a malformed tuple or set")
    end
  end

  defp too_deep, do: fail("the value is nested deeper than #{@max_depth} levels")
  defp fail(reason), do: throw({:envmgr, reason})
end
