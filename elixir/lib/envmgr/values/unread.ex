defmodule Envmgr.Values.Unread do
  # Where in an answer the part is that cannot be decoded. Runs after a failure only: it decodes child by child and follows
  # the first that fails.
  @moduledoc false

  alias Envmgr.Values.{Decoder, Refusal}
  alias Envmgr.Wire.Msgpack

  import Bitwise

  @named %{
    10 => ~w(time fold offset zone),
    12 => ~w(naive offset dst zone abbr fold),
    17 => ~w(type name value),
    21 => ~w(start stop step),
    22 => ~w(start stop step),
    24 => ~w(numerator denominator),
    32 => ~w(array mask fill_value hard),
    34 => ~w(type path),
    37 => ~w(serializer type value)
  }

  @doc "The place, `value[\"rows\"][17]`, and the reason; `reason` is what the decoding of all of it said."
  @spec answer(binary(), Decoder.home(), tuple(), keyword(), String.t()) ::
          {String.t(), String.t()}
  def answer(data, home, buffers, opts, reason) do
    failing({"value", data}, &Decoder.decode(&1, home, buffers, opts)) || {"value", reason}
  end

  defp failing({path, data}, decode) do
    case decode.(data) do
      {:ok, _value} -> nil
      {:error, reason} -> data |> children(path) |> inner({path, reason}, decode)
    end
  end

  defp inner(children, found, decode), do: Enum.find_value(children, found, &failing(&1, decode))

  defp children(<<0b1001::4, n::4, rest::binary>>, path), do: indexed(rest, n, path)
  defp children(<<0xDC, n::16, rest::binary>>, path), do: indexed(rest, n, path)
  defp children(<<0xDD, n::32, rest::binary>>, path), do: indexed(rest, n, path)
  defp children(<<0b1000::4, n::4, rest::binary>>, path), do: keyed(parts(rest, 2 * n), path)
  defp children(<<0xDE, n::16, rest::binary>>, path), do: keyed(parts(rest, 2 * n), path)
  defp children(<<0xDF, n::32, rest::binary>>, path), do: keyed(parts(rest, 2 * n), path)

  defp children(<<b, code, rest::binary>>, path) when b in 0xD4..0xD8,
    do: extension(code, 1 <<< (b - 0xD4), rest, path)

  defp children(<<0xC7, n, code, rest::binary>>, path), do: extension(code, n, rest, path)
  defp children(<<0xC8, n::16, code, rest::binary>>, path), do: extension(code, n, rest, path)
  defp children(<<0xC9, n::32, code, rest::binary>>, path), do: extension(code, n, rest, path)
  defp children(_leaf, _path), do: []

  defp extension(code, size, rest, path) when byte_size(rest) >= size,
    do: rest |> binary_part(0, size) |> within(code, path)

  defp extension(_code, _size, _rest, _path), do: []

  defp within(data, 3, path), do: children(data, path)

  defp within(data, code, path) when code in [4, 5],
    do: for(item <- list(data), do: {path <> "{…}", item})

  defp within(data, code, path) when is_map_key(@named, code) do
    for {name, item} <- Enum.zip(@named[code], list(data)), do: {"#{path}.#{name}", item}
  end

  defp within(data, 14, path) do
    with {:ok, elements} <- Msgpack.skip(data), do: children(elements, path), else: (:error -> [])
  end

  defp within(data, 15, path) do
    case list(data) do
      [_kind, meta, columns, index, _body] ->
        columns = for [label, _dtype, part] <- Enum.map(list(columns), &list/1), do: {label, part}
        keyed(columns, path) ++ [{path <> ".index", index}, {path <> ".meta", meta}]

      _malformed ->
        []
    end
  end

  defp within(data, 18, path) do
    case list(data) do
      [_kind, _type, fields] ->
        for [name, value] <- Enum.map(list(fields), &list/1), do: {"#{path}.#{text(name)}", value}

      _malformed ->
        []
    end
  end

  defp within(data, 28, path) do
    case list(data) do
      [_kind, pairs] -> keyed(for([k, v] <- Enum.map(list(pairs), &list/1), do: {k, v}), path)
      _malformed -> []
    end
  end

  defp within(data, 33, path) do
    case list(data) do
      [_type, parts] -> children(parts, path)
      _malformed -> []
    end
  end

  defp within(_data, _code, _path), do: []

  defp list(data), do: for({_path, item} <- list_children(data), do: item)

  defp list_children(<<b, _::binary>> = data) when b in 0x90..0x9F or b in [0xDC, 0xDD],
    do: children(data, "")

  defp list_children(_other), do: []

  defp indexed(rest, n, path) do
    for {item, i} <- rest |> parts(n) |> Enum.with_index(), do: {"#{path}[#{i}]", item}
  end

  defp keyed([{_, _} | _] = pairs, path) do
    Enum.flat_map(pairs, fn {key, item} ->
      [{path <> " (a key)", key}, {"#{path}[#{label(key)}]", item}]
    end)
  end

  defp keyed([key, item | rest], path), do: keyed([{key, item}], path) ++ keyed(rest, path)
  defp keyed(_none, _path), do: []

  defp label(key) do
    case Decoder.decode(key) do
      {:ok, key} -> Refusal.show(key)
      {:error, _reason} -> "…"
    end
  end

  defp text(name) do
    case Decoder.decode(name) do
      {:ok, name} when is_binary(name) -> name
      _other -> "…"
    end
  end

  # The bytes of the values that stand there, up to the first that is cut short.
  defp parts(_rest, 0), do: []

  defp parts(rest, count) do
    case Msgpack.skip(rest) do
      {:ok, tail} ->
        [binary_part(rest, 0, byte_size(rest) - byte_size(tail)) | parts(tail, count - 1)]

      :error ->
        []
    end
  end
end
