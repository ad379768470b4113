defmodule Envmgr.Calls.TellingTest do
  use ExUnit.Case, async: true

  alias Envmgr.Calls.Telling
  alias Envmgr.Error

  @parameters [["host", 1, nil], ["password", 1, nil], ["args", 2, nil], ["port", 3, "5432"]]

  test "an error is completed by class, signature and arguments, and says no secret" do
    error = %Error{
      code: :arguments,
      path: "db.connect",
      message: "hunter2! does not fit",
      hint: "not hunter2!"
    }

    error = Telling.complete(error, ["db", "hunter2!", 3], [{"port", nil}], @parameters)
    assert {error.class, error.retry} == {:usage, false}
    assert error.signature == "db.connect(host, password, *args, port=5432)"

    assert error.arguments == [
             {"host", ~s("db")},
             {"password", "[redacted]"},
             {2, "3"},
             {"port", "nil"}
           ]

    assert {error.message, error.hint} == {"[redacted] does not fit", "not [redacted]"}
  end

  test "arguments that hold a part many times over, or a huge integer, are told in a moment" do
    bomb = Enum.reduce(1..60, "a secret text", fn _, part -> List.duplicate(part, 60) end)
    huge = Integer.pow(2, 3_000_000)
    error = %Error{code: :conversion, message: "it was visible, too large"}
    args = [%{"data" => bomb, "password" => "visible"}, huge]
    error = Telling.complete(error, args, [], nil)
    assert error.message == "it was [redacted], too large"
    assert [_bomb, {1, "an integer of 3000001 bits"}] = error.arguments
  end

  test "what is known already stays" do
    error = %Error{code: :exception, class: :policy, message: "m", arguments: [{0, "1"}]}
    assert Telling.complete(error, ["x"], [], nil) == error

    assert %Error{class: :resource, retry: true} =
             Telling.complete(%Error{code: :timeout}, [], [], nil)

    assert %Error{class: :internal} = Telling.complete(%Error{code: :strange}, [], :chain, nil)
  end

  test "every documented code has a class" do
    documented =
      for [_, code] <- Regex.scan(~r/`:(\w+)`/, Enum.join(table())), do: String.to_atom(code)

    assert Enum.sort(Error.codes()) -- documented == []
  end

  defp table do
    {:docs_v1, _, _, _, %{"en" => text}, _, _} = Code.fetch_docs(Error)
    text |> String.split("\n") |> Enum.filter(&String.starts_with?(&1, "| `:"))
  end
end
