defmodule Envmgr.Wire.Msgpack do
  # Headers of MessagePack in their shortest form, and the distance to the end of a value.
  @moduledoc false

  import Bitwise

  @doc "An integer that fits 64 bits."
  @spec int(integer()) :: binary()
  def int(n) when n >= 0 and n < 0x80, do: <<n>>
  def int(n) when n >= 0 and n < 0x100, do: <<0xCC, n>>
  def int(n) when n >= 0 and n < 0x10000, do: <<0xCD, n::16>>
  def int(n) when n >= 0 and n < 0x100000000, do: <<0xCE, n::32>>
  def int(n) when n >= 0, do: <<0xCF, n::64>>
  def int(n) when n >= -0x20, do: <<n::8>>
  def int(n) when n >= -0x80, do: <<0xD0, n::8>>
  def int(n) when n >= -0x8000, do: <<0xD1, n::16>>
  def int(n) when n >= -0x80000000, do: <<0xD2, n::32>>
  def int(n), do: <<0xD3, n::64>>

  @spec str(non_neg_integer()) :: binary()
  def str(size) when size < 0x20, do: <<0xA0 ||| size>>
  def str(size) when size < 0x100, do: <<0xD9, size>>
  def str(size) when size < 0x10000, do: <<0xDA, size::16>>
  def str(size), do: <<0xDB, size::32>>

  @spec bin(non_neg_integer()) :: binary()
  def bin(size) when size < 0x100, do: <<0xC4, size>>
  def bin(size) when size < 0x10000, do: <<0xC5, size::16>>
  def bin(size), do: <<0xC6, size::32>>

  @spec array(non_neg_integer()) :: binary()
  def array(size) when size < 0x10, do: <<0x90 ||| size>>
  def array(size) when size < 0x10000, do: <<0xDC, size::16>>
  def array(size), do: <<0xDD, size::32>>

  @spec map(non_neg_integer()) :: binary()
  def map(size) when size < 0x10, do: <<0x80 ||| size>>
  def map(size) when size < 0x10000, do: <<0xDE, size::16>>
  def map(size), do: <<0xDF, size::32>>

  @spec ext(0..127, non_neg_integer()) :: binary()
  def ext(type, 1), do: <<0xD4, type>>
  def ext(type, 2), do: <<0xD5, type>>
  def ext(type, 4), do: <<0xD6, type>>
  def ext(type, 8), do: <<0xD7, type>>
  def ext(type, 16), do: <<0xD8, type>>
  def ext(type, size) when size < 0x100, do: <<0xC7, size, type>>
  def ext(type, size) when size < 0x10000, do: <<0xC8, size::16, type>>
  def ext(type, size), do: <<0xC9, size::32, type>>

  @doc """
  Steps over `count` values and returns what follows them, or `:error` where the bytes end too early.

  Costs one step per value, whatever lengths the bytes claim.
  """
  @spec skip(binary(), non_neg_integer()) :: {:ok, binary()} | :error
  def skip(rest, count \\ 1)
  def skip(rest, 0), do: {:ok, rest}

  def skip(<<byte, rest::binary>>, count) do
    case byte do
      b when b < 0x80 or b >= 0xE0 or b in [0xC0, 0xC2, 0xC3] -> skip(rest, count - 1)
      b when b < 0x90 -> skip(rest, count - 1 + 2 * (b &&& 0x0F))
      b when b < 0xA0 -> skip(rest, count - 1 + (b &&& 0x0F))
      b when b < 0xC0 -> jump(rest, b &&& 0x1F, count)
      b when b in [0xCC, 0xD0] -> jump(rest, 1, count)
      b when b in [0xCD, 0xD1] -> jump(rest, 2, count)
      b when b in [0xCA, 0xCE, 0xD2] -> jump(rest, 4, count)
      b when b in [0xCB, 0xCF, 0xD3] -> jump(rest, 8, count)
      b when b in 0xD4..0xD8 -> jump(rest, 1 + (1 <<< (b - 0xD4)), count)
      b -> sized(b, rest, count)
    end
  end

  def skip(<<>>, _count), do: :error

  defp sized(b, <<n, rest::binary>>, count) when b in [0xC4, 0xD9], do: jump(rest, n, count)
  defp sized(b, <<n::16, rest::binary>>, count) when b in [0xC5, 0xDA], do: jump(rest, n, count)
  defp sized(b, <<n::32, rest::binary>>, count) when b in [0xC6, 0xDB], do: jump(rest, n, count)
  defp sized(0xC7, <<n, rest::binary>>, count), do: jump(rest, n + 1, count)
  defp sized(0xC8, <<n::16, rest::binary>>, count), do: jump(rest, n + 1, count)
  defp sized(0xC9, <<n::32, rest::binary>>, count), do: jump(rest, n + 1, count)
  defp sized(0xDC, <<n::16, rest::binary>>, count), do: skip(rest, count - 1 + n)
  defp sized(0xDD, <<n::32, rest::binary>>, count), do: skip(rest, count - 1 + n)
  defp sized(0xDE, <<n::16, rest::binary>>, count), do: skip(rest, count - 1 + 2 * n)
  defp sized(0xDF, <<n::32, rest::binary>>, count), do: skip(rest, count - 1 + 2 * n)
  defp sized(_b, _rest, _count), do: :error

  defp jump(bytes, size, count) do
    case bytes do
      <<_::binary-size(size), rest::binary>> -> skip(rest, count - 1)
      _short -> :error
    end
  end
end
