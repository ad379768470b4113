defmodule Envmgr.Calls.Sessions.BookTest do
  use ExUnit.Case, async: true

  alias Envmgr.Calls.Sessions.Book

  test "a worker that its last session has left has no row, whether it ends or not" do
    table = :ets.new(:book, [:public])
    owner = spawn(fn -> :ok end)
    for id <- ["a", "b"], do: Book.register(table, id, self())
    for id <- ["a", "b"], do: Book.enter(table, id, [owner], owner)
    assert Book.count(table, owner) == 2
    Book.clean(table, "a", self())
    assert Book.count(table, owner) == 1
    Book.clean(table, "b", self())
    assert :ets.tab2list(table) == []
  end
end
