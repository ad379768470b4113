defmodule Envmgr.Values.Encoder do
  # Elixir terms to MessagePack. The fast pass throws without saying where; only then is the place looked for.
  # What has a struct is in `Pack`.
  @moduledoc false

  alias Envmgr.{Values, Wire}
  alias Envmgr.Values.{Account, Keys, Pack, Refusal, UTF8}
  alias Envmgr.Wire.Msgpack

  @compile {:inline, closed: 1, payload: 4}

  @max_depth Values.max_depth()
  @max_size Wire.max_frame()

  # A list of so few elements so near the top is not worth accounting for: all of them together are 8^6 lists at most.
  @few 8
  @deep @max_depth - 6

  # Bytes of a text that is worth accounting for.
  @long 256

  @typedoc "The one worker whose refs may occur; nil: none is known yet."
  @type owner :: pid() | nil

  @typedoc "Owner; the size from which bytes take the second lane, nil: none do; all that is being encoded."
  @type context :: {owner(), pos_integer() | nil, term(), term()}

  @typedoc "What a parameter makes of an argument: nil leaves it as it is."
  @type into :: nil | String.t()

  @type failure :: {:ref, Envmgr.Ref.t()} | {:error, Refusal.t()}

  @doc """
  Encodes a term.

  `{:ref, ref}`: the term holds this ref, and `owner` was nil: encode again for its owner. `parts` is how many
  it may have.
  """
  @spec encode(term(), owner(), into(), pos_integer() | nil) :: {:ok, iodata()} | failure()
  def encode(term, owner \\ nil, into \\ nil, parts \\ nil) do
    Account.open(parts)
    data = hinted(into, term, {owner, nil, term, []}, @max_depth)
    Account.close()
    {:ok, data}
  catch
    :throw, {:envmgr, failure} -> closed(failure)
    kind, reason -> :erlang.raise(kind, closed(reason), __STACKTRACE__)
  end

  @doc "As `encode/4`, of a term that may hold functions and streams: Python has them for as long as they are lent."
  @spec lending(term(), owner()) :: {:ok, iodata(), [Account.loan()]} | failure()
  def lending(term, owner) do
    data = value(term, {owner, nil, term, []}, @max_depth)
    {:ok, data, Account.close()}
  catch
    :throw, {:envmgr, failure} -> closed(failure)
    kind, reason -> :erlang.raise(kind, closed(reason), __STACKTRACE__)
  end

  @doc """
  The payload of a call, and the large binaries that are to take the second lane, in order, among them what is lent. `kwargs`
  are pairs of name and value; with `:chain`, `args` is a list of `{args, kwargs}`, one for each step. Options: `lane`, the size
  from which bytes take it; `into`, the hints of the catalog's row, for the first step.
  """
  @spec arguments(list(), [{String.t(), term()}] | :chain, owner(), keyword()) ::
          {:ok, iodata(), [Account.buffer() | Account.loan()]} | failure()
  def arguments(args, kwargs, owner, opts \\ [])

  def arguments(args, kwargs, owner, lane: lane, into: into) do
    data = payload(args, kwargs, {owner, lane, args, kwargs}, into)
    {:ok, data, Account.close()}
  catch
    :throw, {:envmgr, failure} -> closed(failure)
    kind, reason -> :erlang.raise(kind, closed(reason), __STACKTRACE__)
  end

  def arguments(args, kwargs, owner, opts),
    do: arguments(args, kwargs, owner, lane: opts[:lane], into: opts[:into])

  # Nothing that was put aside may turn up in the next call of this process.
  defp closed(failure) do
    Account.close()
    failure
  end

  defp payload([{args, kwargs} | steps], :chain, ctx, into) do
    first = payload(args, kwargs, ctx, into)
    others = for {args, kwargs} <- steps, do: payload(args, kwargs, ctx, nil)
    [Msgpack.array(1 + length(steps)), first | others]
  end

  defp payload(args, [], ctx, nil), do: [0x92, list(args, ctx, @max_depth), 0x80]

  defp payload(args, kwargs, ctx, nil) do
    pairs = for {name, term} <- kwargs, do: [string(name) | value(term, ctx, @max_depth)]
    [0x92, list(args, ctx, @max_depth), Msgpack.map(length(kwargs)) | pairs]
  end

  defp payload(args, kwargs, ctx, {positions, rest, names, others}) do
    depth = @max_depth - 1

    positional =
      for {arg, i} <- Enum.with_index(args) do
        into = if i < tuple_size(positions), do: elem(positions, i), else: rest
        hinted(into, arg, ctx, depth)
      end

    named =
      for {name, term} <- kwargs do
        into = Map.get(names, name, others)
        [string(name) | hinted(into, term, ctx, @max_depth)]
      end

    [0x92, Msgpack.array(length(args)), positional, Msgpack.map(length(kwargs)) | named]
  end

  # The parameter's type decides, never the content.
  defp hinted(nil, term, ctx, depth), do: value(term, ctx, depth)

  defp hinted("tuple", items, ctx, depth) when is_list(items),
    do: ext(3, list(items, ctx, depth))

  defp hinted("set", items, ctx, depth) when is_list(items),
    do: Pack.set_of(4, items, ctx, depth)

  defp hinted("frozenset", items, ctx, depth) when is_list(items),
    do: Pack.set_of(5, items, ctx, depth)

  defp hinted("frozenset", %MapSet{} = set, ctx, depth),
    do: Pack.set(5, MapSet.to_list(set), ctx, depth)

  defp hinted("ndarray", items, ctx, depth) when is_list(items),
    do: ext(26, list(items, ctx, depth))

  defp hinted("bytes", data, ctx, _depth) when is_binary(data), do: bytes(data, ctx)
  defp hinted(_into, term, ctx, depth), do: value(term, ctx, depth)

  @doc "One value inside another; `depth` is what is left of it."
  @spec value(term(), context(), non_neg_integer()) :: iodata()
  def value(n, _ctx, _depth) when is_integer(n), do: integer(n)
  def value(x, _ctx, _depth) when is_float(x), do: <<0xCB, x::float-64>>
  def value(text, _ctx, _depth) when is_binary(text), do: string(text)
  def value(items, ctx, depth) when is_list(items), do: list(items, ctx, depth)
  def value(atom, _ctx, _depth) when is_atom(atom), do: atom(atom)
  def value(%{__struct__: _} = struct, ctx, depth), do: Pack.struct(struct, ctx, depth)
  def value(map, ctx, depth) when is_map(map), do: map(map, ctx, depth)

  def value(tuple, ctx, depth) when is_tuple(tuple),
    do: ext(3, list(Tuple.to_list(tuple), ctx, depth))

  def value(function, _ctx, _depth) when is_function(function) do
    {:arity, arity} = Function.info(function, :arity)
    ext(29, [0x92, Msgpack.int(Account.lend(function)) | Msgpack.int(arity)])
  end

  def value(other, _ctx, _depth) do
    Refusal.refuse(kind(other), nil, "it means something in the BEAM alone",
      hint: "send what Python is to know of it, as a number or a string"
    )
  end

  defp integer(n) when n >= -0x8000000000000000 and n <= 0xFFFFFFFFFFFFFFFF, do: Msgpack.int(n)

  defp integer(n) do
    ext(1, [if(n < 0, do: 1, else: 0) | :binary.encode_unsigned(abs(n))])
  end

  @spec string(binary()) :: iodata()
  def string(text) do
    if byte_size(text) > @long, do: Account.weigh(byte_size(text))

    if UTF8.valid?(text) do
      [Msgpack.str(byte_size(text)) | text]
    else
      Refusal.refuse("a binary", "a str", "it is not valid UTF-8",
        hint: "wrap it with Envmgr.bytes/1 to send bytes"
      )
    end
  end

  defp atom(nil), do: <<0xC0>>
  defp atom(false), do: <<0xC2>>
  defp atom(true), do: <<0xC3>>
  defp atom(:nan), do: <<0xCB, 0x7FF8000000000000::64>>
  defp atom(:infinity), do: <<0xCB, 0x7FF0000000000000::64>>
  defp atom(:neg_infinity), do: <<0xCB, 0xFFF0000000000000::64>>
  defp atom(other), do: ext(6, Atom.to_string(other))

  @spec list(list(), context(), non_neg_integer()) :: iodata()
  def list(_items, _ctx, depth) when depth < 1, do: too_deep("a list", "a list")
  def list([], _ctx, _depth), do: <<0x90>>
  def list(items, ctx, depth), do: items(items, ctx, depth - 1, 0, [])

  # One walk both counts and encodes, and finds an improper tail. In a list a byte need not be a binary.
  defp items([n | rest], ctx, depth, count, acc) when is_integer(n) and n >= 0 and n < 0x80,
    do: items(rest, ctx, depth, count + 1, [n | acc])

  defp items([item | rest], ctx, depth, count, acc),
    do: items(rest, ctx, depth, count + 1, [value(item, ctx, depth) | acc])

  defp items([], ctx, depth, count, acc) do
    if count > @few or depth < @deep, do: charge(count, ctx)

    if count < 16,
      do: [0x90 + count | :lists.reverse(acc)],
      else: [Msgpack.array(count) | :lists.reverse(acc)]
  end

  defp items(_tail, _ctx, _depth, _count, _acc),
    do: Refusal.refuse("an improper list", "a list", "its tail is no list")

  defp map(map, ctx, depth) do
    data = pairs(Map.to_list(map), ctx, depth)
    Keys.check!(Map.keys(map), "a map", "a dict", :unique)
    data
  end

  @doc "A dict of these pairs of key and value, in their order. Whether Python holds two keys equal is for the caller to know."
  @spec pairs([{term(), term()}], context(), non_neg_integer()) :: iodata()
  def pairs(_pairs, _ctx, depth) when depth < 1, do: too_deep("a map", "a dict")

  def pairs(pairs, ctx, depth) do
    data =
      for {key, term} <- pairs, do: [value(key, ctx, depth - 1) | value(term, ctx, depth - 1)]

    count = length(pairs)
    if count > @few or depth <= @deep, do: charge(2 * count, ctx)
    [Msgpack.map(count) | data]
  end

  defp charge(count, {_owner, _lane, args, kwargs}), do: Account.charge(count, [args | kwargs])

  @doc "Python `bytes`."
  @spec bytes(binary(), context()) :: iodata()
  def bytes(data, {_owner, lane, _args, _kwargs})
      when is_integer(lane) and byte_size(data) >= lane,
      do: aside(0, [], data)

  def bytes(data, _ctx), do: [Msgpack.bin(byte_size(data)) | data]

  @doc "An enumeration that Python reads as it goes."
  @spec enumeration(:items | :bytes, Enumerable.t()) :: iodata()
  def enumeration(kind, enumerable) do
    key = Account.lend({kind, enumerable})
    ext(27, [0x92, Msgpack.int(key) | string(Atom.to_string(kind))])
  end

  @doc "The body of a frame: in the second lane memory that Python may write, for pandas works in it."
  @spec body(binary() | nil, context()) :: iodata()
  def body(nil, _ctx), do: 0xC0

  def body(data, {_owner, lane, _args, _kwargs})
      when is_integer(lane) and byte_size(data) >= lane,
      do: aside(15, [], data)

  def body(data, ctx), do: bytes(data, ctx)

  @doc "An extension of a head and the bytes of `data`, which take the second lane when they are large."
  @spec raw(1..127, iodata(), binary(), context()) :: iodata()
  def raw(code, head, data, {_owner, lane, _args, _kwargs})
      when is_integer(lane) and byte_size(data) >= lane,
      do: aside(code, head, data)

  def raw(code, head, data, _ctx), do: ext(code, [head | data])

  defp aside(code, head, data) do
    index = Account.put_aside({if(code == 0, do: :bytes, else: :memory), data})
    ext(30, [0x93, Msgpack.int(index), Msgpack.int(byte_size(data)), Msgpack.int(code) | head])
  end

  @spec ext(1..127, iodata()) :: iodata()
  def ext(type, data) do
    size = IO.iodata_length(data)

    if size > @max_size do
      Refusal.refuse("the value", nil, "it takes more than the #{@max_size} bytes of a frame",
        whole: true,
        hint: "send it in pieces"
      )
    end

    [Msgpack.ext(type, size) | data]
  end

  defp too_deep(elixir, python) do
    Refusal.refuse(elixir, python, "the value is nested deeper than #{@max_depth} levels",
      whole: true,
      hint: "send a flatter value, or its parts by themselves"
    )
  end

  defp kind(term) when is_pid(term), do: "a pid"
  defp kind(term) when is_reference(term), do: "a reference"
  defp kind(term) when is_port(term), do: "a port"
  defp kind(term) when is_bitstring(term), do: "a bitstring of odd length"
end
