defmodule Envmgr.Values.Frames.Decimals do
  # Decimals from a whole number and its scale: `Decimal` where the host has it.
  @moduledoc false

  alias Envmgr.Values.Decimals

  @doc "coefficient × 10^-scale"
  @spec new(integer(), integer()) :: struct()
  def new(coefficient, scale) do
    Decimals.host(sign(coefficient), abs(coefficient), -scale) ||
      %Envmgr.Decimal{text: text(coefficient, scale)}
  end

  @doc "As Python writes it."
  @spec text(integer(), integer()) :: String.t()
  def text(coefficient, scale) when coefficient < 0, do: "-" <> text(-coefficient, scale)
  def text(coefficient, 0), do: Integer.to_string(coefficient)
  def text(coefficient, scale) when scale < 0, do: "#{coefficient}E+#{-scale}"

  def text(coefficient, scale) do
    digits = coefficient |> Integer.to_string() |> String.pad_leading(scale + 1, "0")
    {whole, fraction} = String.split_at(digits, -scale)
    whole <> "." <> fraction
  end

  @doc "`{coefficient, scale}`, or nil for what is no finite number."
  @spec parts(struct()) :: {integer(), integer()} | nil
  def parts(%{__struct__: Decimal, sign: sign, coef: coefficient, exp: exponent})
      when is_integer(coefficient),
      do: {sign * coefficient, -exponent}

  def parts(%Envmgr.Decimal{text: text}) do
    case Regex.run(~r/\A([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?\z/, text) do
      [_all, sign, whole | rest] when whole != "" or rest != [] ->
        fraction = Enum.at(rest, 0, "")
        exponent = rest |> Enum.at(1, "0") |> String.to_integer()
        coefficient = String.to_integer("0" <> whole <> fraction)
        {if(sign == "-", do: -coefficient, else: coefficient), byte_size(fraction) - exponent}

      _none ->
        nil
    end
  end

  def parts(_other), do: nil

  defp sign(coefficient), do: if(coefficient < 0, do: -1, else: 1)
end
