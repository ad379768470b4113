# Values through a real pool: those of the zoo (tests/functional/zoo) out of Python and back, Elixir's out and back, and
# what cannot be sent. Each line of output is something that went wrong; the last one counts what was tried.
#
#     mix run --no-start values.exs PROJECT LIBRARY...
#
# With numpy in its environment a library gets arrays, with pandas frames.

defmodule Zoo do
  @timeout 60_000

  def execute(library, name, args, opts \\ []),
    do: Envmgr.execute("#{library}.#{name}", args, [timeout: @timeout, dicts: :ordered] ++ opts)

  def call(library, name, args), do: library |> execute(name, args) |> elem(1)

  def tell(library, what, problem), do: IO.puts("#{library} #{what}: #{problem}")
end

defmodule OutOfPython do
  def run(library) do
    Enum.sum(for group <- Zoo.call(library, "groups", []), do: group(library, group))
  end

  defp group(library, group) do
    names = Zoo.call(library, "names", [group])
    for [name, stays] <- names, do: one(library, group, name, stays)
    length(names)
  end

  defp one(library, group, name, stays) do
    {:ok, value} = Zoo.execute(library, "value", [group, name])

    if refs(value) != [] and not stays,
      do: Zoo.tell(library, "#{group} #{name}", "stays in Python: #{inspect(refs(value))}")

    # What is shown does not grow with the value: strings alone may be as long as Elixir shows them.
    if String.length(inspect(value, limit: 50, printable_limit: 100)) > 20_000,
      do: Zoo.tell(library, "#{group} #{name}", "is shown at length")

    case Zoo.execute(library, "same", [group, name, value]) do
      {:ok, ""} -> :ok
      {:ok, difference} -> Zoo.tell(library, group, difference)
      {:error, error} -> Zoo.tell(library, "#{group} #{name}", Exception.message(error))
    end
  end

  defp refs(%Envmgr.Ref{} = ref), do: [ref.type]
  defp refs(list) when is_list(list), do: list |> Enum.take(10_000) |> Enum.flat_map(&refs/1)
  defp refs(tuple) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> refs()
  defp refs(%_{} = struct), do: struct |> Map.from_struct() |> Map.values() |> refs()
  defp refs(map) when is_map(map), do: map |> Map.to_list() |> refs()
  defp refs(_leaf), do: []
end

defmodule OutOfElixir do
  alias Envmgr.{Array, Bytes, Complex, Decimal, Dict, Fraction, Frame, MaskedArray, MemoryView, Path, Series, Set}
  alias Envmgr.{Singleton, Slice, Text, Timedelta, UUID, ZonedDateTime, ZonedTime}

  @day 86_400_000_000

  def run(library, groups) do
    terms = terms("plain") ++ Enum.flat_map(groups, &terms/1)
    for term <- terms, sent <- [term, [term], %{"k" => {term}}], do: echo(library, sent)
    length(terms)
  end

  defp echo(library, term) do
    case Envmgr.execute("#{library}.echo", [term], timeout: 60_000) do
      {:ok, ^term} -> :ok
      {:ok, other} -> Zoo.tell(library, shown(term), "came back as #{shown(other)}")
      {:error, error} -> Zoo.tell(library, shown(term), Exception.message(error))
    end
  end

  defp shown(term), do: inspect(term, limit: 10, printable_limit: 80)

  defp terms("plain") do
    integers = for e <- [0, 7, 8, 15, 16, 31, 32, 53, 63, 64, 65, 127, 1000, 50_000], d <- -1..1, s <- [1, -1], do: s * (2 ** e + d)
    floats = [0.0, 1.5, -1.5, 1.0e308, 5.0e-324, 0.1, 1.0e22, :nan, :infinity, :neg_infinity]
    texts = ["", "ä€𝄞", "\0", "e\u0301", "\uFFFE" | for(n <- [31, 32, 255, 256, 65_535, 65_536, 400_000], do: String.duplicate("x", n))]
    sizes = [0, 1, 255, 256, 65_535, 65_536, 131_071, 131_072, 131_073, 262_144, 5_000_000]
    bytes = for n <- sizes, kind <- [:bytes, :bytearray], do: %Bytes{data: :binary.copy(<<7>>, n), kind: kind}
    atoms = [nil, true, false, :ok, :error, Elixir, Envmgr, :"with space", :ä, :"", :None]
    decimals = for text <- ~w(0 -0 0.00 1.10 1E+5 -1.5E-400 NaN -NaN sNaN123 Infinity), do: %Decimal{text: text}

    integers ++ floats ++ texts ++ bytes ++ atoms ++ decimals ++ times() ++ structs() ++ containers()
  end

  defp terms("zones") do
    berlin = &%{&1 | time_zone: "Europe/Berlin", zone_abbr: &2, utc_offset: 3600, std_offset: &3}

    [
      berlin.(~U[2024-07-01 00:00:00Z], "CEST", 3600),
      berlin.(~U[2024-10-27 02:30:00Z], "CEST", 3600),
      berlin.(~U[2024-10-27 02:30:00Z], "CET", 0),
      %ZonedTime{time: ~T[01:00:00], zone: "Europe/Berlin"}
    ]
  end

  defp terms("arrays") do
    dtypes = ~w(bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128) ++ ~w(>f8 >i2 <f16 <c32 <M8[ns] >M8[us] <m8[s] <m8 <U3 >U2 |S4 |V2)
    shapes = [{{}, :c}, {{0}, :c}, {{3}, :c}, {{2, 3}, :c}, {{2, 3}, :f}, {{2, 0, 5}, :c}, {{1, 2, 3, 1}, :f}]

    small =
      for dtype <- dtypes, {shape, order} <- shapes do
        size = Envmgr.Values.Dtype.itemsize(dtype) * Tuple.product(shape)
        byte = if dtype in ["<U3", ">U2"], do: 0, else: 1
        %Array{dtype: dtype, shape: shape, data: :binary.copy(<<byte>>, size), order: order}
      end

    large = for n <- [131_071, 131_072, 262_144, 4_000_000], do: %Array{dtype: "uint8", shape: {n}, data: :binary.copy("z", n)}
    scalar = &%Array{dtype: &1, shape: {}, data: &2, scalar: true}
    pair = Array.from_list([1, 2])
    mask = Array.from_list([true, false])

    lists = [[1, 2], [1.5, :nan], ["a", "äö"], [[1], [2]], [~D[2024-01-01]], [~N[2024-01-01 00:00:00]], [%Complex{re: 1.0, im: 2.0}]]

    small ++ large ++ Enum.map(lists, &Array.from_list/1) ++
      [
        Array.from_list([1, "a", nil, {1}], dtype: "object"),
        %Array{dtype: "object", shape: {}, data: [nil]},
        %Array{dtype: "object", shape: {0}, data: []},
        %Array{dtype: ["struct", 3, false, [["x", "uint8", 0, nil], ["y", ">i2", 1, nil]]], shape: {2}, data: "abcdef"},
        %Array{dtype: ["struct", 4, false, [["x", ["sub", "int16", [2]], 0, nil]]], shape: {1}, data: <<1, 2, 3, 4>>},
        %Array{dtype: "int8", shape: {2, 2}, data: <<1, 2, 3, 4>>, class: "matrix"},
        scalar.("int8", <<1>>),
        scalar.("float32", <<0, 0, 192, 127>>),
        scalar.("<M8[s]", <<5::little-64>>),
        scalar.("|V3", "abc"),
        %MaskedArray{array: pair, mask: mask},
        %MaskedArray{array: pair},
        %MaskedArray{array: pair, mask: mask, fill_value: scalar.("int64", <<9::little-64>>), hard: true},
        %{scalar.("int16", <<5, 0>>) => 1}
      ]
  end

  defp terms(_group), do: []

  defp times do
    [~D[0001-01-01], ~D[9999-12-31], ~D[1969-12-31], ~D[2024-02-29]] ++
      [~T[00:00:00], ~T[23:59:59.999999], ~T[12:00:00.000001], ~T[01:02:03]] ++
      [~N[0001-01-01 00:00:00], ~N[9999-12-31 23:59:59.999999], ~N[2024-01-01 12:00:00], ~N[2024-01-01 12:00:00.000001]] ++
      [~U[2024-01-01 00:00:00Z], ~U[2024-01-01 00:00:00.000001Z], ~U[0001-01-01 00:00:00Z]] ++
      [
        %{~U[2024-01-01 00:00:00Z] | time_zone: "UTC+02:00", zone_abbr: "UTC+02:00", utc_offset: 7200},
        %ZonedTime{time: ~T[01:02:03], fold: 1},
        %ZonedTime{time: ~T[01:02:03], offset: 3_600_000_000},
        %ZonedTime{time: ~T[01:02:03.000004], offset: -1},
        %ZonedDateTime{naive: ~N[2024-01-01 00:00:00], fold: 1},
        %ZonedDateTime{naive: ~N[2024-01-01 00:00:00], offset: 1, abbr: "X"},
        %ZonedDateTime{naive: ~N[2024-01-01 00:00:00], offset: @day - 1, abbr: "Y"},
        %Timedelta{},
        %Timedelta{days: -1, seconds: 86_399, microseconds: 999_999},
        %Timedelta{days: 999_999_999, seconds: 86_399, microseconds: 999_999},
        %Timedelta{days: -999_999_999}
      ]
  end

  defp structs do
    [1..10, 10..1//-3, 0..-1//1, 5..5, 1..10//3] ++
      [
        %Complex{re: 1.5, im: -2.5},
        %Complex{re: :nan, im: :infinity},
        %Fraction{numerator: -1, denominator: 3},
        %Fraction{numerator: 10 ** 60, denominator: 7},
        %Slice{start: nil, stop: 3, step: -1},
        %Slice{start: "a", stop: {1}, step: nil},
        %UUID{value: "12345678-1234-5678-1234-567812345678"},
        %Path{type: "PurePosixPath", path: "/a/b"},
        %Path{type: "PureWindowsPath", path: "C:\\x"},
        %Text{wtf8: <<"a", 0xED, 0xA0, 0x80>>},
        %Singleton{name: "Ellipsis"},
        %MemoryView{format: "B", shape: {3}, data: "abc", readonly: true},
        %MemoryView{format: "B", shape: {3}, data: "abc", readonly: false},
        %MemoryView{format: "i", shape: {2, 1}, data: <<1::64>>, readonly: true},
        %MemoryView{format: "B", shape: {300_000}, data: :binary.copy("m", 300_000), readonly: false}
      ]
  end

  defp containers do
    [[], {}, %{}, MapSet.new(), [[]], [{}], {[]}, %{"a" => %{}}, {1, {2, {3}}}, List.duplicate(0, 100_000)] ++
      [List.to_tuple(Enum.to_list(1..20)), 'charlist', [a: 1, b: 2], %{1 => 2}, %{nil => nil}, %{"" => ""}, %{:nan => 1}] ++
      [
        %{1.5 => "x", "b" => [1], {1, 2} => %{nil => 1}, :atom => :other, %Bytes{data: "x"} => 1, ~D[2024-01-01] => 2},
        Map.new(1..5000, &{&1, "v#{&1}"}),
        MapSet.new([1, "a", {1, 2}, nil]),
        MapSet.new(1..1000),
        MapSet.new([:nan]),
        %Set{items: [{1, "x"}], frozen: true},
        %Dict{pairs: [{"b", 1}, {"a", [2]}], ordered: true},
        %Dict{pairs: [], ordered: true},
        Enum.reduce(1..300, 1, fn _, x -> [x] end),
        Enum.reduce(1..300, 1, fn _, x -> %{"k" => x} end),
        Enum.reduce(1..60, 1, fn _, x -> {x} end)
      ]
  end

  @columns [
    [1, 2, 3],
    [1, nil, 3],
    [1.5, :nan, 2.0],
    ["a", nil, "ä"],
    [true, false, nil],
    [~N[2024-01-01 00:00:00], nil, ~N[2024-01-01 00:00:00.500000]],
    [~U[2024-01-01 00:00:00Z], nil, nil],
    [~D[2024-01-01], nil, nil],
    [%Timedelta{days: 1}, nil, nil],
    [nil, nil, nil],
    [1, 2 ** 64 - 1, 0],
    [%Decimal{text: "1.5"}, nil, nil],
    [%Bytes{data: "x"}, nil, %Bytes{data: ""}]
  ]

  @doc "Columns of frames made here: their rows are the same when they come back, of each kind that the library has."
  def frames(library, kinds) do
    for column <- @columns, kind <- kinds do
      frame = Frame.new([{"x", column}], as: kind)
      rows = Frame.rows(Frame.new([{"x", column}]))
      back = Zoo.call(library, "echo", [frame])
      if not is_struct(back, Frame) or Frame.rows(back) != rows, do: Zoo.tell(library, shown(frame), inspect(back))

      series = Series.new(column)
      back = Zoo.call(library, "echo", [series])
      if Series.to_list(back) != Series.to_list(series), do: Zoo.tell(library, shown(series), inspect(back))
    end

    length(@columns) * length(kinds)
  end
end

defmodule Refused do
  alias Envmgr.{Array, Bytes, Complex, Custom, Dict, EnumMember, Fraction, MaskedArray, MemoryView, Object, Path, Pickle}
  alias Envmgr.{Record, Set, Singleton, Text, Timedelta, UUID}

  defmodule Bare do
    defstruct [:a]
  end

  # A hang, not a slow machine.
  @deadline 60_000

  @doc "Each is one error of its call that names the place, in time; the worker lives on."
  def run(library, groups) do
    pids = workers()
    cases = Enum.flat_map(groups, &cases/1)
    for {name, value} <- cases, do: one(library, name, value)
    if pids -- workers() != [], do: Zoo.tell(library, "refusals", "a worker died")
    length(cases)
  end

  defp one(library, name, value) do
    {time, answer} = :timer.tc(fn -> Envmgr.execute("#{library}.kind", [1, %{"rows" => [0, value]}], timeout: @deadline) end)
    if time > 1_000 * @deadline, do: Zoo.tell(library, name, "took #{div(time, 1000)} ms")

    case answer do
      {:error, %{code: :arguments}} -> Zoo.tell(library, name, "never got there")
      {:error, %{code: :conversion} = error} -> placed(library, name, error)
      {:error, %{code: :stale_ref}} when name == :forged_ref -> :ok
      other -> Zoo.tell(library, name, inspect(other, limit: 10, printable_limit: 200))
    end
  end

  # What is wrong as a whole has the place of the argument.
  defp placed(library, name, error) do
    whole? = error.message =~ ~r/args\[1\]: .*(more than|deeper than)/
    if not whole? and not (error.message =~ ~s|args[1]["rows"][1]|), do: Zoo.tell(library, name, "has no place: #{error.message}")
  end

  defp workers do
    for {_, %{workers: workers}} <- Envmgr.stats(), worker <- workers, do: worker.os_pid
  end

  defp bomb(one, two), do: Enum.reduce(1..60, one, fn _, x -> two.(x) end)
  defp deep(n, one), do: Enum.reduce(1..n, 1, fn _, x -> one.(x) end)

  defp cases("plain") do
    [
      pid: self(),
      reference: make_ref(),
      port: hd(Port.list()),
      bits: <<1::3>>,
      improper: [1 | 2],
      not_utf8: <<255>>,
      not_utf8_key: %{<<255>> => 1},
      equal_keys: %{1 => "a", 1.0 => "b"},
      equal_true: %{true => 1, 1 => 2},
      equal_atom: %{"a" => 1, a: 2},
      equal_elements: MapSet.new([1, 1.0]),
      list_key: %{[1] => 2},
      map_element: MapSet.new([%{}]),
      bytearray_key: %{%Bytes{data: "x", kind: :bytearray} => 1},
      struct: struct!(Bare),
      regex: ~r/x/,
      deep_list: deep(600, &[&1]),
      deep_map: deep(600, &%{"a" => &1}),
      deep_tuple: deep(100, &{&1}),
      deep_set: deep(100, &%Set{items: [&1], frozen: true}),
      # Of the other containers: elixir/test/envmgr/values/refusals_test.exs, with fewer parts.
      bomb_list: bomb([0], &[&1, &1]),
      bomb_text: bomb(String.duplicate("x", 100_000), &[&1, &1]),
      bomb_bytes: bomb(%Bytes{data: :binary.copy("x", 1_000_000)}, &[&1, &1]),
      memoryview: %MemoryView{format: "i", shape: {3}, data: "abc"},
      addresses: %MemoryView{format: "P", shape: {1}, data: <<0::64>>},
      object: %Object{type: "os.system", parts: %{"command" => "true"}},
      record_unknown: %Record{kind: :dataclass, type: "nowhere.Point", fields: []},
      record_popen: %Record{kind: :object, type: "subprocess.Popen", fields: [{"args", "true"}]},
      record_function: %Record{kind: :namedtuple, type: "os.system", fields: []},
      record_fields: %Record{kind: :dataclass, type: "zoo.plain.Frozen", fields: [{"z", 1}]},
      record_class: %Record{kind: :dataclass, type: "zoo.plain.Frozen", fields: [{"__class__", 1}]},
      record_twice: %Record{kind: :namedtuple, type: "zoo.plain.Point", fields: [{"x", 1}, {"x", 2}]},
      enum_member: %EnumMember{type: "zoo.plain.Colour", name: "PURPLE", value: 9},
      no_enum: %EnumMember{type: "builtins.dict", name: nil, value: 1},
      pickle: %Pickle{type: "builtins.list", environment: "e", mac: <<0::256>>, data: "cos\nsystem\n(S'true'\ntR."},
      custom: %Custom{serializer: "os:system", type: "x.Y", value: "true"},
      decimal: %Envmgr.Decimal{text: "abc"},
      fraction: %Fraction{numerator: 1, denominator: 0},
      uuid: %UUID{value: "xyz"},
      complex: %Complex{re: "a", im: 1},
      path: %Path{type: "os.system", path: "x"},
      singleton: %Singleton{name: "quit"},
      text: %Text{wtf8: <<255>>},
      timedelta: %Timedelta{days: 10_000_000_000},
      year: %Date{year: 10_000, month: 1, day: 1},
      month: %Date{year: 2024, month: 13, day: 1},
      leap_second: %Time{hour: 23, minute: 59, second: 60, microsecond: {0, 0}},
      zone_path: %{~U[2024-01-01 00:00:00Z] | time_zone: "../../../etc/passwd", zone_abbr: "X", utc_offset: 3600},
      dict_pairs: %Dict{pairs: [1]},
      dict_equal: %Dict{pairs: [{1, 1}, {1.0, 2}]}
    ]
  end

  defp cases("arrays") do
    one = &%Array{dtype: &1, shape: {1}, data: <<0::64>>}

    [
      size: %Array{dtype: "int8", shape: {3}, data: <<1>>},
      negative: %Array{dtype: "int8", shape: {-1}, data: <<>>},
      no_shape: %Array{dtype: "int8", shape: 3, data: <<1>>},
      dtype: one.("int9"),
      pointers: one.("O"),
      hidden_pointers: one.(["struct", 8, false, [["x", "object", 0, nil]]]),
      outside: %Array{dtype: ["struct", 1, false, [["x", "int8", 50, nil]]], shape: {1}, data: <<0>>},
      unit: one.("<M8[lightyear]"),
      empty_without_end: %Array{dtype: "<U0", shape: {10_000_000_000}, data: ""},
      large_shape: %Array{dtype: "int8", shape: {0, 10 ** 22}, data: ""},
      dimensions: %Array{dtype: "int8", shape: List.to_tuple(List.duplicate(1, 100)), data: <<1>>},
      scalar: %Array{dtype: "int32", shape: {}, data: <<1>>, scalar: true},
      mask: %MaskedArray{array: Array.from_list([1, 2]), mask: Array.from_list([true])},
      key: %{Array.from_list([1]) => 1},
      bomb: bomb(1, &%Array{dtype: "object", shape: {2}, data: [&1, &1]})
    ]
  end

  defp cases("frames") do
    frame = &struct!(Envmgr.Frame.new(a: [1, 2]), &1)
    object = &%Object{type: &1, parts: &2}

    [
      kind: frame.(kind: "os.system"),
      rows: frame.(meta: %{"rows" => 5}),
      dtype: frame.(columns: [{"a", "nonsense", [1, 2]}]),
      body: frame.(body: "garbage", columns: [{"a", "int64", 0}]),
      index: frame.(index: 5),
      range: frame.(rows: 10 ** 9, columns: [{"a", "int64", 1..(10 ** 9)}], meta: %{"rows" => 10 ** 9}),
      values: frame.(columns: [{"a", "int64", ["x", "y"]}]),
      zone: frame.(columns: [{"a", "datetime64[ns, Mars/Phobos]", Array.from_list([1, 2])}]),
      code: frame.(columns: [{"a", "period[__import__('os').system('true')]", [1, 2]}]),
      label: frame.(columns: [{%{}, "int64", [1, 2]}]),
      inside: frame.(columns: [{"a", "object", [1, self()]}]),
      timestamp: object.("pandas.Timestamp", %{}),
      far: object.("pandas.Timestamp", %{"value" => 10 ** 40, "unit" => "ns", "zone" => nil, "fold" => 0}),
      frequency: object.("pandas.Period", %{"ordinal" => 1, "freq" => "__import__('os')"}),
      array: object.("pandas.array", %{"dtype" => "Int64", "values" => [1], "mask" => 2}),
      sparse: object.("pandas.array", %{"dtype" => "Sparse[int64, __import__('os')]", "values" => [1]}),
      bomb: bomb(1, &object.("pandas.Interval", %{"left" => &1, "right" => &1}))
    ]
  end

  defp cases(_group), do: []
end

[project | libraries] = System.argv()
{:ok, _} = Envmgr.start_link(project: project, watch: false)

# Most of what is refused never leaves Elixir, and some takes its time: once is enough.
IO.puts("refused: #{Refused.run(hd(libraries), ["plain"])}")

tried =
  for library <- libraries do
    groups = Zoo.call(library, "groups", [])
    # A module that is used first brings its atoms.
    out = OutOfElixir.run(library, groups -- ["plain"])
    atoms = :erlang.system_info(:atom_count)
    back = OutOfPython.run(library)
    made = :erlang.system_info(:atom_count) - atoms
    if made > 500, do: Zoo.tell(library, "atoms", "#{made} were made")
    kinds = for {group, kind} <- [{"frames", "pandas.DataFrame"}, {"polars", "polars.DataFrame"}, {"arrow", "pyarrow.Table"}], group in groups, do: kind
    {library, back, out + OutOfElixir.frames(library, kinds), Refused.run(library, groups -- ["plain"])}
  end

for {library, back, out, refused} <- tried, do: IO.puts("#{library}: #{back} #{out} #{refused}")
