defmodule Envmgr.Command.AnswerTest do
  use ExUnit.Case, async: true

  alias Envmgr.Command.Answer
  alias Envmgr.Error

  test "the last line that is an answer counts" do
    fine = ~s({"schema": 1, "command": "sync", "ok": true, "data": [1]})
    assert Answer.parse(fine, 0) == {:ok, [1]}
    assert Answer.parse("{}\nwarning: {\n#{fine}\n  note\n", 0) == {:ok, [1]}
  end

  test "an error keeps its code, hint and evidence" do
    error =
      ~s({"code": "E-DISK", "message": "full", "hint": "make room", "details": {"path": "x"}})

    assert {:error, %Error{code: :sync} = error} =
             Answer.parse(~s({"schema": 1, "ok": false, "error": #{error}}), 4)

    assert Exception.message(error) == "full\n\nhint: make room"
    assert error.details == %{"code" => "E-DISK", "path" => "x"}
  end

  test "no answer, or one of another schema: the status and the last lines" do
    output = Enum.map_join(1..30, "\n", &"line #{&1}") <> ~s(\n{"schema": 2, "ok": true})
    assert {:error, %Error{code: :sync, message: message}} = Answer.parse(output, 137)
    assert message =~ "ended with status 137 and no answer\n  line 12\n"
    assert message =~ ~s({"schema": 2)
  end
end
