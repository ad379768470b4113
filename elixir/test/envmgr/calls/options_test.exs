defmodule Envmgr.Calls.OptionsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Calls.Options

  test "what an option may be is told with what was wrong" do
    for {option, words} <- [
          {{:as, :reff}, ":reff is no value of the option as: it is :value or :ref"},
          {{:timeout, "x"},
           ~s("x" is no value of the option timeout: it is milliseconds (at most 4294967295\) or :infinity)},
          {{:trace, 1}, "1 is no value of the option trace: it is true or false"},
          {{:output, :stdout},
           ":stdout is no value of the option output: it is :log, :metadata, :ignore or a pid"},
          {{:correlation, ""},
           ~s("" is no value of the option correlation: it is a text of 1 to 200 bytes)},
          {{:tracee, true}, "unknown option tracee, did you mean trace?"}
        ] do
      assert {:error, %{code: :arguments, message: ^words}} = Options.parse([option])
    end
  end
end
