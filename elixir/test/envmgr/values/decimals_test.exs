defmodule Envmgr.Values.DecimalsTest do
  # Alone, as it defines a `Decimal` for the whole VM, with the fields of the package's.
  use ExUnit.Case, async: false

  alias Envmgr.Values.{Decoder, Encoder, Refusal}

  setup_all do
    refute Code.ensure_loaded?(Decimal)
    Code.compile_string("defmodule Decimal do defstruct sign: 1, coef: 0, exp: 0 end")

    on_exit(fn ->
      :code.purge(Decimal)
      :code.delete(Decimal)
    end)
  end

  defp decimal(sign, coef, exp), do: struct(Decimal, sign: sign, coef: coef, exp: exp)

  defp decode(text), do: Decoder.decode(<<0xC7, byte_size(text), 8, text::binary>>)

  defp encode(value) do
    with {:ok, data} <- Encoder.encode(value) do
      [_header | text] = data
      text
    end
  end

  # What Python's str() gives for Decimal((sign, digits, exponent)).
  @cases [
    {"0", 1, 0, 0},
    {"-0", -1, 0, 0},
    {"0E+2", 1, 0, 2},
    {"0.00", 1, 0, -2},
    {"0E-7", 1, 0, -7},
    {"1.50", 1, 150, -2},
    {"-1.250", -1, 1250, -3},
    {"123", 1, 123, 0},
    {"1.23E+4", 1, 123, 2},
    {"1E+30", 1, 1, 30},
    {"0.000001", 1, 1, -6},
    {"1E-7", 1, 1, -7},
    {"0.00000123", 1, 123, -8},
    {"1.23E-7", 1, 123, -9},
    {"NaN", 1, :NaN, 0},
    {"-NaN", -1, :NaN, 0},
    {"Infinity", 1, :inf, 0},
    {"-Infinity", -1, :inf, 0}
  ]

  for {text, sign, coef, exp} <- @cases do
    test "#{text} is the host's Decimal, there and back" do
      decimal = decimal(unquote(sign), unquote(coef), unquote(exp))
      assert decode(unquote(text)) === {:ok, decimal}
      assert encode(decimal) == unquote(text)
    end
  end

  test "what it cannot hold is Envmgr's" do
    long = String.duplicate("1", 10_001)

    for text <- ["sNaN", "-sNaN12", "NaN7"] do
      assert decode(text) === {:ok, %Envmgr.Decimal{text: text}}
      assert encode(%Envmgr.Decimal{text: text}) == text
    end

    assert Decoder.decode(<<0xC8, 10_001::16, 8, long::binary>>) ==
             {:ok, %Envmgr.Decimal{text: long}}
  end

  test "malformed ones are refused" do
    for value <- [
          decimal(1, -1, 0),
          decimal(1, 1.5, 0),
          decimal(1, :qNaN, 0),
          %{__struct__: Decimal}
        ] do
      assert {:error, %Refusal{python: "a decimal.Decimal"}} = Encoder.encode(value)
    end
  end

  test "random ones come back as they went" do
    :rand.seed(:exsss, {2026, 4, 5})

    for _ <- 1..500 do
      decimal =
        decimal(
          Enum.random([1, -1]),
          :rand.uniform(10 ** :rand.uniform(30)),
          :rand.uniform(80) - 40
        )

      assert decode(encode(decimal)) === {:ok, decimal}
    end
  end
end
