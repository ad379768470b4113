defmodule Envmgr.Values.Decimals do
  # Python's text of a decimal, `%Envmgr.Decimal{}`, and the `Decimal` of the package of that name, which the host application
  # may have: so it is looked for when it is needed, not when this is compiled.
  @moduledoc false

  alias Envmgr.Values.Refusal

  @number ~r/\A([+-]?)(\d+)(?:\.(\d*))?(?:[Ee]([+-]?\d{1,20}))?\z/
  @digits 10_000
  @loadable {__MODULE__, :loadable}

  @doc "What a decoder makes of Python's text; nil where it is none."
  @spec read(String.t()) :: struct() | nil
  def read(text) do
    case parse(text) do
      nil ->
        nil

      {sign, coef, exp} when coef != :other ->
        host(sign, coef, exp) || %Envmgr.Decimal{text: text}

      _other ->
        %Envmgr.Decimal{text: text}
    end
  end

  @doc "The text that Python reads."
  @spec write(struct()) :: String.t()
  def write(%Envmgr.Decimal{text: text}) do
    if is_binary(text) and parse(text),
      do: text,
      else: refuse("an Envmgr.Decimal", "#{Refusal.show(text)} is no number")
  end

  def write(%{sign: sign, coef: coef, exp: exp}) do
    minus = if sign == -1, do: "-", else: ""

    cond do
      coef == :NaN -> minus <> "NaN"
      coef == :inf -> minus <> "Infinity"
      is_integer(coef) and coef >= 0 and is_integer(exp) -> minus <> scientific(coef, exp)
      true -> refuse("a Decimal", "its parts are malformed")
    end
  end

  def write(_malformed), do: refuse("a Decimal", "its parts are malformed")

  @doc "As an exact ratio; nil where it has none or where that is beyond measure."
  @spec ratio(struct()) :: {integer(), pos_integer()} | nil
  def ratio(decimal) do
    case decimal |> write() |> parse() do
      {sign, coef, exp} when is_integer(coef) and exp in 0..400 -> {sign * coef * 10 ** exp, 1}
      {sign, coef, exp} when is_integer(coef) and exp in -400..-1 -> {sign * coef, 10 ** -exp}
      _other -> nil
    end
  end

  defp parse("NaN"), do: {1, :NaN, 0}
  defp parse("-NaN"), do: {-1, :NaN, 0}
  defp parse("Infinity"), do: {1, :inf, 0}
  defp parse("-Infinity"), do: {-1, :inf, 0}

  defp parse(text) do
    case Regex.run(@number, text) do
      [_, sign, whole | rest] -> number(if(sign == "-", do: -1, else: 1), whole, rest)
      nil -> if text =~ ~r/\A-?s?NaN\d*\z/, do: {1, :other, 0}
    end
  end

  defp number(sign, whole, rest) do
    fraction = Enum.at(rest, 0, "")
    exp = rest |> Enum.at(1, "0") |> String.to_integer()

    # Reading digits takes time by their square.
    if byte_size(whole) + byte_size(fraction) > @digits,
      do: {sign, :other, 0},
      else: {sign, String.to_integer(whole <> fraction), exp - byte_size(fraction)}
  end

  @doc "The host's `Decimal` of these parts; nil where the host has none."
  @spec host(1 | -1, non_neg_integer() | :NaN | :inf, integer()) :: struct() | nil
  def host(sign, coef, exp),
    do: if(host?(), do: struct(Decimal, sign: sign, coef: coef, exp: exp))

  # That there is none is asked of the code server once: it searches the disk each time.
  defp host? do
    :erlang.module_loaded(Decimal) or
      case :persistent_term.get(@loadable, nil) do
        nil -> load()
        loadable? -> loadable?
      end
  end

  defp load do
    loaded? = Code.ensure_loaded?(Decimal)
    :persistent_term.put(@loadable, loaded?)
    loaded?
  end

  # As Python's str() writes it, so that the same number has the same bytes from either side.
  defp scientific(coef, exp) do
    digits = Integer.to_string(coef)
    length = byte_size(digits)
    point = length + exp

    cond do
      exp == 0 ->
        digits

      exp < 0 and point > 0 ->
        {whole, fraction} = String.split_at(digits, point)
        whole <> "." <> fraction

      exp < 0 and point > -6 ->
        "0." <> String.duplicate("0", -point) <> digits

      true ->
        {first, others} = String.split_at(digits, 1)
        mantissa = if others == "", do: first, else: first <> "." <> others
        power = point - 1
        "#{mantissa}E#{if power >= 0, do: "+"}#{power}"
    end
  end

  defp refuse(elixir, reason), do: Refusal.refuse(elixir, "a decimal.Decimal", reason)
end
