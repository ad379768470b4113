defmodule Envmgr.Values.FuzzTest do
  # Alone, as it watches the atoms and the memory of the whole VM.
  use ExUnit.Case, async: false

  alias Envmgr.Test.Fuzz

  test "frames that nobody wrote" do
    assert {:ok, %{ok: ok, error: error}} = Fuzz.run(5_000, 2026)
    assert ok > 500 and error > 500
  end
end
