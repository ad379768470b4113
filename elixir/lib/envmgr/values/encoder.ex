defmodule Envmgr.Values.Encoder do
  # Elixir terms to MessagePack. The fast pass throws without saying where; only then is the place looked for.
  @moduledoc false

  alias Envmgr.{Array, Bytes, Ref, Values}
  alias Envmgr.Values.Keys
  alias Envmgr.Wire.Msgpack

  @max_depth Values.max_depth()

  @typedoc "The one worker whose refs may occur; nil: none is known yet."
  @type owner :: pid() | nil

  @doc """
  Encodes a term.

  `{:ref, pid}`: the term holds a ref of that worker, and `owner` was nil: encode again for that owner.
  `{:error, reason, hint}`: the term cannot be sent.
  """
  @spec encode(term(), owner()) ::
          {:ok, iodata()} | {:ref, pid()} | {:error, String.t(), String.t() | nil}
  def encode(term, owner \\ nil) do
    {:ok, value(term, owner, @max_depth)}
  catch
    {:envmgr, result} -> result
  end

  @doc "The payload of a call; `kwargs` are pairs of name and value."
  @spec arguments(list(), [{String.t(), term()}], owner()) ::
          {:ok, iodata()} | {:ref, pid()} | {:error, String.t(), String.t() | nil}
  def arguments(args, [], owner) do
    {:ok, [0x92, list(args, owner, @max_depth), 0x80]}
  catch
    {:envmgr, result} -> result
  end

  def arguments(args, kwargs, owner) do
    pairs = for {name, term} <- kwargs, do: [string(name) | value(term, owner, @max_depth)]
    {:ok, [0x92, list(args, owner, @max_depth), Msgpack.map(length(kwargs)) | pairs]}
  catch
    {:envmgr, result} -> result
  end

  defp value(n, _owner, _depth) when is_integer(n), do: integer(n)
  defp value(x, _owner, _depth) when is_float(x), do: <<0xCB, x::float-64>>
  defp value(text, _owner, _depth) when is_binary(text), do: string(text)
  defp value(items, owner, depth) when is_list(items), do: list(items, owner, depth)
  defp value(atom, _owner, _depth) when is_atom(atom), do: atom(atom)
  defp value(%{__struct__: _} = struct, owner, depth), do: struct(struct, owner, depth)
  defp value(map, owner, depth) when is_map(map), do: map(map, owner, depth)

  defp value(tuple, owner, depth) when is_tuple(tuple) do
    ext(3, list(Tuple.to_list(tuple), owner, depth))
  end

  defp value(other, _owner, _depth), do: fail("#{kind(other)} cannot be sent to Python")

  defp integer(n) when n >= -0x8000000000000000 and n <= 0xFFFFFFFFFFFFFFFF, do: Msgpack.int(n)

  defp integer(n) do
    ext(1, [if(n < 0, do: 1, else: 0) | :binary.encode_unsigned(abs(n))])
  end

  defp string(text) do
    if valid?(text),
      do: [Msgpack.str(byte_size(text)) | text],
      else:
        fail(
          "a binary that is not valid UTF-8 is no str",
          "wrap it with Envmgr.bytes/1 to send bytes"
        )
  end

  defp atom(nil), do: <<0xC0>>
  defp atom(false), do: <<0xC2>>
  defp atom(true), do: <<0xC3>>
  defp atom(:nan), do: <<0xCB, 0x7FF8000000000000::64>>
  defp atom(:infinity), do: <<0xCB, 0x7FF0000000000000::64>>
  defp atom(:neg_infinity), do: <<0xCB, 0xFFF0000000000000::64>>
  defp atom(other), do: ext(6, Atom.to_string(other))

  defp list(_items, _owner, 0), do: fail("the value is nested deeper than #{@max_depth} levels")
  defp list([], _owner, _depth), do: <<0x90>>
  defp list(items, owner, depth), do: items(items, owner, depth - 1, 0, [])

  # One walk both counts and encodes, and finds an improper tail.
  defp items([item | rest], owner, depth, count, acc),
    do: items(rest, owner, depth, count + 1, [value(item, owner, depth) | acc])

  defp items([], _owner, _depth, count, acc), do: [Msgpack.array(count) | :lists.reverse(acc)]

  defp items(_tail, _owner, _depth, _count, _acc),
    do: fail("an improper list has no counterpart in Python")

  defp map(_map, _owner, 0), do: fail("the value is nested deeper than #{@max_depth} levels")

  defp map(map, owner, depth) do
    case Keys.check(Map.keys(map)) do
      :ok -> [Msgpack.map(map_size(map)) | pairs(Map.to_list(map), owner, depth - 1)]
      {:error, reason} -> fail(reason)
    end
  end

  defp pairs(pairs, owner, depth) do
    for {key, term} <- pairs, do: [value(key, owner, depth) | value(term, owner, depth)]
  end

  defp struct(%MapSet{} = set, owner, depth) do
    items = MapSet.to_list(set)

    case Keys.check(items) do
      :ok -> ext(4, list(items, owner, depth))
      {:error, reason} -> fail(reason)
    end
  end

  defp struct(%Bytes{data: data}, _owner, _depth) when is_binary(data),
    do: [Msgpack.bin(byte_size(data)) | data]

  defp struct(%Array{scalar: true, dtype: dtype, data: data}, _owner, _depth)
       when is_binary(dtype) and is_binary(data),
       do: ext(31, [string(dtype) | data])

  defp struct(%Array{dtype: dtype, shape: shape, data: data}, _owner, _depth)
       when is_binary(dtype) and is_tuple(shape) and is_binary(data) do
    size = Array.itemsize(dtype)
    sizes = Tuple.to_list(shape)

    cond do
      not Enum.all?(sizes, &(is_integer(&1) and &1 >= 0 and &1 <= 0x7FFFFFFFFFFFFFFF)) ->
        fail("#{inspect(shape)} is no shape")

      size && size * Enum.product(sizes) != byte_size(data) ->
        fail(
          "#{byte_size(data)} bytes do not fill an array of #{dtype} with shape #{inspect(shape)}"
        )

      true ->
        header = [
          0x92,
          string(dtype),
          Msgpack.array(length(sizes)) | Enum.map(sizes, &Msgpack.int/1)
        ]

        ext(14, [header | data])
    end
  end

  defp struct(%Ref{owner: owner} = ref, owner, _depth),
    do: ext(16, [0x92, Msgpack.int(ref.id) | string(ref.type)])

  defp struct(%Ref{owner: pid}, nil, _depth), do: throw({:envmgr, {:ref, pid}})

  defp struct(%Ref{}, _owner, _depth),
    do:
      fail("the object lives in another worker", "objects of one call must come from one worker")

  defp struct(%module{}, _owner, _depth),
    do: fail("a struct #{inspect(module)} has no counterpart in Python")

  defp ext(type, data), do: [Msgpack.ext(type, IO.iodata_length(data)) | data]

  # ASCII is most of what is sent; String.valid?/1 walks code points one by one in Elixir code.
  defp valid?(<<a, b, c, d, e, f, g, h, rest::binary>>)
       when a < 128 and b < 128 and c < 128 and d < 128 and e < 128 and f < 128 and g < 128 and
              h < 128,
       do: valid?(rest)

  defp valid?(<<>>), do: true
  defp valid?(<<a, rest::binary>>) when a < 128, do: valid?(rest)
  defp valid?(text), do: String.valid?(text)

  defp fail(reason, hint \\ nil), do: throw({:envmgr, {:error, reason, hint}})

  defp kind(term) when is_function(term), do: "a function"
  defp kind(term) when is_pid(term), do: "a pid"
  defp kind(term) when is_reference(term), do: "a reference"
  defp kind(term) when is_port(term), do: "a port"
  defp kind(term) when is_bitstring(term), do: "a bitstring of odd length"
end
