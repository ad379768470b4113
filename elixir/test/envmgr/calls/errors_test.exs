defmodule Envmgr.Calls.ErrorsTest do
  use ExUnit.Case, async: true

  alias Envmgr.Calls.Errors
  alias Envmgr.Calls.Errors.Windows
  alias Envmgr.Error

  @start 1_800_000_000
  @minute 60

  setup do
    instance = :"errors#{System.unique_integer([:positive])}"
    :ets.new(instance, [:named_table, :public])
    Errors.open(instance)
    %{instance: instance}
  end

  defp note(instance, error, at), do: Errors.note(instance, error, at * 1000)

  defp error(fields) do
    struct!(
      %Error{code: :exception, message: "no", path: "m.f", library: "m", type: "OSError"},
      fields
    )
  end

  test "by path, code and type, in windows of time", %{instance: instance} do
    for ago <- [30, 5 * @minute, 10 * @minute, 30 * @minute, 20 * 60 * @minute, 25 * 60 * @minute],
        do: note(instance, error(correlation: "c#{ago}", message: "m#{ago}"), @start - ago)

    note(instance, error(type: "KeyError"), @start)
    note(instance, %Error{code: :timeout, path: "m.g", message: "late"}, @start - @minute)
    assert [first, other, third] = Errors.read(instance, @start * 1000)

    assert %{path: "m.f", library: "m", type: "OSError", code: :exception, class: :library} =
             first

    assert %{count: 6, minute: 1, quarter_hour: 3, day: 5, spike: nil} = first
    assert first.first == DateTime.from_unix!((@start - 30) * 1000, :millisecond)
    assert length(first.recent) == 5

    assert %{type: "KeyError", minute: 1} = other
    assert %{path: "m.g", code: :timeout, class: :resource, minute: 0, quarter_hour: 1} = third
  end

  test "the last five are kept, without secrets", %{instance: instance} do
    for n <- 1..8 do
      message = "https://ann:s3cr3t@example.org #{n} " <> String.duplicate("x", 500)
      note(instance, error(correlation: "c#{n}", message: message), @start + n)
    end

    assert [%{recent: recent, message: message} = row] =
             Errors.read(instance, (@start + 8) * 1000)

    assert Enum.map(recent, & &1.correlation) == ~w(c8 c7 c6 c5 c4)
    assert message =~ "example.org 8" and String.length(message) == 301
    refute message =~ "s3cr3t"
    assert row.last == DateTime.from_unix!((@start + 8) * 1000, :millisecond)
  end

  test "no more than 500: who was not seen for longest goes", %{instance: instance} do
    for n <- 1..520, do: note(instance, error(path: "m.f#{n}"), @start + n)
    paths = for row <- Errors.read(instance, (@start + 520) * 1000), do: row.path
    assert length(paths) == 500
    assert "m.f520" in paths and "m.f21" in paths
    refute "m.f20" in paths
    note(instance, error(path: String.duplicate("p", 5000)), @start + 600)
    assert String.duplicate("p", 200) in for(row <- Errors.read(instance), do: row.path)
  end

  test "counted by many at once, none lost", %{instance: instance} do
    1..16
    |> Enum.map(fn _ ->
      Task.async(fn -> for _ <- 1..500, do: note(instance, error([]), @start) end)
    end)
    |> Task.await_many(60_000)

    assert [%{count: 8_000, minute: 8_000}] = Errors.read(instance, @start * 1000)
  end

  test "an instance that does not run counts nothing" do
    assert :ok = Errors.note(:no_instance, error([]))
  end

  test "a spike: ten in a minute, and five times the mean before" do
    windows = Windows.new()
    for n <- 1..9, do: add(windows, @start + n)
    refute Windows.spike(windows, @start + 9)
    add(windows, @start + 10)
    assert {10, +0.0} = Windows.spike(windows, @start + 10)
    assert Windows.spiked(windows) == @start + 10
    # Once: what goes on is the same one, and later ones have it among what was before.
    for n <- 11..40, do: add(windows, @start + n)
    refute Windows.spike(windows, @start + 40)
    later = @start + 16 * @minute
    for n <- 1..10, do: add(windows, later + n)
    assert {10, +0.0} = Windows.spike(windows, later + 10)
  end

  test "what comes always is no spike, until it comes far more often" do
    windows = Windows.new()
    for minute <- 0..13, n <- 0..9, do: add(windows, @start + minute * @minute + n)
    now = @start + 14 * @minute
    for _ <- 1..49, do: add(windows, now)
    refute Windows.spike(windows, now)
    add(windows, now)
    assert {50, 10.0} = Windows.spike(windows, now)
  end

  test "one of many callers is told" do
    windows = Windows.new()
    for _ <- 1..20, do: add(windows, @start)

    told =
      1..50
      |> Enum.map(fn _ -> Task.async(fn -> Windows.spike(windows, @start) end) end)
      |> Task.await_many(60_000)
      |> Enum.reject(&is_nil/1)

    assert length(told) == 1
  end

  test "slots of another day count no more" do
    windows = Windows.new()
    for _ <- 1..5, do: add(windows, @start)
    assert %{count: 5, minute: 5, day: 5} = Windows.read(windows, @start)
    # The same places of the rings, a round later.
    assert %{count: 5, minute: 0, quarter_hour: 0, day: 0} =
             Windows.read(windows, @start + 86_400)

    add(windows, @start + 86_400)
    assert %{count: 6, minute: 1, day: 1} = Windows.read(windows, @start + 86_400)
  end

  defp add(windows, at), do: Windows.add(windows, at)
end
