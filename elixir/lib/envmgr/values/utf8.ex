defmodule Envmgr.Values.UTF8 do
  @moduledoc false

  @doc "`String.valid?/1`, quick for ASCII, which is most of what is sent: that one walks code points in Elixir code."
  @spec valid?(binary()) :: boolean()
  def valid?(<<a, b, c, d, e, f, g, h, rest::binary>>)
      when a < 128 and b < 128 and c < 128 and d < 128 and e < 128 and f < 128 and g < 128 and
             h < 128,
      do: valid?(rest)

  def valid?(<<a, b, c, rest::binary>>) when a < 128 and b < 128 and c < 128, do: valid?(rest)
  def valid?(<<a, rest::binary>>) when a < 128, do: valid?(rest)
  def valid?(<<>>), do: true
  def valid?(text), do: String.valid?(text)

  @doc "Whether it is UTF-8 but for surrogates, which stand as three bytes each."
  @spec wtf8?(binary()) :: boolean()
  def wtf8?(<<_::utf8, rest::binary>>), do: wtf8?(rest)

  def wtf8?(<<0xED, b, c, rest::binary>>) when b in 0xA0..0xBF and c in 0x80..0xBF,
    do: wtf8?(rest)

  def wtf8?(<<>>), do: true
  def wtf8?(_other), do: false
end
