defmodule Envmgr.Libraries.DiscoveryTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Error, JSON, Test}
  alias Envmgr.Libraries.{Catalog, Description, Discovery, Filters, Literal, Search}

  @wire Path.expand("../../../../tests/wire", __DIR__)

  @objects [
    %{
      paths: ["read", "io.read"],
      parameters: [
        ["path", 1, nil, nil, "str", ["str"]],
        ["n", 1, nil, nil, nil, nil],
        ["mode", 3, nil, nil, nil, nil],
        ["kw", 4, nil]
      ],
      returns: "list[str]",
      summary: "Reads lines.",
      flags: 2,
      overloads: [[[["path", 1, nil, nil, "str", ["str"]]], "list[str]"]],
      words: ["reads", "lines"],
      detail: %{
        "doc" => "Reads lines.\n\nAll of it.",
        "parsed" => %{
          "summary" => "Reads lines.",
          "description" => "All of it.",
          "parameters" => [
            ["path", "path-like", "Where."],
            ["n, m", "int", "How many."],
            ["**kw", nil, "More."]
          ],
          "returns" => [[nil, "list", "The lines."]],
          "yields" => [],
          "raises" => [["OSError", "When it is not there."]],
          "examples" => [">>> read('x')"],
          "notes" => ["None."],
          "deprecated" => nil
        },
        "module" => "m.io",
        "file" => "m/io.py",
        "line" => 12,
        "origins" => %{"signature" => "runtime"}
      }
    },
    %{paths: ["io"], kind: "module", parameters: nil},
    %{paths: ["Base"], kind: "class", parameters: [["size", 1, nil, nil, "int", ["int"]]]},
    %{
      paths: ["Base.head", "Derived.head"],
      kind: "method",
      parameters: [["self", 1, nil], ["n", 1, "5"], ["fn", 1, nil]]
    },
    %{
      paths: ["Derived"],
      kind: "class",
      parameters: [["end", 1, nil]],
      summary: "Derived from base."
    },
    %{paths: ["Derived.shape"], kind: "property", parameters: nil, returns: "tuple"},
    %{
      paths: ["old"],
      flags: 1,
      parameters: [],
      detail: %{"deprecated" => "use read"},
      words: ["reads"]
    },
    %{paths: ["count"], kind: "generator", parameters: [["values", 1, nil, nil, nil, ["list"]]]},
    %{
      paths: ["wait"],
      kind: "coroutine",
      parameters: [["flag", 3, nil, nil, nil, ["bool", "int"]]]
    },
    %{
      paths: ["PI"],
      kind: "constant",
      parameters: nil,
      returns: "float",
      detail: %{"value" => "3.14"}
    }
  ]

  setup do
    table = Test.Catalog.table()
    facts = %{module: "m", aliases: %{"l" => "lib", "rd" => "lib.io.read"}}
    Test.Catalog.publish(table, "lib", Test.Catalog.build(@objects), facts)
    %{table: table, catalog: Catalog.file(table, "lib")}
  end

  defp paths(answers), do: Enum.map(answers, & &1.path)

  test "functions: each object once, and those that are asked for", %{catalog: file} do
    list = fn filters -> paths(Discovery.functions("lib", file, struct!(Filters, filters))) end
    assert list.([]) == for(%{paths: [path | _]} <- @objects, do: "lib.#{path}")
    assert list.(kind: "class") == ["lib.Base", "lib.Derived"]
    assert list.(deprecated: true) == ["lib.old"]
    assert "lib.old" not in list.(deprecated: false)
    # What a class inherits is in it, under its own name.
    assert list.(module: "Derived") == ["lib.Derived", "lib.Derived.head", "lib.Derived.shape"]
    assert list.(module: "io", kind: "function") == ["lib.io.read"]
    assert list.(module: "nowhere") == []
    [read | _] = Discovery.functions("lib", file, %Filters{})

    assert read == %{
             path: "lib.read",
             kind: "function",
             parameters: [
               %{
                 name: "path",
                 kind: :positional_or_keyword,
                 default: nil,
                 type: "str",
                 into: nil
               },
               %{name: "n", kind: :positional_or_keyword, default: nil, type: nil, into: nil},
               %{name: "mode", kind: :keyword_only, default: nil, type: nil, into: nil},
               %{name: "kw", kind: :var_keyword, default: nil, type: nil, into: nil}
             ],
             signature: "lib.read(path: str, n, *, mode, **kw) -> list[str]",
             returns: "list[str]",
             summary: "Reads lines.",
             deprecated: false
           }
  end

  test "describe: all that is known, by any name", %{table: table} do
    read = Description.of(table, "lib.read")

    assert %{
             path: "lib.read",
             canonical: "lib.read",
             library: "lib",
             version: "1.0",
             environment: "lib",
             generation: 1,
             kind: "function",
             signature: "lib.read(path: str, n, *, mode, **kw) -> list[str]",
             returns: "list[str]",
             inferred: true,
             overloads: ["lib.read(path: str) -> list[str]"],
             summary: "Reads lines.",
             description: "All of it.",
             doc: "Reads lines.\n\nAll of it.",
             returned: [%{name: nil, type: "list", text: "The lines."}],
             yields: [],
             raises: [%{type: "OSError", text: "When it is not there."}],
             notes: ["None."],
             aliases: ["lib.io.read", "l.io.read", "l.read", "rd"],
             module: "m.io",
             file: "m/io.py",
             line: 12,
             deprecated: nil,
             value: nil,
             members: [],
             origins: %{"signature" => "runtime"},
             examples: %{library: [">>> read('x')"]}
           } = read

    assert [
             %{name: "path", type: "str", text: "Where."},
             %{name: "n", type: "int", text: "How many."},
             %{name: "mode", type: nil, text: nil},
             %{name: "kw", type: nil, text: "More."}
           ] = read.parameters

    assert Description.of(table, "l.read") == read
    # The name that was asked for stays.
    same = Description.of(table, "rd")
    assert {same.path, same.canonical} == {"lib.io.read", "lib.read"}
    assert same.signature =~ "lib.io.read(" and hd(same.aliases) == "lib.read"
    assert %{deprecated: "use read"} = Description.of(table, "lib.old")
    assert %{value: "3.14", signature: "lib.PI: float"} = Description.of(table, "lib.PI")

    assert %{kind: "module", signature: "lib.io", members: [%{path: "lib.io.read"}]} =
             Description.of(table, "lib.io")

    members = Description.of(table, "lib.Derived").members
    assert paths(members) == ["lib.Derived.head", "lib.Derived.shape"]
    assert %{signature: "lib.Derived.shape: tuple"} = Description.of(table, "lib.Derived.shape")
  end

  test "describe: a library", %{table: table} do
    assert %{
             kind: "library",
             path: "lib",
             module: "m",
             paths: 12,
             aliases: ["l"],
             errors: []
           } = library = Description.of(table, "lib")

    assert Description.of(table, "l") == library
    assert library.counts["class"] == 2 and library.submodules == ["lib.io"]
    assert library.examples.elixir == ~s{Envmgr.functions("lib")}
    assert_raise Error, ~r/did you mean lib.read/, fn -> Description.of(table, "lib.raed") end
    assert_raise Error, ~r/did you mean lib\?/, fn -> Description.of(table, "libb") end
  end

  test "examples are valid in both languages, with what is required and nothing else", %{
    table: table
  } do
    base = {~s|base = Envmgr.execute!("lib.Base", [3], as: :ref)\n|, "base = m.Base(3)\n"}

    derived =
      {~s|derived = Envmgr.execute!("lib.Derived", [value], as: :ref)\n|,
       "derived = m.Derived(value)\n"}

    expected = [
      {"lib.read", ~s|Envmgr.execute("lib.read", {["data.csv", 3], %{mode: mode}})|,
       ~s|m.read("data.csv", 3, mode=mode)|},
      {"lib.io.read", ~s|Envmgr.execute("lib.io.read", {["data.csv", 3], %{mode: mode}})|,
       ~s|m.io.read("data.csv", 3, mode=mode)|},
      {"lib.Base.head", elem(base, 0) <> ~s|Envmgr.method(base, "head", [fn x -> x end])|,
       elem(base, 1) <> "base.head(lambda x: x)"},
      {"lib.Derived.head",
       elem(derived, 0) <> ~s|Envmgr.method(derived, "head", [fn x -> x end])|,
       elem(derived, 1) <> "derived.head(lambda x: x)"},
      {"lib.Derived.shape", elem(derived, 0) <> ~s|Envmgr.attr(derived, "shape")|,
       elem(derived, 1) <> "derived.shape"},
      {"lib.old", ~s|Envmgr.execute("lib.old")|, "m.old()"},
      {"lib.count", ~s"Envmgr.stream(\"lib.count\", [[1, 2, 3]]) |> Enum.take(10)",
       "m.count([1, 2, 3])"},
      {"lib.wait", ~s|Envmgr.execute("lib.wait", %{flag: 3})|, "await m.wait(flag=3)"},
      {"lib.PI", ~s|Envmgr.execute("lib.PI")|, "m.PI"},
      {"lib.io", ~s|Envmgr.functions("lib", module: "io")|, "m.io"}
    ]

    for {path, elixir, python} <- expected do
      examples = Description.of(table, path).examples
      assert {examples.elixir, examples.python} == {elixir, python}
      assert {:ok, _} = Code.string_to_quoted(elixir)
    end
  end

  test "the command line's examples and signatures are the same", %{table: table} do
    Test.Catalog.publish(table, "lib", File.read!(Path.join(@wire, "examples.catalog")))
    {:ok, texts} = @wire |> Path.join("examples.json") |> File.read!() |> JSON.decode()
    assert map_size(texts) > 50

    for {path, [signature, elixir, python]} <- texts do
      described = Description.of(table, "lib." <> path)

      assert {described.signature, described.examples.elixir, described.examples.python} ==
               {signature, elixir, python}

      assert {:ok, _} = Code.string_to_quoted(elixir, emit_warnings: false)
    end
  end

  test "literals of the kinds, types and names of parameters" do
    for {parameter, said, literal} <- [
          {["x", 1, nil, nil, nil, ["str"]], nil, "text"},
          {["url", 1, nil, nil, nil, ["str"]], nil, "https://example.com"},
          {["x", 1, nil, nil, nil, ["float", "int"]], nil, 0.5},
          {["x", 1, nil, nil, nil, ["none"]], nil, nil},
          {["x", 1, nil, nil, "Callable[[int, str], int]", ["callable"]], nil, {:function, 2}},
          {["x", 1, nil, nil, "Callable[[], int]", nil], nil, {:function, 0}},
          {["x", 1, nil, nil, "Literal['left', 'right']", ["str"]], nil, "left"},
          {["x", 1, nil, nil, "Literal[\"a\"]", nil], nil, "a"},
          {["x", 1, nil, nil, "ArrayLike", nil], nil, [1.0, 2.0, 3.0]},
          {["x", 1, nil], "array_like", [1.0, 2.0, 3.0]},
          {["X", 1, nil], "array-like", [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]},
          {["c", 1, nil], "matrix of shape (n, m)", [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]},
          {["c", 1, nil], "array-like of shape (n,) or (n, m)", [1.0, 2.0, 3.0]},
          {["other", 1, nil], "tuple of int", {:tuple, [1, 2, 3]}},
          {["x", 1, nil, nil, "Mapping[str, int]", nil], nil, {:dict, [{"a", 1}]}},
          {["x", 1, nil, nil, "Buffer", nil], nil, {:bytes, "text"}},
          {["x", 1, nil, nil, "Odd", nil], nil, {:name, "x"}},
          {["class", 1, nil], nil, {:name, "value"}},
          {["_Größe1", 1, nil], nil, {:name, "value"}},
          {["n_rows", 1, nil], nil, 3},
          {["func", 1, nil], nil, {:function, 1}}
        ] do
      assert Literal.argument(parameter, said) == literal
    end
  end

  test "search: filters and limit", %{catalog: file} do
    search = fn words, filters, limit ->
      paths(Search.run([{"lib", file}], words, struct!(Filters, filters), limit))
    end

    assert search.("read", [], 20) == ["lib.read", "lib.old"]
    assert search.("reda", [], 20) == ["lib.read"]
    assert search.("read", [deprecated: true], 20) == ["lib.old"]
    assert search.("derived", [kind: "property"], 20) == ["lib.Derived.shape"]
    assert search.("derived", [module: "Derived"], 2) == ["lib.Derived", "lib.Derived.shape"]
    assert search.("derived", [], 0) == []

    for words <- [
          "",
          "zebra",
          " . ",
          <<255>>,
          String.duplicate("x ", 1_000),
          String.duplicate("y", 10_000)
        ],
        do: assert(search.(words, [], 20) == [])
  end

  test "damage is told", %{table: table} do
    data = Test.Catalog.build([%{paths: ["x"], summary: "SUMMARY"}])
    Test.Catalog.publish(table, "broken", :binary.replace(data, "SUMMARY", <<255, "UMMARY">>))
    file = Catalog.file(table, "broken")

    for read <- [
          fn -> Discovery.functions("broken", file, %Filters{}) end,
          fn -> Description.of(table, "broken.x") end,
          fn -> Search.run([{"broken", file}], "x", %Filters{}, 1) end
        ] do
      assert %Error{code: :catalog} = catch_error(read.())
    end
  end
end
