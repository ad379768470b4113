defmodule Envmgr.Values.FramesTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Bytes, Frame, Object, Series}
  alias Envmgr.Values.Frames

  @int64 %Array{dtype: "int64", shape: {2}, data: <<1::little-64, 2::little-64>>}
  @index %Series{
    kind: "pandas.Index",
    rows: 2,
    name: "id",
    dtype: "str",
    data: ["x", "y"],
    meta: %{"rows" => 2, "class" => "Index"}
  }

  describe "what is decoded goes back as it came" do
    cases = [
      {"a frame with its columns in place",
       [
         "pandas.DataFrame",
         %{"rows" => 2},
         [["a", "int64", @int64], [{"b", 1}, "object", [nil, "z"]]],
         @index,
         nil
       ]},
      {"a frame with a body",
       ["polars.DataFrame", %{"rows" => 2}, [["a", "Int64", 0], ["a", "String", 1]], nil, "IPC"]},
      {"attrs and labels",
       [
         "pandas.DataFrame",
         %{"rows" => 0, "attrs" => %{"k" => [1]}, "labels" => @index},
         [],
         nil,
         nil
       ]},
      {"a series", ["pandas.Series", %{"rows" => 2}, [[nil, "int64", @int64]], @index, nil]},
      {"a range index",
       [
         "pandas.Index",
         %{"rows" => 3, "class" => "RangeIndex"},
         [[nil, "int64", 1..5//2]],
         nil,
         nil
       ]},
      {"a multi-index",
       [
         "pandas.MultiIndex",
         %{"rows" => 2},
         [
           ["l", "category", %Object{type: "pandas.Categorical", parts: %{}}],
           [nil, "category", %Object{type: "pandas.Categorical", parts: %{}}]
         ],
         nil,
         nil
       ]}
    ]

    for {name, parts} <- cases do
      @parts parts
      test name do
        assert {:ok, %{meta: %{"rows" => rows}, rows: rows} = struct} = Frames.decode(@parts)
        assert Frames.encode(struct) == {:ok, @parts}
        assert {:ok, ^struct} = Frames.decode(@parts)
      end
    end

    test "a body arrives as bytes and leaves as a binary" do
      assert {:ok, frame} =
               Frames.decode([
                 "pyarrow.Table",
                 %{"rows" => 1},
                 [["a", "int64", 0]],
                 nil,
                 %Bytes{data: "IPC"}
               ])

      assert frame.body == "IPC"
      assert {:ok, [_, _, _, _, "IPC"]} = Frames.encode(frame)
    end

    test "meta that came as an ordered dict" do
      parts = ["frame", %{pairs: [{"rows", 0}, {"freq", "D"}]}, [], nil, nil]
      assert {:ok, %Frame{meta: %{"rows" => 0, "freq" => "D"}}} = Frames.decode(parts)
    end
  end

  describe "a malformed frame is an error" do
    good = ["pandas.DataFrame", %{"rows" => 2}, [["a", "int64", @int64]], nil, nil]

    cases = [
      {"another kind", List.replace_at(good, 0, "pandas.Panel"),
       "\"pandas.Panel\" is no kind of frame"},
      {"no list", %{}, "a malformed frame"},
      {"too short", tl(good), "a malformed frame"},
      {"meta", List.replace_at(good, 1, [1]), "a frame's meta is no map"},
      {"rows", List.replace_at(good, 1, %{"rows" => -1}), "a frame without a number of rows"},
      {"columns", List.replace_at(good, 2, %{}), "a frame's columns are no list"},
      {"a column", List.replace_at(good, 2, [["a", "int64"]]),
       "a column that is not [label, dtype, data]"},
      {"a dtype", List.replace_at(good, 2, [["a", 5, @int64]]),
       "a column that is not [label, dtype, data]"},
      {"a length", List.replace_at(good, 2, [["a", "object", [1]]]),
       "column \"a\": 1 values for 2 rows"},
      {"an improper list", List.replace_at(good, 2, [["a", "object", [1 | 2]]]),
       "column \"a\": an improper list"},
      {"a shape", List.replace_at(good, 1, %{"rows" => 3}),
       "column \"a\": an array of shape {2} for 3 rows"},
      {"an object of another length",
       List.replace_at(good, 2, [
         [
           "a",
           "Sparse[int64, 0]",
           %Object{type: "pandas.array", parts: %{"length" => 0x10000000000}}
         ]
       ]), "column \"a\": 1099511627776 values for 2 rows"},
      {"an object that is no column",
       List.replace_at(good, 2, [
         ["a", "category", %Object{type: "pandas.Categorical", parts: %{"codes" => 1}}]
       ]), "column \"a\": an object of another kind than a column"},
      {"no body", List.replace_at(good, 2, [["a", "int64", 0]]),
       "column \"a\": a field of no body"},
      {"a body of text", List.replace_at(good, 4, 5), "a frame's body is neither bytes nor nil"},
      {"an index", List.replace_at(good, 3, [1, 2]), "a frame's index is no pandas.Index"},
      {"an index of another length", List.replace_at(good, 3, %{@index | rows: 3}),
       "a frame of 2 rows with an index of 3"},
      {"a series of two", ["pandas.Series", %{"rows" => 0}, [], nil, nil],
       "a pandas.Series has one column, not 0"}
    ]

    for {name, parts, reason} <- cases do
      @parts parts
      @reason reason
      test name, do: assert(Frames.decode(@parts) == {:error, @reason})
    end

    test "and is not encoded" do
      assert {:error, "column \"a\": 1 values for 2 rows"} =
               Frames.encode(%Frame{
                 kind: "frame",
                 rows: 2,
                 columns: [{"a", "object", [1]}],
                 meta: %{"rows" => 2}
               })

      assert {:error, _reason} =
               Frames.encode(%Frame{kind: "frame", rows: 0, columns: [:a], meta: %{"rows" => 0}})
    end
  end
end
