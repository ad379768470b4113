defmodule Envmgr.Wire.Messages do
  # The messages of docs/protocol.md, section 3: what the pool writes, and a walk over what a worker wrote.
  @moduledoc false

  alias Envmgr.Wire.Msgpack

  @as_ref 1
  @attribute 2
  @part 4
  @stream 8
  @each 16
  @in_turn 32

  @type flags :: 0..63
  @type target :: binary() | {pos_integer(), binary()} | {:chain, [step(), ...]}
  @typedoc "Of a chain: 0 calls a path, 1 a method; 2 reads an attribute; 3 is an object."
  @type step :: {0..2, binary()} | {3, pos_integer()}
  @type message ::
          {:result | :error, non_neg_integer(), binary()}
          | {:result, non_neg_integer(), binary(), sizes :: [pos_integer()], meta :: binary()}
          | {:chunk, pos_integer(), binary()}
          | {:end, pos_integer()}
          | {:aside, pos_integer()}
          | {:callback, non_neg_integer(), number :: non_neg_integer(), key :: non_neg_integer(),
             binary()}
          | {:drop, [non_neg_integer()]}
          | {:returned, [pos_integer()]}
          | {:log, non_neg_integer(), 1 | 2, binary()}
          | {:log, non_neg_integer(), 3 | 4, binary(), name :: binary(),
             level :: non_neg_integer()}
          | {:session, non_neg_integer(), session :: binary(), binary()}
          | {:hello, binary()}
          | {:ping, non_neg_integer()}
          | {:report, non_neg_integer(), binary()}
          | {:forked, number :: pos_integer(), pid :: pos_integer()}
          | {:unforked, number :: pos_integer(), why :: binary()}
          | {:ended, pid :: pos_integer(), status :: integer()}

  @spec flags(:value | :ref, :call | :attribute | :part) :: flags()
  def flags(as, access), do: if(as == :ref, do: @as_ref, else: 0) + access(access)

  @doc "Whether these ask for a ref whatever the value."
  @spec as_ref?(flags()) :: boolean()
  def as_ref?(flags), do: Bitwise.band(flags, @as_ref) != 0

  defp access(:call), do: 0
  defp access(:attribute), do: @attribute
  defp access(:part), do: @part

  @doc "The flags of a call whose value is iterated."
  @spec stream(flags()) :: flags()
  def stream(flags), do: flags + @stream

  @doc "The flags of a call with many arguments, that is many calls."
  @spec each(flags()) :: flags()
  def each(flags), do: flags + @each

  @doc "The flags of many calls of which none begins before the one before it has ended, coroutines too."
  @spec in_turn(flags()) :: flags()
  def in_turn(flags), do: flags + @in_turn

  @doc "The payload of such a call, of those of its items."
  @spec items([iodata()]) :: iodata()
  def items(payloads), do: [Msgpack.array(length(payloads)) | payloads]

  @doc "The items of its answer, each a status and a value in MessagePack; `:error` where it is none."
  @spec answers(binary()) :: {:ok, [{0..1, binary()}]} | :error
  def answers(<<0b1001::4, count::4, rest::binary>>), do: answers(rest, count, [])
  def answers(<<0xDC, count::16, rest::binary>>), do: answers(rest, count, [])
  def answers(<<0xDD, count::32, rest::binary>>), do: answers(rest, count, [])
  def answers(_other), do: :error

  defp answers(<<>>, 0, found), do: {:ok, :lists.reverse(found)}

  defp answers(<<0x92, status, rest::binary>>, count, found)
       when status in [0, 1] and count > 0 do
    with {:ok, left} <- Msgpack.skip(rest) do
      value = binary_part(rest, 0, byte_size(rest) - byte_size(left))
      answers(left, count - 1, [{status, value} | found])
    end
  end

  defp answers(_rest, _count, _found), do: :error

  @spec hello(iodata()) :: iodata()
  def hello(settings), do: [<<0x93, 0, 0>> | settings]

  @doc "What follows a call's id. The caller prepares it; the owner of the worker adds the id."
  @spec call_tail(target(), flags(), iodata(), non_neg_integer()) :: iodata()
  def call_tail(target, flags, payload, size) do
    [target(target), flags, Msgpack.bin(size) | payload]
  end

  @typedoc "What follows a call's id, perhaps with a context, a map in MessagePack."
  @type tail :: iodata() | {:context, tail :: iodata(), context :: iodata()}

  @doc "A call; `{:lane, tail, key, count}` says under which keys its buffers went to the worker."
  @spec call(pos_integer(), tail() | {:lane, tail(), pos_integer(), pos_integer()}) :: iodata()
  def call(id, {:context, tail, context}),
    do: [<<0x97, 1>>, Msgpack.int(id), tail, 0xC0 | context]

  def call(id, {:lane, {:context, tail, context}, key, count}),
    do: [<<0x97, 1>>, Msgpack.int(id), tail, 0x92, Msgpack.int(key), Msgpack.int(count) | context]

  def call(id, {:lane, tail, key, count}),
    do: [<<0x96, 1>>, Msgpack.int(id), tail, 0x92, Msgpack.int(key), Msgpack.int(count)]

  def call(id, tail), do: [<<0x95, 1>>, Msgpack.int(id) | tail]

  @doc "The worker need not keep these buffers: their call does not come."
  @spec forget(pos_integer(), pos_integer()) :: iodata()
  def forget(key, count), do: [<<0x94, 16, 0>>, Msgpack.int(key), Msgpack.int(count)]

  @doc "Asks for calls back that have not begun."
  @spec recall([pos_integer()]) :: iodata()
  def recall(ids), do: [<<0x93, 20, 0>> | numbers(ids)]

  @spec cancel(pos_integer()) :: iodata()
  def cancel(id), do: [<<0x92, 7>> | Msgpack.int(id)]

  @doc "Asks a stream for its next chunk, of at most `items` items."
  @spec more(pos_integer(), pos_integer()) :: iodata()
  def more(id, items), do: [<<0x93, 5>>, Msgpack.int(id) | Msgpack.int(items)]

  @doc "Status 0: the value; 1: the function failed; 2: there is no such function."
  @spec callback_result(non_neg_integer(), 0..2, iodata()) :: iodata()
  def callback_result(number, status, payload) do
    size = IO.iodata_length(payload)
    [<<0x94, 9>>, Msgpack.int(number), status, Msgpack.bin(size) | payload]
  end

  @spec release([pos_integer()]) :: iodata()
  def release(refs), do: [<<0x93, 10, 0>> | numbers(refs)]

  defp numbers(some), do: [Msgpack.array(length(some)) | Enum.map(some, &Msgpack.int/1)]

  @doc "What a worker is to know of a session."
  @spec session(String.t(), iodata()) :: iodata()
  def session(id, payload) do
    size = IO.iodata_length(payload)
    [<<0x94, 11, 0>>, Msgpack.str(byte_size(id)), id, Msgpack.bin(size) | payload]
  end

  @doc "Asks for what the worker has converted."
  @spec report(pos_integer()) :: iodata()
  def report(id), do: [<<0x92, 13>> | Msgpack.int(id)]

  @spec ping(non_neg_integer()) :: iodata()
  def ping(id), do: [<<0x92, 14>> | Msgpack.int(id)]

  @spec bye() :: iodata()
  def bye, do: <<0x92, 15, 0>>

  @doc "The first message of a frame and the rest of it."
  @spec next(binary()) :: {message(), binary()} | :malformed
  def next(<<0x93, 2, rest::binary>>), do: answer(:result, rest)
  def next(<<0x93, 3, rest::binary>>), do: answer(:error, rest)

  def next(<<0x95, 2, rest::binary>>) do
    with {id, rest} <- id(rest),
         {payload, rest} <- bin(rest),
         {sizes, rest} <- sizes(rest),
         {meta, rest} <- bin(rest),
         do: {{:result, id, payload, sizes, meta}, rest}
  end

  def next(<<0x93, 13, rest::binary>>), do: answer(:report, rest)

  def next(<<0x94, 12, rest::binary>>) do
    with {id, <<stream, rest::binary>>} when stream in [1, 2] <- id(rest),
         {text, rest} <- str(rest) do
      {{:log, id, stream, text}, rest}
    else
      _ -> :malformed
    end
  end

  def next(<<0x96, 12, rest::binary>>) do
    with {id, <<stream, rest::binary>>} when stream in [3, 4] <- id(rest),
         {text, rest} <- str(rest),
         {name, rest} <- str(rest),
         {level, rest} <- id(rest) do
      {{:log, id, stream, text, name, level}, rest}
    else
      _ -> :malformed
    end
  end

  def next(<<0x94, 11, rest::binary>>) do
    with {id, rest} <- id(rest),
         {session, rest} <- str(rest),
         {payload, rest} <- bin(rest),
         do: {{:session, id, session, payload}, rest}
  end

  def next(<<0x92, 14, rest::binary>>), do: about(:ping, rest)
  def next(<<0x92, 17, rest::binary>>), do: about(:aside, rest)
  def next(<<0x92, 6, rest::binary>>), do: about(:end, rest)
  def next(<<0x93, 4, rest::binary>>), do: answer(:chunk, rest)

  def next(<<0x95, 8, rest::binary>>) do
    with {id, rest} <- id(rest),
         {number, rest} <- number(rest),
         {key, rest} <- number(rest),
         {payload, rest} <- bin(rest),
         do: {{:callback, id, number, key, payload}, rest}
  end

  def next(<<0x93, 18, 0, rest::binary>>) do
    with {keys, rest} <- sizes(rest), do: {{:drop, keys}, rest}
  end

  def next(<<0x93, 20, 0, rest::binary>>) do
    with {ids, rest} <- sizes(rest), do: {{:returned, ids}, rest}
  end

  def next(<<0x93, 19, rest::binary>>) do
    with {number, rest} <- id(rest), {pid, rest} <- id(rest), do: {{:forked, number, pid}, rest}
  end

  def next(<<0x94, 19, 0, rest::binary>>) do
    with {pid, rest} <- id(rest),
         {status, rest} <- status(rest),
         do: {{:ended, pid, status}, rest}
  end

  def next(<<0x94, 19, rest::binary>>) do
    with {number, <<0xC0, rest::binary>>} <- id(rest), {text, rest} <- str(rest) do
      {{:unforked, number, text}, rest}
    else
      _ -> :malformed
    end
  end

  def next(<<0x93, 0, 0, rest::binary>>) do
    with {:ok, after_facts} <- Msgpack.skip(rest) do
      {{:hello, binary_part(rest, 0, byte_size(rest) - byte_size(after_facts))}, after_facts}
    else
      :error -> :malformed
    end
  end

  def next(_other), do: :malformed

  defp target({:chain, steps}),
    do: [<<0x91>>, Msgpack.array(length(steps)) | Enum.map(steps, &step/1)]

  defp target({ref, name}), do: [<<0x92>>, Msgpack.int(ref) | target(name)]
  defp target(path), do: [Msgpack.str(byte_size(path)) | path]

  defp about(kind, rest) do
    with {id, rest} <- id(rest), do: {{kind, id}, rest}
  end

  defp step({3, ref}), do: [<<0x92, 3>> | Msgpack.int(ref)]
  defp step({kind, name}), do: [<<0x92, kind>> | target(name)]

  defp answer(kind, rest) do
    with {id, rest} <- id(rest), {payload, rest} <- bin(rest), do: {{kind, id, payload}, rest}
  end

  defp id(<<id, rest::binary>>) when id < 0x80, do: {id, rest}
  defp id(<<0xCC, id, rest::binary>>), do: {id, rest}
  defp id(<<0xCD, id::16, rest::binary>>), do: {id, rest}
  defp id(<<0xCE, id::32, rest::binary>>), do: {id, rest}
  defp id(_other), do: :malformed

  # An exit status, or a signal's number negated.
  defp status(<<0b111::3, low::5, rest::binary>>), do: {low - 32, rest}
  defp status(<<0xD0, status::signed, rest::binary>>), do: {status, rest}
  defp status(rest), do: id(rest)

  defp number(<<0xCF, number::64, rest::binary>>), do: {number, rest}
  defp number(rest), do: id(rest)

  defp sizes(<<0b1001::4, count::4, rest::binary>>), do: sizes(rest, count, [])
  defp sizes(<<0xDC, count::16, rest::binary>>), do: sizes(rest, count, [])
  defp sizes(<<0xDD, count::32, rest::binary>>), do: sizes(rest, count, [])
  defp sizes(_other), do: :malformed

  defp sizes(rest, 0, sizes), do: {:lists.reverse(sizes), rest}

  defp sizes(bytes, count, sizes) do
    with {size, rest} <- number(bytes), do: sizes(rest, count - 1, [size | sizes])
  end

  defp bin(<<0xC4, n, data::binary-size(n), rest::binary>>), do: {data, rest}
  defp bin(<<0xC5, n::16, data::binary-size(n), rest::binary>>), do: {data, rest}
  defp bin(<<0xC6, n::32, data::binary-size(n), rest::binary>>), do: {data, rest}
  defp bin(_other), do: :malformed

  defp str(<<0b101::3, n::5, text::binary-size(n), rest::binary>>), do: {text, rest}
  defp str(<<0xD9, n, text::binary-size(n), rest::binary>>), do: {text, rest}
  defp str(<<0xDA, n::16, text::binary-size(n), rest::binary>>), do: {text, rest}
  defp str(<<0xDB, n::32, text::binary-size(n), rest::binary>>), do: {text, rest}
  defp str(_other), do: :malformed
end
