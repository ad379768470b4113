defmodule Envmgr.Values.Account do
  # What one encoding may still hold, and the large binaries that it has put aside for the second lane. Kept in the process
  # dictionary, where an encoding that needs neither (nearly every small call) never looks.
  @moduledoc false

  alias Envmgr.Values.Refusal

  @key :"$envmgr_encoding"
  @parts 32 * 1024 * 1024

  @doc """
  Charges a container of `count` elements.

  A term may be small in memory and endless on the wire: `x = [x0, x0]`, fifty times over, shares all its parts.
  """
  @spec charge(non_neg_integer()) :: :ok
  def charge(count) do
    {left, buffers, held} = Process.get(@key, {@parts, 0, []})

    if left <= count do
      Refusal.refuse("the value", nil, "it has more than #{@parts} parts",
        whole: true,
        hint: "send it in pieces; parts that the term shares are sent each time they occur"
      )
    end

    Process.put(@key, {left - count - 1, buffers, held})
    :ok
  end

  @typedoc "A binary of the second lane, and what Python makes of it: `bytes`, or memory that may be written."
  @type buffer :: {:bytes | :memory, binary()}

  @doc "Puts a binary aside. Returns its number, counted from 0."
  @spec put_aside(buffer()) :: non_neg_integer()
  def put_aside(buffer) do
    {left, buffers, held} = Process.get(@key, {@parts, 0, []})
    Process.put(@key, {left, buffers + 1, [buffer | held]})
    buffers
  end

  @doc "Ends an encoding: the binaries that it put aside, in order."
  @spec close() :: [buffer()]
  def close do
    case :erlang.erase(@key) do
      :undefined -> []
      {_left, _buffers, held} -> :lists.reverse(held)
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
