defmodule Envmgr.Values.SecretsTest do
  use ExUnit.Case, async: true

  alias Envmgr.JSON
  alias Envmgr.Values.{Secrets, Summary}

  @vectors Path.expand("../../../../tests/wire/secrets.json", __DIR__)

  setup_all do
    {:ok, vectors} = @vectors |> File.read!() |> JSON.decode()
    %{vectors: vectors}
  end

  test "names, as in Python", %{vectors: %{"names" => names}} do
    for {name, secret?} <- names, do: assert({name, Secrets.name?(name)} == {name, secret?})
    assert Secrets.name?(:api_key)
    refute Secrets.name?(nil)
    refute Secrets.name?(1)
    refute Secrets.name?(String.duplicate("token", 30))
  end

  test "looks, as in Python", %{vectors: %{"texts" => texts}} do
    for [text, redacted] <- texts, do: assert(Secrets.redact(text) == redacted)
  end

  test "what stands under a secret's name is found wherever it is said again" do
    secrets =
      Secrets.in_arguments([
        {"password", "hunter2!"},
        {"headers", %{"X-Api-Key" => "k-12345", "Accept" => "text"}},
        {"options", [token: "tok-1", auth: {"bob", "secret-pass"}]},
        {"pin_secret", "abc"},
        {0, ["plain"]}
      ])

    assert Enum.sort(secrets) == ["hunter2!", "k-12345", "secret-pass", "tok-1"]
    assert Secrets.redact("no user with hunter2!", secrets) == "no user with [redacted]"
  end

  test "summaries are short, and say no secret" do
    for {term, text} <- [
          {nil, "nil"},
          {[1, 2.5, :a], "[1, 2.5, :a]"},
          {Enum.to_list(1..9), "[1, 2, 3, 4, 5, … 4 more]"},
          {[1 | 2], "an improper list"},
          {%{"a" => 1, "password" => "x"}, ~s(%{"a" => 1, "password" => [redacted]})},
          {[token: "abc"], "[{:token, [redacted]}]"},
          {{1, 2, 3}, "{1, 2, 3}"},
          {<<255>>, "1 bytes, no text"},
          {"postgres://a:b@c", ~s("postgres://[redacted]@c")},
          {Envmgr.bytes("abc"), "3 bytes"},
          {Envmgr.Array.from_list([[1, 2]]), ~s(an array of "int64", shape {1, 2})},
          {Envmgr.Frame.new(%{a: [1]}), "a frame of 1 rows and 1 columns"},
          {~D[2024-01-31], "~D[2024-01-31]"},
          {%URI{}, "%URI{}"},
          {[[[[1]]]], "[[[[…]]]]"},
          {fn x -> x end, "a function of 1 arguments"},
          {self(), "a process"},
          {Bitwise.bsl(1, 300), "an integer of 301 bits"},
          {-5, "-5"}
        ],
        do: assert(Summary.of(term) == text)

    assert Summary.of("abc", "api_key") == "[redacted]"
    assert Summary.of(nil, "api_key") == "nil"
    assert Summary.of(String.duplicate("x", 500)) =~ "… (500 bytes)"
    assert String.length(Summary.of(List.duplicate(String.duplicate("y", 79), 5))) <= 301
  end
end
