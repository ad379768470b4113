defmodule Envmgr.Command.CompiledTest do
  # Whether compiled modules carry their forms is the compiler's option, one for the VM.
  use ExUnit.Case, async: false
  import ExUnit.CaptureIO

  alias Envmgr.Command.Compiled
  alias Envmgr.Test.Project

  # What a module calls whose functions stand in `body`, from its second line on.
  defp read(body, options \\ []) do
    name = "Envmgr.Test.Compiled#{System.unique_integer([:positive])}"
    source = "defmodule #{name} do\n#{body}\nend\n"
    directory = Project.new()
    before = Code.get_compiler_option(:debug_info)
    Code.put_compiler_option(:debug_info, options[:debug_info] != false)

    # Wrong calls are warned of.
    capture_io(:stderr, fn ->
      for {module, content} <- Code.compile_string(source, "/app/lib/app.ex"),
          do: File.write!(Path.join(directory, "#{module}.beam"), content)
    end)

    Code.put_compiler_option(:debug_info, before)
    directory |> Compiled.Beams.in_directory() |> Compiled.read("/app")
  end

  defp paths(body), do: for({path, _places, _shapes} <- read(body).functions, do: path)

  # What is called; what is not known, by how it begins.
  @cases [
    {"a literal", ~S|def a, do: Envmgr.execute("m.f", [1])|, ["m.f"], []},
    {"every function that takes a path",
     ~S"""
     def a do
       [Envmgr.execute!("m.a"), Envmgr.async("m.b", [], []), Envmgr.stream("m.c", [1]), Envmgr.map("m.d", [[1]])]
     end
     """, ~w(m.a m.b m.c m.d), []},
    {"a pipe", ~S|def a(x), do: "m.f" \|> Envmgr.execute([x])|, ["m.f"], []},
    {"a module attribute", ~s|@path "m.f"\ndef a, do: Envmgr.execute(@path)|, ["m.f"], []},
    {"an alias and an import",
     ~s|alias Envmgr, as: P\nimport Envmgr, only: [execute: 1]\ndef a, do: {P.execute("m.a"), execute("m.b")}|,
     ~w(m.a m.b), []},
    {"joined texts", ~s|@m "numpy.linalg"\ndef a, do: Envmgr.execute(@m <> "." <> "norm")|,
     ["numpy.linalg.norm"], []},
    {"interpolation of constants", ~S|def a do
          name = :norm
          Envmgr.execute("numpy.#{"linalg"}.#{name}")
        end|, ["numpy.linalg.norm"], []},
    {"what only a run can tell", ~S|def a(x), do: Envmgr.execute("numpy.#{x}.f", [])|, [],
     ["numpy."]},
    {"a variable", ~s|def a do\npath = "m.f"\nEnvmgr.execute(path)\nend|, ["m.f"], []},
    {"branches",
     ~S"""
     def a(x) do
       path = if x > 1, do: "m.a", else: "m.b"
       other = case x do 1 -> "m.c"; 2 -> "m.d"; _ -> raise "no" end
       last = cond do x > 5 -> "m.e"; true -> "m.f" end
       [Envmgr.execute(path), Envmgr.execute(other), Envmgr.execute(last)]
     end
     """, ~w(m.a m.b m.c m.d m.e m.f), []},
    {"a map, by a key that is known or not",
     ~S"""
     @paths %{a: "m.a", b: "m.b"}
     def a(x), do: {Envmgr.execute(Map.fetch!(@paths, x)), Envmgr.execute(@paths[:a])}
     """, ~w(m.a m.b), []},
    {"a map, by a known key",
     ~S|def a, do: Envmgr.execute(Map.get(%{"a" => "m.a", "b" => "m.b"}, "b"))|, ["m.b"], []},
    {"a keyword list", ~S|def a(x), do: Envmgr.execute(Keyword.fetch!([a: "m.a", b: "m.b"], x))|,
     ~w(m.a m.b), []},
    {"elements of a list",
     ~S"""
     def a, do: Enum.map(["m.a", "m.b"], &Envmgr.execute(&1, []))
     def b, do: for p <- ["m.c"], do: Envmgr.execute(p)
     def c, do: for {_key, p} <- [x: "m.d", y: "m.e"], do: Envmgr.execute(p)
     def d, do: :lists.foreach(fn p -> Envmgr.execute(p) end, ["m.f"])
     def e, do: for {_key, p} <- %{x: "m.g"}, do: Envmgr.execute(p)
     def f, do: for p <- ["m.h"] ++ ["m.i"], do: Envmgr.execute(p)
     def g(more), do: for p <- ["m.j" | more], do: Envmgr.execute(p)
     """, ~w(m.a m.b m.c m.d m.e m.f m.g m.h m.i m.j), [""]},
    {"another function gives it",
     ~S"""
     def a(x), do: {Envmgr.execute(path(:b)), Envmgr.execute(other(x))}
     defp path(:a), do: "m.a"
     defp path(:b), do: "m.b"
     defp other(x) when x > 1, do: "m.c"
     defp other(_), do: "m." <> "d"
     """, ~w(m.b m.c m.d), []},
    {"a wrapper gets it",
     ~S"""
     def a, do: {numpy("mean"), numpy("linalg", "norm"), np(:sum)}
     defp numpy(name), do: Envmgr.execute("numpy.#{name}", [])
     defp numpy(module, name), do: Envmgr.execute("numpy.#{module}.#{name}", [])
     defp np(name, args \\ []), do: inner("numpy", name, args)
     defp inner(library, name, args), do: Envmgr.execute("#{library}.#{name}", args)
     """, ~w(numpy.linalg.norm numpy.mean numpy.sum), []},
    {"a wrapper is taken as a value", ~s|def a, do: &b/1\ndef b(path), do: Envmgr.execute(path)|,
     [], [""]},
    {"a wrapper calls itself",
     ~s|def a, do: b("m.f", 3)\ndef b(path, 0), do: Envmgr.execute(path)\ndef b(path, n), do: b(path, n - 1)|,
     ["m.f"], [""]},
    {"apply",
     ~S|def a(x), do: {apply(Envmgr, :execute, ["m.f", []]), apply(x, :execute, ["m.g"])}|,
     ["m.f"], []},
    {"a capture", ~S|def a, do: [&Envmgr.execute/2, &Envmgr.method/2]|, [], [""]},
    {"fallbacks", ~S|def a, do: Envmgr.execute("m.a", [], fallback: ["m.b", "m.c"], timeout: 5)|,
     ~w(m.a m.b m.c), []},
    {"one fallback", ~S|def a(o), do: Envmgr.execute("m.a", [], [{:fallback, "m.b"} \| o])|,
     ~w(m.a m.b), []},
    {"a wrong call", ~S|def a, do: {Envmgr.execute(:m), Envmgr.execute([]), Envmgr.execute(%{})}|,
     [], []},
    {"nothing of ours", ~S|def a(x), do: {Map.get(x, "m.f"), x.execute("m.f"), execute("m.f")}
       defp execute(path), do: path|, [], []}
  ]

  for {name, body, paths, unknown} <- @cases do
    test name do
      found = read(unquote(body))
      assert for({path, _places, _shapes} <- found.functions, do: path) == unquote(paths)
      begins = for {_place, _call, begins} <- found.unknown, do: begins
      assert Enum.uniq(begins) == unquote(unknown)
      assert found.unread == []
    end
  end

  test "functions that call themselves are followed for a while" do
    found =
      read(~S"""
      def run(n), do: Envmgr.execute(path(n, "m"), [])
      defp path(0, x), do: x
      defp path(n, x), do: path(n - 1, x) <> path(n - 2, "." <> x) <> path(n - 3, x) <> path(n - 4, "x")
      """)

    assert {"m", _places, _shapes} = hd(found.functions)
  end

  # What each call passes: how many by position, which names, and of what there may be more.
  @shapes [
    {"nothing", ~S|def a, do: Envmgr.execute("m.f")|, [{0, [], []}]},
    {"a list", ~S|def a(x), do: Envmgr.execute!("m.f", [x, 1])|, [{2, [], []}]},
    {"a keyword list", ~S|def a(x), do: Envmgr.async("m.f", axis: x, b: 1)|,
     [{0, ~w(axis b), []}]},
    {"a map", ~S|def a(x), do: Envmgr.stream("m.f", %{"b" => x, a: 1})|, [{0, ~w(a b), []}]},
    {"both", ~s|@named [axis: 0]\ndef a(x), do: Envmgr.execute("m.f", {[x], @named})|,
     [{1, ["axis"], []}]},
    {"pairs that are no names", ~S|def a, do: Envmgr.execute("m.f", [{"a", 1}, {:b, 2}])|,
     [{2, [], []}]},
    {"what only a run can tell", ~S|def a(x), do: Envmgr.execute("m.f", x)|,
     [{0, [], [:keywords, :positional]}]},
    {"at least",
     ~S|def a(x), do: {Envmgr.execute("m.f", [1 \| x]), Envmgr.execute("m.f", [1] ++ x)}|,
     [{1, [], [:positional]}]},
    {"at least these names", ~S|def a(x), do: Envmgr.execute("m.f", {[x], [{:axis, 1} \| x]})|,
     [{1, ["axis"], [:keywords]}]},
    {"a name that is not known", ~S|def a(x), do: Envmgr.execute("m.f", %{x => 1})|,
     [{0, [], [:keywords]}]},
    {"names that are put", ~S|def a(x), do: Envmgr.execute("m.f", {[x], Keyword.put(x, :b, 1)})
      def b(x), do: Envmgr.execute("m.f", {[x], %{c: 1} \|> Map.merge(x) \|> Map.put(:b, 1)})|,
     [{1, ["b"], [:keywords]}, {1, ["b", "c"], [:keywords]}]},
    {"branches",
     ~S"""
     def a(x) do
       named = if x, do: [a: 1], else: []
       named = case x do 1 -> Keyword.put(named, :b, 1); 2 -> raise "no"; _ -> named end
       Envmgr.execute("m.f", {[x], named})
     end
     """, [{1, [], []}, {1, ["a"], []}, {1, ["a", "b"], []}, {1, ["b"], []}]},
    {"another function gives them",
     ~s|def a(x), do: Envmgr.execute("m.f", {[x], named()})\ndefp named, do: [a: 1]|,
     [{1, ["a"], []}]},
    {"then", ~S|def a(x), do: [x] \|> then(&Envmgr.execute("m.f", &1))|, [{1, [], []}]},
    {"a wrapper gets them",
     ~S"""
     def a, do: {f([1, 2]), f(a: 1), np("m.f", 1), np("m.f", 1, axis: 2)}
     defp f(args), do: Envmgr.execute("m.f", args)
     defp np(path, x, named \\ []), do: Envmgr.execute(path, {[x], named})
     """, [{0, ["a"], []}, {1, [], []}, {1, ["axis"], []}, {2, [], []}]},
    {"a wrapper puts names to them",
     ~S"""
     def a(o), do: {f([b: 1]), f(o)}
     defp f(named), do: g(Keyword.put(named, :a, 1))
     defp g(named), do: Envmgr.execute("m.f", named)
     """, [{0, ["a"], [:keywords]}, {0, ["a", "b"], []}]},
    {"a wrapper is taken as a value", ~S|def a, do: &b/1
       def b(args), do: Envmgr.execute("m.f", args)|, [{0, [], [:keywords, :positional]}]},
    {"a fallback", ~S|def a(x), do: Envmgr.execute(:m, [x], fallback: "m.f")|, [{1, [], []}]},
    {"a map of items",
     ~S"""
     def a(xs), do: Envmgr.map("m.f", for(x <- xs, do: [x, 1]))
     def b(xs), do: Envmgr.map("m.f", Enum.map(xs, &{[&1], k: 1}))
     def c(xs), do: xs |> Stream.map(fn x -> [x: x] end) |> then(&Envmgr.map("m.f", &1))
     def d, do: Envmgr.map("m.f", [[1], [1, 2, 3]])
     """, [{0, ["x"], []}, {1, [], []}, {1, ["k"], []}, {2, [], []}, {3, [], []}]},
    {"a map of items that a run makes",
     ~S"""
     def a(xs), do: Envmgr.map("m.f", xs)
     def b(xs), do: Envmgr.map("m.f", for(x <- xs, x > 1, do: [x]))
     """, [{0, [], [:keywords, :positional]}]},
    {"a chain", ~S|def a(x), do: Envmgr.execute([{:call, "m.f", [x]}, {:method, "g", [1, 2]}])
       def b, do: Envmgr.execute([{:call, "m.f"}])|, [{0, [], []}, {1, [], []}]}
  ]

  for {name, body, shapes} <- @shapes do
    test "arguments: #{name}" do
      found = read(unquote(body))

      assert Enum.sort(
               for {"m.f", _places, shapes} <- found.functions,
                   {shape, [_ | _]} <- shapes,
                   do: {shape.positional, shape.keywords, shape.more}
             ) == unquote(Macro.escape(shapes))
    end
  end

  test "arguments of methods; what is read as an attribute may be called with anything" do
    found =
      read(~S"""
      def a(x) do
        Envmgr.method(x, "fit", [1, 2], timeout: 5)
        Envmgr.method(x, "go")
        Envmgr.attr(x, "at")
        Envmgr.execute([x, {:method, "named", [a: 1]}, {:attr, "at"}])
      end
      """)

    assert for(
             {name, nil, _, [{shape, _}]} <- found.methods,
             do: {name, shape.positional, shape.keywords, shape.more}
           ) ==
             [
               {"at", 0, [], [:keywords, :positional]},
               {"fit", 2, [], []},
               {"go", 0, [], []},
               {"named", 0, ["a"], []}
             ]
  end

  test "objects that a variable holds are of the call that made them" do
    found =
      read(~S"""
      def a(x) do
        one = Envmgr.execute!("m.One", [x], as: :ref)
        Envmgr.method(one, "by_name")
        {:ok, two} = Envmgr.execute([{:call, "m.Two"}], [], as: :ref)
        Envmgr.execute([two, {:method, "first"}, {:method, "second"}])
        Envmgr.execute([{:ref, two}, {:attr, "at"}])
        "m.Three" |> Envmgr.execute!([], as: :ref) |> Envmgr.method("piped")

        with {:ok, four} <- Envmgr.execute("m.Four", [], as: :ref),
             {:ok, value} <- Envmgr.method(four, "in_with"),
             do: value

        either = if x, do: one, else: x
        Envmgr.method(either, "either")
        five = Envmgr.execute("m.Five")
        Envmgr.method(five, "no_object")
        Envmgr.method(Envmgr.execute!(x), "of_unknown")
        helped(one)
      end

      defp helped(object), do: Envmgr.method(object, "helped")
      """)

    assert for({name, on, _places, _shapes} <- found.methods, do: {name, on}) == [
             {"at", "m.Two"},
             {"by_name", "m.One"},
             {"either", nil},
             {"first", "m.Two"},
             {"helped", nil},
             {"in_with", "m.Four"},
             {"no_object", nil},
             {"of_unknown", nil},
             {"piped", "m.Three"},
             {"second", nil}
           ]
  end

  test "how it is called is told with the places that decide it" do
    assert [{"m.f", ["lib/app.ex:3"], shapes}] =
             read(~S"""
             def a, do: {f([1]), f([2])}
             defp f(args), do: Envmgr.execute("m.f", args)
             def b, do: f(axis: 1)
             """).functions

    assert shapes == [
             {%{positional: 1, keywords: [], more: []}, ["lib/app.ex:2"]},
             {%{positional: 0, keywords: ["axis"], more: []}, ["lib/app.ex:4"]}
           ]
  end

  test "chains, methods and attributes" do
    found =
      read(~S"""
      def a(x, name) do
        steps = [{:method, "head", [3]}, {:item, "a"}]
        Envmgr.execute([{:call, "m.read", [x]}, {:method, "dropna"}, {:attr, "shape"}])
        Envmgr.execute([{:call, "m.open"} | steps])
        Envmgr.execute([x, {:method, "of_ref"}])
        Envmgr.execute([{:ref, x}, {:op, :+, 1}])
        Envmgr.execute([{:call, "m." <> name}, {:method, "after"}])
        Envmgr.method(x, "fit", [1])
        Envmgr.attr(x, name)
        with_name("predict", x)
      end

      defp with_name(name, ref), do: Envmgr.method(ref, name)
      """)

    assert for({path, _, _} <- found.functions, do: path) == ["m.open", "m.read"]

    assert for({name, on, _, _} <- found.methods, do: {name, on}) == [
             {"after", nil},
             {"dropna", "m.read"},
             {"fit", nil},
             {"head", "m.open"},
             {"of_ref", nil},
             {"predict", nil},
             {"shape", nil}
           ]

    assert [{_, "execute/1", "m."}, {_, "attr/2", ""}] = found.unknown
  end

  test "places are files and lines, a wrapper's those of its callers" do
    body =
      ~s|def a, do: w("m.a")\ndef b, do: w("m.a")\n| <>
        String.duplicate("\n", 7) <> ~s|def c, do: w("m.a")\ndefp w(p), do: Envmgr.execute(p)|

    assert [{"m.a", ["lib/app.ex:2", "lib/app.ex:3", "lib/app.ex:11"], _}] = read(body).functions
  end

  test "modules without debug information are named" do
    assert %{functions: [], unread: ["Envmgr.Test.Compiled" <> _]} =
             read(~S|def a, do: Envmgr.execute("m.f")|, debug_info: false)
  end

  test "modules of Erlang are read as well" do
    directory =
      Project.new([
        {"app_python.erl",
         """
         -module(app_python).
         -export([run/1]).
         run(X) ->
             Path = if X > 1 -> <<"m.a">>; true -> <<"m.b"/utf8>> end,
             'Elixir.Envmgr':execute(Path, [X]).
         """}
      ])

    {:ok, :app_python, beam} =
      :compile.file(String.to_charlist(Path.join(directory, "app_python.erl")), [
        :binary,
        :debug_info
      ])

    File.write!(Path.join(directory, "app_python.beam"), beam)

    one = [{%{positional: 1, keywords: [], more: []}, ["app_python.erl:5"]}]

    assert Compiled.read([Path.join(directory, "app_python.beam")], directory).functions == [
             {"m.a", ["app_python.erl:5"], one},
             {"m.b", ["app_python.erl:5"], one}
           ]
  end

  test "a function of this library's own that nobody gives a path to is not known" do
    assert paths(~S|def a(path), do: Envmgr.execute(path)|) == []
  end
end
