defmodule Envmgr.FrameTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Bytes, Decimal, Frame, Object, Ref, Series, Singleton, Timedelta}
  alias Envmgr.Values.Frames

  doctest Envmgr.Frame

  @naive ~N[2026-03-01 12:30:00.000123]
  @utc ~U[2026-03-01 12:30:00Z]
  @berlin %DateTime{
    year: 2026,
    month: 3,
    day: 1,
    hour: 13,
    minute: 30,
    second: 0,
    time_zone: "Europe/Berlin",
    zone_abbr: "CET",
    utc_offset: 3600,
    std_offset: 0
  }
  @fixed %{@berlin | time_zone: "UTC+01:00", zone_abbr: "UTC+01:00"}
  @span %Timedelta{days: -1, seconds: 86_399, microseconds: 5}

  describe "new/2 infers" do
    cases = [
      {"integers", [1, -2], "int64"},
      {"missing integers", [1, nil], "Int64"},
      {"large integers", [0, 0xFFFFFFFFFFFFFFFF], "uint64"},
      {"larger ones", [1, 0x10000000000000000], "object"},
      {"negative and large", [-1, 0xFFFFFFFFFFFFFFFF], "object"},
      {"floats", [1.5, :nan, :infinity, :neg_infinity], "float64"},
      {"missing floats", [1.5, nil, :nan], "Float64"},
      {"booleans", [true, false], "bool"},
      {"missing booleans", [nil, true], "boolean"},
      {"strings", ["a", nil, "ü"], "str"},
      {"times", [@naive, nil], "datetime64[us]"},
      {"times in UTC", [@utc, nil], "datetime64[us, UTC]"},
      {"times at an offset", [@fixed], "datetime64[us, +01:00]"},
      {"times in several zones", [@utc, @fixed], "object"},
      {"durations", [@span, nil], "timedelta64[us]"},
      {"dates", [~D[2026-01-01], nil], "object"},
      {"strings and integers", ["a", 1], "object"},
      {"nothing", [nil, nil], "object"},
      {"no row", [], "object"}
    ]

    for {name, values, dtype} <- cases do
      @values values
      @dtype dtype
      test name do
        frame = Frame.new([{"c", @values}])
        assert Frame.types(frame) == %{"c" => @dtype}
        assert Frame.column(frame, "c") === {:ok, @values}
        assert {:ok, parts} = Frames.encode(frame)
        assert Frames.decode(parts) === {:ok, frame}
      end
    end

    test "integers among floats" do
      frame = Frame.new(c: [1, 2.5], d: [1, 0x20000000000001])
      assert Frame.types(frame) == %{"c" => "float64", "d" => "int64"}
      assert Frame.column(frame, "c") === {:ok, [1.0, 2.5]}
      assert Frame.types(Frame.new(c: [0.5, 0x20000000000001])) == %{"c" => "object"}
    end

    test "times in a zone that Elixir does not know stay the same instant" do
      frame = Frame.new(c: [@berlin])
      assert Frame.types(frame) == %{"c" => "datetime64[us, Europe/Berlin]"}
      assert Frame.column(frame, "c") == {:ok, [~U[2026-03-01 12:30:00Z]]}
    end
  end

  describe "new/2 with types" do
    test "of every kind" do
      types = [
        i: "int8",
        u: "uint16",
        f: "float32",
        d: "float64",
        n: "Int32",
        s: "datetime64[s]",
        t: "timedelta64[ns]",
        o: "object",
        c: "category"
      ]

      columns = [
        i: [1, -128],
        u: [0, 65_535],
        f: [0.5, nil],
        d: [nil, 1],
        n: [1, nil],
        s: [@naive, nil],
        t: [@span, nil],
        o: [1, "x"],
        c: ["x", nil]
      ]

      frame = Frame.new(columns, types: types)
      assert Frame.types(frame) == Map.new(types, fn {name, type} -> {to_string(name), type} end)

      assert Frame.columns(frame) === %{
               "i" => [1, -128],
               "u" => [0, 65_535],
               "f" => [0.5, :nan],
               "d" => [:nan, 1.0],
               "n" => [1, nil],
               "s" => [~N[2026-03-01 12:30:00], nil],
               "t" => [@span, nil],
               "o" => [1, "x"],
               "c" => ["x", nil]
             }
    end

    for {values, type, reason} <- [
          {[1, nil], "int8", "column \"c\": int8 holds no missing value (nil): give Int8"},
          {[128], "int8", "column \"c\": 128 is no value of dtype int8"},
          {[-1], "uint8", "column \"c\": -1 is no value of dtype uint8"},
          {[256], "UInt8", "column \"c\": 256 is no value of dtype UInt8"},
          {["x"], "float64", "column \"c\": \"x\" is no value of dtype float64"},
          {[1], "bool", "column \"c\": 1 is no value of dtype bool"},
          {[1], "str", "column \"c\": 1 is no value of dtype str"},
          {[~D[2026-01-01]], "datetime64[us]",
           "column \"c\": ~D[2026-01-01] is no value of dtype datetime64[us]"},
          {[~N[9999-01-01 00:00:00]], "datetime64[ns]",
           "column \"c\": ~N[9999-01-01 00:00:00] is beyond what datetime64[ns] holds"},
          {[nil], "datetime64[Y]",
           "column \"c\": \"Y\" is no unit of datetime64[Y]: give s, ms, us or ns"},
          {[1], "float",
           "column \"c\": \"float\" is no dtype that a frame is made with: give one of"}
        ] do
      @args {values, type, reason}
      test "refused: #{inspect(values)} as #{type}" do
        {values, type, reason} = @args
        error = assert_raise ArgumentError, fn -> Frame.new([c: values], types: [c: type]) end
        assert String.starts_with?(Exception.message(error), reason)
      end
    end

    test "and arrays, which stay as they are" do
      array = %Array{
        dtype: "float32",
        shape: {2},
        data: <<1.5::float-little-32, 0x7FC00000::little-32>>
      }

      times = %Array{
        dtype: "<M8[ns]",
        shape: {2},
        data: <<1_000::little-64, 0x8000000000000000::little-64>>
      }

      frame = Frame.new(a: array, t: times)
      assert [{"a", "float32", ^array}, {"t", "datetime64[ns]", ^times}] = frame.columns

      assert Frame.columns(frame) == %{
               "a" => [1.5, :nan],
               "t" => [~N[1970-01-01 00:00:00.000001], nil]
             }

      assert_raise ArgumentError, ~r/one dimension/, fn ->
        Frame.new(a: %{array | shape: {1, 2}})
      end
    end
  end

  test "columns of different lengths are refused with their names" do
    assert_raise ArgumentError, "columns differ in length: \"a\" has 2, \"b\" has 1", fn ->
      Frame.new(a: [1, 2], b: [1])
    end
  end

  test "names" do
    assert_raise ArgumentError, "two columns named \"a\"", fn ->
      Frame.new([{"a", [1]}, {:a, [2]}])
    end

    assert_raise ArgumentError, ~r/a column's name is a string or an atom, not 1/, fn ->
      Frame.new([{1, [1]}])
    end

    assert_raise ArgumentError, "types: names no column: \"b\"", fn ->
      Frame.new([a: [1]], types: [b: "int8"])
    end

    assert_raise ArgumentError, ~r/as: is one of/, fn ->
      Frame.new([a: [1]], as: "pandas.Series")
    end
  end

  test "from_rows/2" do
    rows = [%{"b" => 1}, %{"a" => 2, "b" => nil}, %{"c" => "x"}]
    frame = Frame.from_rows(rows)
    assert Frame.names(frame) == ["b", "a", "c"]

    assert Frame.rows(frame) ==
             for(row <- rows, do: Map.merge(%{"a" => nil, "b" => nil, "c" => nil}, row))

    assert Frame.names(Frame.from_rows(rows, names: ["c", "a"])) == ["c", "a"]
    assert Frame.shape(Frame.from_rows([])) == {0, 0}
  end

  describe "what Python sends in place" do
    cases = [
      {"missing words", "object",
       [1, %Singleton{name: "pandas.NA"}, %Singleton{name: "pandas.NaT"}, nil],
       [1, nil, nil, nil]},
      {"timestamps", "object",
       [
         %Object{
           type: "pandas.Timestamp",
           parts: %{"value" => 0, "unit" => "s", "zone" => "UTC", "fold" => 0}
         }
       ], [~U[1970-01-01 00:00:00Z]]},
      {"times in a zone", "datetime64[ns, +02:00]",
       %Array{dtype: "<M8[ns]", shape: {1}, data: <<1500::little-64>>},
       [
         %{
           @berlin
           | year: 1970,
             month: 1,
             hour: 2,
             minute: 0,
             microsecond: {1, 6},
             time_zone: "UTC+02:00",
             zone_abbr: "UTC+02:00",
             utc_offset: 7200
         }
       ]},
      {"big-endian durations", ">m8[s]", %Array{dtype: ">m8[s]", shape: {1}, data: <<90::64>>},
       [%Timedelta{seconds: 90}]},
      {"a range", "int64", 1..5//2, [1, 3, 5]},
      {"masked integers", "Int8",
       %Object{
         type: "pandas.array",
         parts: %{
           "dtype" => "Int8",
           "values" => %Array{dtype: "int8", shape: {2}, data: <<1, 2>>},
           "mask" => %Array{dtype: "bool", shape: {2}, data: <<0, 1>>}
         }
       }, [1, nil]},
      {"periods", "period[M]",
       %Object{
         type: "pandas.array",
         parts: %{
           "dtype" => "period[M]",
           "values" => %Array{
             dtype: "int64",
             shape: {2},
             data: <<600::little-64, 0x8000000000000000::little-64>>
           }
         }
       }, [%Object{type: "pandas.Period", parts: %{"ordinal" => 600, "freq" => "M"}}, nil]},
      {"intervals", "interval[int64, right]",
       %Object{
         type: "pandas.array",
         parts: %{
           "dtype" => "interval[int64, right]",
           "left" => Series.new([0, 1], as: "pandas.Index"),
           "right" => Series.new([1, 2], as: "pandas.Index"),
           "closed" => "right"
         }
       }, [{0, 1, "right"}, {1, 2, "right"}]},
      {"sparse values", "Sparse[float64, 0]",
       %Object{
         type: "pandas.array",
         parts: %{
           "dtype" => "Sparse[float64, 0]",
           "values" => %Array{dtype: "float64", shape: {1}, data: <<2.5::float-little-64>>},
           "indices" => %Array{dtype: "int32", shape: {1}, data: <<2::little-32>>},
           "length" => 4,
           "fill" => 0.0,
           "kind" => "integer"
         }
       }, [0.0, 0.0, 2.5, 0.0]},
      {"categories", "category",
       %Object{
         type: "pandas.Categorical",
         parts: %{
           "codes" => %Array{dtype: "int8", shape: {3}, data: <<1, 255, 0>>},
           "categories" => Series.new(["a", "b"], as: "pandas.Index"),
           "ordered" => true
         }
       }, ["b", nil, "a"]}
    ]

    for {name, dtype, data, values} <- cases do
      @dtype dtype
      @data data
      @values values
      test name do
        rows = length(@values)

        assert {:ok, frame} =
                 Frames.decode([
                   "pandas.DataFrame",
                   %{"rows" => rows},
                   [["c", @dtype, @data]],
                   nil,
                   nil
                 ])

        assert Frame.column(frame, "c") === {:ok, @values}
        assert Frame.rows(frame) === Enum.map(@values, &%{"c" => &1})
        assert {:ok, [_, _, [["c", @dtype, data]], _, _]} = Frames.encode(frame)
        assert data === @data

        head = Frame.head(frame, rows - 1)
        assert {:ok, Enum.drop(@values, -1)} === Frame.column(head, "c")
        assert {:ok, parts} = Frames.encode(head)
        assert {:ok, ^head} = Frames.decode(parts)
      end
    end

    test "a ref says what to do" do
      ref = %Ref{id: 1, type: "geopandas.GeometryArray", owner: self()}

      {:ok, frame} =
        Frames.decode([
          "pandas.DataFrame",
          %{"rows" => 2},
          [["g", "geometry", ref], ["a", "object", [1, 2]]],
          nil,
          nil
        ])

      assert Frame.column(frame, "a") == {:ok, [1, 2]}

      assert_raise ArgumentError, ~r/stayed in Python as a geopandas.GeometryArray/, fn ->
        Frame.rows(frame)
      end

      assert Frame.rows(Frame.select(frame, [:a])) == [%{"a" => 1}, %{"a" => 2}]
    end

    test "malformed objects raise" do
      for parts <- [
            %{},
            %{"codes" => %Array{dtype: "int8", shape: {1}, data: <<0>>}, "categories" => 2},
            %{
              "codes" => %Array{dtype: "int8", shape: {1}, data: <<5>>},
              "categories" => Series.new(["a"])
            }
          ] do
        column = ["c", "category", %Object{type: "pandas.Categorical", parts: parts}]
        {:ok, frame} = Frames.decode(["pandas.DataFrame", %{"rows" => 1}, [column], nil, nil])
        assert_raise ArgumentError, ~r/malformed/, fn -> Frame.rows(frame) end
      end
    end

    test "labels of any kind are names" do
      columns = [[1, "object", ["x"]], [{"a", nil}, "object", ["y"]], [1, "object", ["z"]]]
      {:ok, frame} = Frames.decode(["pandas.DataFrame", %{"rows" => 1}, columns, nil, nil])
      assert Frame.names(frame) == [1, {"a", nil}, 1]
      assert Frame.column(frame, {"a", nil}) == {:ok, ["y"]}
      assert Frame.column(frame, 1) == {:ok, ["x"]}
      assert Frame.column(frame, "1") == :error
      assert_raise ArgumentError, ~r/two columns are named 1/, fn -> Frame.rows(frame) end

      assert inspect(frame) ==
               "#Envmgr.Frame<pandas.DataFrame 1 × 3: 1 object, {\"a\", nil} object, 1 object>"
    end
  end

  describe "Arrow" do
    @columns [
      {"i", [1, nil, -3]},
      {"u", [0xFFFFFFFFFFFFFFFF, 0, 1]},
      {"f", [0.5, :nan, :neg_infinity]},
      {"b", [true, nil, false]},
      {"s", ["ü", "", nil]},
      {"x", [%Bytes{data: <<255>>}, nil, %Bytes{data: ""}]},
      {"d", [~D[1969-12-31], nil, ~D[2026-01-01]]},
      {"c", [~T[00:00:00], ~T[23:59:59.999999], nil]},
      {"n", [@naive, nil, ~N[0001-01-01 00:00:00]]},
      {"z", [@utc, nil, @utc]},
      {"o", [@fixed, nil, @fixed]},
      {"t", [@span, nil, @span]},
      {"e", [%Decimal{text: "1.50"}, nil, %Decimal{text: "-0.05"}]},
      {"l", [[1, nil], [], nil]},
      {"m", [%{"k" => 1, "v" => ["x"]}, nil, %{"k" => nil, "v" => nil}]},
      {"0", [nil, nil, nil]}
    ]

    for kind <- ["frame", "pandas.DataFrame", "polars.DataFrame", "pyarrow.Table"] do
      test "every type goes there and back, as #{kind}" do
        frame = Frame.new(@columns, as: unquote(kind))
        assert frame.kind == unquote(kind)
        assert Frame.columns(frame) === Map.new(@columns)
        assert {:ok, again} = frame |> Frame.to_ipc() |> Frame.from_ipc(as: unquote(kind))
        assert {again.kind, Frame.shape(again)} == {unquote(kind), {3, 16}}
        assert Frame.columns(again) === Map.new(@columns)
        assert Frame.to_ipc(again) == again.body
        assert {:ok, parts} = Frames.encode(again)
        assert {:ok, ^again} = Frames.decode(parts)
      end
    end

    test "the words of each library" do
      ipc =
        Frame.to_ipc(
          Frame.new([
            {"i", [1, nil]},
            {"s", ["x", "y"]},
            {"z", [@utc, nil]},
            {"d", [~D[2026-01-01], nil]}
          ])
        )

      words = fn kind ->
        {:ok, frame} = Frame.from_ipc(ipc, as: kind)
        for({_, word, _} <- frame.columns, do: word)
      end

      assert words.("frame") == ["Int64", "str", "datetime64[us, UTC]", nil]

      assert words.("pyarrow.Table") == [
               "int64",
               "string",
               "timestamp[us, tz=UTC]",
               "date32[day]"
             ]

      assert words.("polars.DataFrame") == [
               "Int64",
               "String",
               "Datetime(time_unit='us', time_zone='UTC')",
               "Date"
             ]

      {:ok, frame} = Frame.from_ipc(ipc)
      assert Frame.types(frame)["d"] == "date32[day]"
      assert inspect(frame) =~ "d date32[day]>"
    end

    test "dtypes say what values do not" do
      frame = Frame.new([e: [], s: [], n: []], types: [e: "Int16", s: "str", n: "float32"])
      {:ok, again} = Frame.from_ipc(Frame.to_ipc(frame), as: "pyarrow.Table")
      assert Frame.types(again) == %{"e" => "int16", "s" => "string", "n" => "float"}
      {:ok, again} = Frame.from_ipc(Frame.to_ipc(Frame.new([i: [1, nil]], types: [i: "Int8"])))
      assert Frame.types(again) == %{"i" => "Int8"}
    end

    test "columns in a body under other names, next to columns in place" do
      {:ok, body} =
        Frame.new(x: [1, 2], y: ["a", nil])
        |> Frame.to_ipc()
        |> Frame.from_ipc(as: "pandas.DataFrame")

      columns = [
        [{"p", 1}, "str", 1],
        [
          5,
          "category",
          Frame.new([c: ["v", nil]], types: [c: "category"]).columns |> hd() |> elem(2)
        ],
        [nil, "int64", 0]
      ]

      {:ok, frame} = Frames.decode(["pandas.DataFrame", %{"rows" => 2}, columns, nil, body.body])
      assert {:ok, again} = frame |> Frame.to_ipc() |> Frame.from_ipc()

      assert Frame.columns(again) == %{
               "('p', 1)" => ["a", nil],
               "5" => ["v", nil],
               "None" => [1, 2]
             }

      only = Map.update!(frame, :columns, &List.delete_at(&1, 1))
      assert {:ok, again} = only |> Frame.to_ipc() |> Frame.from_ipc()
      assert Frame.names(again) == ["('p', 1)", "None"]
      assert Frame.columns(again) == %{"('p', 1)" => ["a", nil], "None" => [1, 2]}
    end

    test "inline/1 has the same values without a body" do
      for kind <- ["frame", "pandas.DataFrame", "polars.DataFrame", "pyarrow.Table"] do
        {:ok, frame} = Frame.new(@columns) |> Frame.to_ipc() |> Frame.from_ipc(as: kind)
        inline = Frame.inline(frame)
        assert inline.body == nil
        assert inline.kind == if(kind in ["frame", "pandas.DataFrame"], do: kind, else: "frame")
        assert Frame.columns(inline) === Map.new(@columns)
        assert {:ok, parts} = Frames.encode(inline)
        assert {:ok, ^inline} = Frames.decode(parts)
      end

      {:ok, frame} =
        Frame.new([a: [1, -1], c: ["x", nil]], types: [a: "int8", c: "category"])
        |> Frame.to_ipc()
        |> Frame.from_ipc()

      assert [{"a", "int8", %Array{data: <<1, 255>>}}, {"c", "category", %Object{}}] =
               Frame.inline(frame).columns
    end

    test "head/2 and select/2 leave nothing else in the body" do
      frame = Frame.new(@columns, as: "polars.DataFrame")

      for count <- 0..4 do
        head = Frame.head(frame, count)
        assert Frame.shape(head) == {min(count, 3), 16}

        assert Frame.columns(head) ===
                 Map.new(@columns, fn {name, values} -> {name, Enum.take(values, count)} end)
      end

      part = Frame.select(frame, ["s", "i"])
      assert Frame.names(part) == ["s", "i"]
      assert Frame.columns(part) === @columns |> Map.new() |> Map.take(["s", "i"])
      assert byte_size(part.body) < byte_size(frame.body) / 4
      assert Frame.select(frame, []).body == nil

      assert_raise ArgumentError, ~r/no column is named "q"; there are "i", "u"/, fn ->
        Frame.select(frame, ["q"])
      end
    end

    test "labels go with the columns that are selected" do
      labels =
        Series.new([10, 20, 30], as: "pandas.Index") |> put_in([Access.key(:meta), "freq"], "D")

      meta = %{"rows" => 1, "labels" => labels, "attrs" => %{"k" => 1}}

      {:ok, frame} =
        Frames.decode([
          "pandas.DataFrame",
          meta,
          for(n <- [10, 20, 30], do: [n, "object", [n]]),
          nil,
          nil
        ])

      part = Frame.select(frame, [30, 10])
      assert Frame.rows(part) == [%{30 => 30, 10 => 10}]
      assert Series.to_list(part.meta["labels"]) == [30, 10]
      assert part.meta["labels"].meta == %{"rows" => 2, "class" => "Index"}
      assert part.meta["attrs"] == %{"k" => 1}
    end

    test "the index goes with the rows" do
      index = Series.new(["x", "y"], as: "pandas.Index", name: "id")

      {:ok, frame} =
        Frames.decode(["pandas.DataFrame", %{"rows" => 2}, [["a", "object", [1, 2]]], index, nil])

      assert Frame.index(frame) == ["x", "y"]
      head = Frame.head(frame, 1)
      assert {Frame.index(head), head.index.name} == {["x"], "id"}
      assert {:ok, _parts} = Frames.encode(head)
    end

    test "values without a common type are refused with the column's name" do
      assert_raise ArgumentError,
                   "column \"c\": no Arrow type holds both integers and strings",
                   fn ->
                     Frame.to_ipc(Frame.new(c: [1, "x"]))
                   end

      assert_raise ArgumentError, "column \"c\": tuples have no Arrow type", fn ->
        Frame.to_ipc(Frame.new(c: [{1, 2}, {3, 4}]))
      end

      assert_raise ArgumentError, "column \"c\": MapSet has no Arrow type", fn ->
        Frame.to_ipc(Frame.new(c: [MapSet.new()]))
      end
    end

    test "a body that cannot be read" do
      assert {:error, reason} = Frame.from_ipc("no stream")
      assert reason =~ "Arrow"

      {:ok, frame} =
        Frames.decode(["polars.DataFrame", %{"rows" => 2}, [["a", "Int64", 0]], nil, "no stream"])

      assert_raise ArgumentError, fn -> Frame.rows(frame) end
      assert inspect(frame) == "#Envmgr.Frame<polars.DataFrame 2 × 1: a Int64>"

      {:ok, other} =
        Frames.decode([
          "polars.DataFrame",
          %{"rows" => 3},
          [["a", "Int64", 0]],
          nil,
          Frame.to_ipc(Frame.new(a: [1, 2]))
        ])

      assert_raise ArgumentError, "a frame of 3 rows whose Arrow stream has 2", fn ->
        Frame.column(other, "a")
      end

      {:ok, other} =
        Frames.decode([
          "polars.DataFrame",
          %{"rows" => 2},
          [["a", "Int64", 7]],
          nil,
          Frame.to_ipc(Frame.new(a: [1, 2]))
        ])

      assert_raise ArgumentError, ~r/field 7/, fn -> Frame.column(other, "a") end
      assert_raise ArgumentError, ~r/field 7/, fn -> Frame.to_ipc(other) end
    end
  end

  test "Explorer, when it is not there" do
    assert_raise ArgumentError, ~r/add {:explorer/, fn -> Frame.to_explorer(Frame.new(a: [1])) end

    assert_raise ArgumentError, ~r/add {:explorer/, fn ->
      Frame.from_explorer(%Bytes{data: ""})
    end
  end

  describe "generated" do
    @seed {4, 8, 15}

    test "frames go there and back: as terms, as Arrow, and by head and select" do
      for n <- 1..150 do
        :rand.seed(:exsss, put_elem(@seed, 2, n))
        rows = :rand.uniform(40) - 1
        columns = for i <- 1..:rand.uniform(6), do: {"c#{i}", values(rows)}

        frame =
          Frame.new(columns,
            as: Enum.random(["frame", "pandas.DataFrame", "polars.DataFrame", "pyarrow.Table"])
          )

        assert {n, Frame.columns(frame)} === {n, Map.new(columns)}
        assert {:ok, parts} = Frames.encode(frame)
        assert {:ok, ^frame} = Frames.decode(parts)

        {:ok, again} = Frame.from_ipc(Frame.to_ipc(frame))
        assert {n, Frame.columns(again)} === {n, Map.new(columns)}

        count = :rand.uniform(rows + 2) - 1
        {name, values} = Enum.random(columns)
        part = again |> Frame.select([name]) |> Frame.head(count)
        assert {n, Frame.columns(part)} === {n, %{name => Enum.take(values, count)}}
      end
    end

    defp values(rows) do
      kind = Enum.random([:int, :float, :bool, :text, :naive, :utc, :span, :date, :bytes, :list])
      gap = Enum.random([0, 0, 3])
      for i <- 1..rows//1, do: if(gap > 0 and rem(i, gap) == 1, do: nil, else: value(kind))
    end

    defp value(:int),
      do: Enum.random([0, 1, -1, 0x7FFFFFFFFFFFFFFF, -0x8000000000000000, :rand.uniform(1000)])

    defp value(:float), do: Enum.random([:rand.normal(), 0.0, :nan, :infinity, :neg_infinity])
    defp value(:bool), do: :rand.uniform(2) == 1

    defp value(:text),
      do: String.duplicate(Enum.random(["", "a", "ü", "→", "😀"]), :rand.uniform(40))

    defp value(:naive),
      do: NaiveDateTime.add(@naive, :rand.uniform(10_000_000_000) * 1_000_003, :microsecond)

    defp value(:utc), do: DateTime.from_naive!(value(:naive), "Etc/UTC")

    defp value(:span),
      do: Timedelta.from_microseconds(:rand.uniform(1_000_000_000_000) - 500_000_000_000)

    defp value(:date), do: Date.add(~D[1900-01-01], :rand.uniform(100_000))
    defp value(:bytes), do: %Bytes{data: :rand.bytes(:rand.uniform(100))}
    defp value(:list), do: for(_ <- 1..(:rand.uniform(4) - 1)//1, do: value(:int))
  end
end
