defmodule Envmgr.SeriesTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Object, Series}
  alias Envmgr.Values.Frames

  doctest Envmgr.Series

  test "new/2" do
    series = Series.new(["a", nil], name: "s")

    assert {series.kind, series.dtype, series.name, series.rows} ==
             {"pandas.Series", "str", "s", 2}

    assert Series.new([1], type: "float32").dtype == "float32"
    assert Series.new([1], as: "pandas.Index").meta == %{"rows" => 1, "class" => "Index"}
    assert {:ok, parts} = Frames.encode(series)
    assert parts == ["pandas.Series", %{"rows" => 2}, [["s", "str", ["a", nil]]], nil, nil]
    assert Frames.decode(parts) == {:ok, series}
    assert_raise ArgumentError, ~r/as: is/, fn -> Series.new([], as: "pandas.DataFrame") end
    assert_raise ArgumentError, ~r/a list or an array/, fn -> Series.new("abc") end
  end

  test "an index with labels of its own" do
    index = Series.new([~N[2026-01-01 00:00:00]], as: "pandas.Index")

    {:ok, series} =
      Frames.decode(["pandas.Series", %{"rows" => 1}, [[nil, "object", [5]]], index, nil])

    assert Series.index(series) == [~N[2026-01-01 00:00:00]]
    assert Series.to_list(series) == [5]
    assert inspect(series) == "#Envmgr.Series<pandas.Series object of 1>"
  end

  test "a multi-index is a list of tuples" do
    level = fn values, codes ->
      %Object{
        type: "pandas.Categorical",
        parts: %{
          "codes" => %Array{dtype: "int8", shape: {3}, data: codes},
          "categories" => Series.new(values, as: "pandas.Index"),
          "ordered" => false
        }
      }
    end

    columns = [
      ["l", "category", level.(["x", "y"], <<0, 0, 1>>)],
      [nil, "category", level.([1, 2], <<0, 1, 255>>)]
    ]

    {:ok, index} = Frames.decode(["pandas.MultiIndex", %{"rows" => 3}, columns, nil, nil])
    assert Series.to_list(index) == [{"x", 1}, {"x", 2}, {"y", nil}]
    assert inspect(index) == "#Envmgr.Series<pandas.MultiIndex of 3: \"l\", nil>"
  end

  test "objects that have a counterpart" do
    object = fn type, parts -> Object.to_elixir(%Object{type: type, parts: parts}) end

    assert object.("pandas.Timedelta", %{"value" => 1_500, "unit" => "ns"}) == %Envmgr.Timedelta{
             microseconds: 1
           }

    assert object.("pandas.Interval", %{"left" => 0, "right" => 1.5, "closed" => "left"}) ==
             {0, 1.5, "left"}

    stamp = %{"value" => 0, "unit" => "s", "zone" => 7_200_000_000, "fold" => 0}

    assert %DateTime{hour: 2, utc_offset: 7200, time_zone: "UTC+02:00"} =
             object.("pandas.Timestamp", stamp)

    assert %Object{} = object.("pandas.Timestamp", %{stamp | "unit" => "Y"})
    assert %Object{} = object.("pandas.Period", %{"ordinal" => 1, "freq" => "D"})
  end

  test "sparse arrays are what they store" do
    array = fn numbers -> Array.from_list(numbers, dtype: "int32") end

    parts = %{
      "class" => "csr_matrix",
      "shape" => {2, 3},
      "data" => array.([7, 8, 9]),
      "indices" => array.([0, 2, 1]),
      "indptr" => array.([0, 2, 3])
    }

    entries = [{0, 0, 7}, {0, 2, 8}, {1, 1, 9}]
    assert Object.to_elixir(%Object{type: "scipy.sparse", parts: parts}) == {{2, 3}, entries}

    csc = %{parts | "class" => "csc_array"}

    assert {_shape, [{0, 0, 7}, {2, 0, 8}, {1, 1, 9}]} =
             Object.to_elixir(%Object{type: "scipy.sparse", parts: csc})

    coo = %{
      "class" => "coo_array",
      "shape" => [2, 2],
      "row" => array.([1]),
      "col" => array.([0]),
      "data" => array.([5])
    }

    assert Object.to_elixir(%Object{type: "scipy.sparse", parts: coo}) == {{2, 2}, [{1, 0, 5}]}

    assert_raise ArgumentError, ~r/tocoo/, fn ->
      Object.to_elixir(%Object{type: "scipy.sparse", parts: %{parts | "class" => "bsr_array"}})
    end
  end
end
