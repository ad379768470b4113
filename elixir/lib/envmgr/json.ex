defmodule Envmgr.JSON do
  # JSON (RFC 8259) for the mix tasks and the shared golden vectors: OTP 25 has none.
  @moduledoc false

  @doc """
  The value of a JSON text. Objects become maps with string keys, the last of equal keys wins; nesting is bounded.

      iex> Envmgr.JSON.decode(~s({"a": [1, 2.5, null]}))
      {:ok, %{"a" => [1, 2.5, nil]}}
  """
  @spec decode(String.t()) :: {:ok, term()} | {:error, String.t()}
  def decode(text) when is_binary(text) do
    case value(space(text), 256) do
      {value, rest} ->
        if space(rest) == "", do: {:ok, value}, else: bad(rest)
    end
  catch
    {:json, rest} ->
      {:error, "not JSON at byte #{byte_size(text) - byte_size(rest)}"}
  end

  defp value(rest, 0), do: bad(rest)
  defp value("null" <> rest, _depth), do: {nil, rest}
  defp value("true" <> rest, _depth), do: {true, rest}
  defp value("false" <> rest, _depth), do: {false, rest}
  defp value("\"" <> rest, _depth), do: string(rest, [])
  defp value("[" <> rest, depth), do: array(space(rest), depth - 1)
  defp value("{" <> rest, depth), do: object(space(rest), depth - 1)
  defp value(text, _depth), do: number(text)

  defp array("]" <> rest, _depth), do: {[], rest}
  defp array(rest, depth), do: elements(rest, depth, [])

  defp elements(rest, depth, acc) do
    {value, rest} = value(rest, depth)

    case space(rest) do
      "," <> rest -> elements(space(rest), depth, [value | acc])
      "]" <> rest -> {Enum.reverse([value | acc]), rest}
      rest -> bad(rest)
    end
  end

  defp object("}" <> rest, _depth), do: {%{}, rest}
  defp object(rest, depth), do: members(rest, depth, [])

  defp members("\"" <> rest, depth, acc) do
    {key, rest} = string(rest, [])

    with ":" <> rest <- space(rest),
         {value, rest} <- value(space(rest), depth) do
      case space(rest) do
        "," <> rest -> members(space(rest), depth, [{key, value} | acc])
        "}" <> rest -> {Map.new(Enum.reverse([{key, value} | acc])), rest}
        rest -> bad(rest)
      end
    else
      rest -> bad(rest)
    end
  end

  defp members(rest, _depth, _acc), do: bad(rest)

  defp string("\"" <> rest, acc), do: {acc |> Enum.reverse() |> IO.iodata_to_binary(), rest}
  defp string("\\u" <> rest, acc), do: unicode(rest, acc)

  for {letter, char} <- [
        {"\"", "\""},
        {"\\", "\\"},
        {"/", "/"},
        {"b", "\b"},
        {"f", "\f"},
        {"n", "\n"},
        {"r", "\r"},
        {"t", "\t"}
      ] do
    defp string("\\" <> unquote(letter) <> rest, acc), do: string(rest, [unquote(char) | acc])
  end

  defp string(<<c::utf8, rest::binary>>, acc) when c >= 0x20 and c != ?\\,
    do: string(rest, [<<c::utf8>> | acc])

  defp string(rest, _acc), do: bad(rest)

  defp unicode(text, acc) do
    case hex(text) do
      {high, "\\u" <> rest} when high in 0xD800..0xDBFF ->
        case hex(rest) do
          {low, rest} when low in 0xDC00..0xDFFF ->
            string(rest, [<<0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00)::utf8>> | acc])

          _lone ->
            bad(text)
        end

      {code, rest} when code not in 0xD800..0xDFFF ->
        string(rest, [<<code::utf8>> | acc])

      _lone ->
        bad(text)
    end
  end

  defp hex(<<digits::binary-size(4), rest::binary>> = text) do
    case Integer.parse(digits, 16) do
      {code, ""} when code >= 0 -> {code, rest}
      _ -> bad(text)
    end
  end

  defp hex(text), do: bad(text)

  defp number(text) do
    case Regex.run(~r/\A-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/, text) do
      [whole] -> {String.to_integer(whole), after_number(text, whole)}
      [whole, fraction | _exponent] -> {float(text, whole, fraction), after_number(text, whole)}
      nil -> bad(text)
    end
  end

  # Erlang reads no float without a fraction: 1e5 is written 1.0e5.
  defp float(text, whole, fraction) do
    padded =
      if fraction == "", do: String.replace(whole, ~r/(?=[eE])/, ".0", global: false), else: whole

    String.to_float(padded)
  rescue
    ArgumentError -> bad(text)
  end

  defp after_number(text, number),
    do: binary_part(text, byte_size(number), byte_size(text) - byte_size(number))

  defp space(<<c, rest::binary>>) when c in ' \t\n\r', do: space(rest)
  defp space(rest), do: rest

  defp bad(rest), do: throw({:json, rest})

  @doc """
  The JSON text of `nil`, booleans, numbers, texts, lists and maps with texts or atoms as keys; keys are sorted.

      iex> Envmgr.JSON.encode(%{b: [1, nil], a: "\\n"}) |> IO.iodata_to_binary()
      ~S({"a":"\\n","b":[1,null]})
  """
  @spec encode(term()) :: iodata()
  def encode(nil), do: "null"
  def encode(value) when is_boolean(value), do: Atom.to_string(value)
  def encode(value) when is_number(value), do: to_string(value)
  def encode(value) when is_binary(value), do: [?", escaped(value), ?"]
  def encode(value) when is_list(value), do: [?[, value |> Enum.map(&encode/1) |> commas(), ?]]

  def encode(value) when is_map(value) do
    members =
      for {key, value} <- Enum.sort_by(value, &to_string(elem(&1, 0))),
          do: [encode(to_string(key)), ?:, encode(value)]

    [?{, commas(members), ?}]
  end

  defp commas(items), do: Enum.intersperse(items, ?,)

  # A file's name may be no text at all.
  defp escaped(<<c::utf8, rest::binary>>) when c in [?", ?\\], do: [?\\, c | escaped(rest)]
  defp escaped("\n" <> rest), do: ["\\n" | escaped(rest)]

  defp escaped(<<c::utf8, rest::binary>>) when c < 0x20,
    do: ["\\u00", String.pad_leading(Integer.to_string(c, 16), 2, "0") | escaped(rest)]

  defp escaped(<<c::utf8, rest::binary>>), do: [<<c::utf8>> | escaped(rest)]
  defp escaped(<<_byte, rest::binary>>), do: ["\\uFFFD" | escaped(rest)]
  defp escaped(""), do: []
end
