defmodule Envmgr.Values.Account do
  # What one encoding may still hold, and the large binaries that it has put aside for the second lane. Kept in the process
  # dictionary, where an encoding that needs neither (nearly every small call) never looks.
  @moduledoc false

  alias Envmgr.Values.Refusal

  @key :"$envmgr_encoding"
  @parts 32 * 1024 * 1024
  @fresh {@parts, @parts, []}

  @doc """
  Charges a container of `count` elements.

  A term may be small in memory and endless on the wire: `x = [x0, x0]`, fifty times over, shares all its parts.
  """
  @spec charge(non_neg_integer()) :: :ok
  def charge(count) do
    {left, most, held} = Process.get(@key, @fresh)

    if left <= count do
      Refusal.refuse("the value", nil, "it has more than #{most} parts",
        whole: true,
        hint: "send it in pieces; parts that the term shares are sent each time they occur"
      )
    end

    Process.put(@key, {left - count - 1, most, held})
    :ok
  end

  @doc "Begins an encoding that may hold so many parts; one that may hold the usual #{@parts} begins by itself."
  @spec open(pos_integer() | nil) :: :ok
  def open(nil), do: :ok

  def open(parts) do
    Process.put(@key, {parts, parts, []})
    :ok
  end

  @typedoc "A binary of the second lane, and what Python makes of it: `bytes`, or memory that may be written."
  @type buffer :: {:bytes | :memory, binary()}

  @doc "Puts a binary aside. Returns its number, counted from 0."
  @spec put_aside(buffer()) :: non_neg_integer()
  def put_aside(buffer) do
    {left, most, held} = Process.get(@key, @fresh)
    Process.put(@key, {left, most, [buffer | held]})
    length(held)
  end

  @doc "Ends an encoding: the binaries that it put aside, in order."
  @spec close() :: [buffer()]
  def close do
    case :erlang.erase(@key) do
      :undefined -> []
      {_left, _most, held} -> :lists.reverse(held)
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
