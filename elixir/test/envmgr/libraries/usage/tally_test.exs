defmodule Envmgr.Libraries.Usage.TallyTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.Usage.Tally

  @second 1_000_000_000

  test "the last call is known to a second, the first one at once" do
    tally = Tally.new()
    Tally.add(tally, -5 * @second, -4 * @second)
    assert Tally.last(tally) == -4 * @second
    Tally.add(tally, -4 * @second, -4 * @second + 5)
    assert Tally.last(tally) == -4 * @second
    Tally.add(tally, -4 * @second, -2 * @second)
    assert Tally.last(tally) == -2 * @second
  end

  test "what is taken away is exactly what was read, whoever counts meanwhile" do
    tally = Tally.new()
    Tally.add(tally, 0, 1_000)
    Tally.failed(tally, :resource)
    Tally.failed(tally, nil)
    Tally.cached(tally)
    assert {buckets, %{resource: 1, internal: 1}, 1} = read = Tally.read(tally)
    assert Map.values(buckets) == [1]
    Tally.add(tally, 0, 1_000)
    Tally.failed(tally, :resource)
    Tally.take(tally, read)
    assert Tally.read(tally) == {buckets, %{resource: 1}, 0}
  end
end
