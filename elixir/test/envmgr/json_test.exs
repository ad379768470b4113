defmodule Envmgr.JSONTest do
  use ExUnit.Case, async: true
  doctest Envmgr.JSON

  alias Envmgr.JSON

  @good [
    {"null", nil},
    {" [1, -2, 3.5, 1e3, -1.5E-2] ", [1, -2, 3.5, 1000.0, -0.015]},
    {~s({"a": {"b": []}, "c": ""}), %{"a" => %{"b" => []}, "c" => ""}},
    {~S("\"\\\/\b\f\n\r\t\u00e4\ud834\udd1e"), "\"\\/\b\f\n\r\tä𝄞"},
    {"123456789012345678901234567890", 123_456_789_012_345_678_901_234_567_890},
    {"[true,false]", [true, false]},
    {"{}", %{}}
  ]

  @bad [
         "",
         "nul",
         "[1,]",
         "[1 2]",
         "{\"a\"}",
         "{a: 1}",
         "\"",
         ~S("\x"),
         ~S("\ud834"),
         "01",
         "1.",
         "+1",
         "[",
         "1 2"
       ] ++
         ["\"\n\"", "1e999", "{\"a\":1,}", "-", ~S("\u12"), String.duplicate("[", 1_000)]

  for {text, value} <- @good do
    test "reads #{text}",
      do: assert(JSON.decode(unquote(text)) == {:ok, unquote(Macro.escape(value))})
  end

  for text <- @bad do
    test "refuses #{inspect(String.slice(text, 0, 20))}" do
      assert {:error, "not JSON at byte " <> _} = JSON.decode(unquote(text))
    end
  end
end
