defmodule Envmgr.Values.Account do
  # What one encoding may still hold, the large binaries that it has put aside for the second lane, and the functions and streams
  # that it lends. Kept in the process dictionary, where an encoding that needs none (nearly every small call) never looks.
  @moduledoc false

  alias Envmgr.Values.Refusal
  alias Envmgr.Wire

  @key :"$envmgr_encoding"
  @parts 32 * 1024 * 1024
  @unseen 256 * 1024
  @bytes Wire.max_frame()
  @shared 8
  @fresh {@unseen, @parts, @bytes, []}

  @doc """
  Charges a container of `count` elements, somewhere in `term`.

  A term may be small in memory and endless on the wire: `x = [x0, x0]`, fifty times over, shares all its parts. So a term of
  many parts is counted, which takes no memory, before more of it is encoded.
  """
  @spec charge(non_neg_integer(), term()) :: :ok
  def charge(count, term) do
    {left, most, bytes, held} = Process.get(@key, @fresh)

    cond do
      left > count ->
        Process.put(@key, {left - count - 1, most, bytes, held})
        :ok

      # Counted before: what it has beyond that comes out of an encode/1 of the user's.
      most == 0 ->
        refuse(@parts)

      parts(term, most) < 0 ->
        refuse(most)

      true ->
        Process.put(@key, {@parts, 0, bytes, held})
        :ok
    end
  end

  @doc "Charges a long text, which is looked at each time it occurs: all of them together are no longer than a frame."
  @spec weigh(non_neg_integer()) :: :ok
  def weigh(size) do
    {left, most, bytes, held} = Process.get(@key, @fresh)
    if size > bytes, do: refuse_bytes()
    Process.put(@key, {left, most, bytes - size, held})
    :ok
  end

  @doc "Begins an encoding that may hold so many parts; one that may hold the usual #{@parts} begins by itself."
  @spec open(pos_integer() | nil) :: :ok
  def open(nil), do: :ok

  def open(parts) do
    Process.put(@key, {div(parts, 2), parts, @bytes, []})
    :ok
  end

  @typedoc "A binary of the second lane, and what Python makes of it: `bytes`, or memory that may be written."
  @type buffer :: {:bytes | :memory, binary()}

  defp refuse(most) do
    Refusal.refuse("the value", nil, "it has more than #{most} parts",
      whole: true,
      hint: "send it in pieces; parts that the term shares are sent each time they occur"
    )
  end

  defp refuse_bytes do
    Refusal.refuse("the value", nil, "it takes more than the #{@bytes} bytes of a frame",
      whole: true,
      hint: "send it in pieces; parts that the term shares are sent each time they occur"
    )
  end

  # What is left when all parts are taken off, each as often as it occurs.
  defp parts(_term, left) when left < 0, do: left
  defp parts([first | rest], left), do: parts(rest, parts(first, left))
  defp parts(%{__struct__: _} = struct, left), do: struct |> Map.values() |> inner(left - 1)
  defp parts(tuple, left) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> parts(left)
  defp parts(map, left) when is_map(map), do: map |> Map.to_list() |> parts(left)
  defp parts(_leaf, left), do: left - 1

  # A struct is one value, whose own fields are not sent each by itself: only what it may hold many of counts.
  defp inner([field | rest], left) when is_list(field) or is_tuple(field) or is_map(field),
    do: inner(rest, parts(field, left))

  defp inner([_field | rest], left), do: inner(rest, left)
  defp inner([], left), do: left

  @doc """
  Puts a binary aside. Returns its number, counted from 0. A binary that the term shares is sent each time it occurs: when it
  has come #{@shared} times, then together with others no more than a frame's bytes of it.
  """
  @spec put_aside(buffer()) :: non_neg_integer()
  def put_aside({_kind, data} = buffer) do
    {left, most, bytes, held} = Process.get(@key, @fresh)
    bytes = if often?(data, held), do: bytes - byte_size(data), else: bytes
    if bytes < 0, do: refuse_bytes()
    Process.put(@key, {left, most, bytes, [buffer | held]})
    Enum.count(held, &match?({_kind, _data}, &1))
  end

  @typedoc "What Python is to call: a function, or an enumeration as items or as bytes."
  @type loan :: {:lend, key :: pos_integer(), function() | {:items | :bytes, Enumerable.t()}}

  @doc "Notes what is lent. Returns its key, which no other loan of this VM has."
  @spec lend(function() | {:items | :bytes, Enumerable.t()}) :: pos_integer()
  def lend(what) do
    {left, most, bytes, held} = Process.get(@key, @fresh)
    key = System.unique_integer([:positive])
    Process.put(@key, {left, most, bytes, [{:lend, key, what} | held]})
    key
  end

  # The same term, not an equal one: no bytes are compared.
  defp often?(data, held), do: often?(data, held, @shared)

  defp often?(_data, _held, 0), do: true
  defp often?(data, [{:lend, _key, _what} | held], left), do: often?(data, held, left)
  defp often?(_data, [], _left), do: false

  defp often?(data, [{_kind, other} | held], left) do
    if :erts_debug.same(data, other),
      do: often?(data, held, left - 1),
      else: often?(data, held, left)
  end

  @doc "Ends an encoding: the binaries that it put aside, in order, and the loans."
  @spec close() :: [buffer() | loan()]
  def close do
    case :erlang.erase(@key) do
      :undefined -> []
      {_left, _most, _bytes, held} -> :lists.reverse(held)
    end
  end

  @doc "Runs a user's function, which may itself call Python, without its mixing in."
  @spec apart((() -> result)) :: result when result: term()
  def apart(function) do
    state = Process.delete(@key)
    result = function.()
    if state, do: Process.put(@key, state)
    result
  end
end
