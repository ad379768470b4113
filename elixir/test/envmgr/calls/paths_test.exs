defmodule Envmgr.Calls.PathsTest do
  # What a path may lead to, through a real worker and the catalogs of real modules.
  use ExUnit.Case, async: true

  alias Envmgr.Error
  alias Envmgr.Test.Project

  setup do
    aliases = %{"m" => "math", "root" => "math.sqrt", "m.root" => "math.sqrt"}

    libraries = %{
      "math" => Project.library("math", %{"aliases" => aliases}),
      "test-probe" => Project.library("probe"),
      "time" => Project.library("time")
    }

    {name, project} = Project.start(workers: 1, libraries: libraries)
    %{name: name, project: project, libraries: libraries}
  end

  defp run(path, args, name), do: Envmgr.execute(path, args, name: name)

  test "functions, classes, constants", %{name: name} do
    assert {:ok, 3.0} = run("math.sqrt", [9.0], name)
    assert {:ok, 3.0} = run("math.sqrt", [9.0], name)
    assert {:ok, pi} = run("math.pi", [], name)
    assert_in_delta pi, :math.pi(), 1.0e-12
    assert {:ok, %Envmgr.Ref{}} = run("test-probe.Thing", [1], name)

    assert {:error, %Error{code: :arguments, message: "is a constant and takes no arguments"}} =
             run("math.pi", [1], name)
  end

  test "methods and properties, with the object first", %{name: name} do
    {:ok, thing} = run("test-probe.Thing", [40], name)
    assert {:ok, 42} = run("test-probe.Thing.add", [thing, 2], name)
    assert {:error, %Error{code: :arguments}} = run("test-probe.Thing.add", [], name)
    assert {:ok, 80} = run("test-probe.Thing.doubled", [thing], name)

    assert {:error, %Error{code: :arguments, hint: hint}} =
             run("test-probe.Thing.doubled", [thing, 1], name)

    assert hint =~ ~s{Envmgr.attr(ref, "doubled")}
  end

  test "aliases", %{name: name} do
    assert {:ok, 2.0} = run("m.sqrt", [4.0], name)
    assert {:ok, 2.0} = run("root", [4.0], name)
    assert {:ok, 2.0} = run("m.root", [4.0], name)
    assert {:ok, _} = run("m.pi", [], name)

    assert {:error, %Error{code: :arguments, path: "root"} = error} = run("root", [], name)
    assert error.hint =~ "math.sqrt(x"
    assert {:error, %Error{code: :exception, path: "root"}} = run("root", [-1.0], name)

    assert {:error, %Error{code: :unknown_function, hint: "did you mean math.sqrt?"} = error} =
             run("m.sqrtt", [1], name)

    assert error.message =~ "m.sqrtt stands for math.sqrtt"
    assert Envmgr.describe("root", name: name).path == "math.sqrt"
    assert Envmgr.functions("m", name) == Envmgr.functions("math", name: name)
  end

  test "another generation has other aliases",
       %{name: name, project: project} = context do
    {:ok, 2.0} = run("root", [4.0], name)
    math = Project.library("math", %{"aliases" => %{"wurzel" => "math.sqrt"}})

    Project.activate(project, "std",
      workers: 1,
      generation: 2,
      libraries: %{context.libraries | "math" => math}
    )

    Project.eventually(fn -> match?({:ok, 2.0}, run("wurzel", [4.0], name)) end)
    assert {:error, %Error{code: :unknown_library}} = run("root", [4.0], name)
  end

  test "a type that does not fit is told before anything reaches Python", %{name: name} do
    for {path, args, words, advice} <- [
          {"math.factorial", ["5"], "not a str: \"5\"", "String.to_integer/1"},
          {"math.sqrt", ["4.5"], "not a str: \"4.5\"", "String.to_float/1"}
        ] do
      assert {:error, %Error{code: :arguments} = error} = run(path, args, name)
      assert error.message =~ words
      assert error.hint =~ advice
    end

    assert Envmgr.stats(name)["std"].workers |> Enum.map(& &1.answered) |> Enum.sum() == 0
    assert {:ok, 120} = run("math.factorial", [5], name)
    assert {:ok, 2.0} = run("math.sqrt", [4], name)
  end

  test "functions, describe and search of a running instance", %{name: name} do
    all = Envmgr.functions("math", name)

    assert %{kind: "function", summary: "Return the square root of x."} =
             Enum.find(all, &(&1.path == "math.sqrt"))

    constants = Envmgr.functions("math", name: name, kind: :constant)
    assert "math.pi" in Enum.map(constants, & &1.path)

    assert %{path: "math.sqrt", environment: "std", generation: 1, kind: "function"} =
             described = Envmgr.describe("math.sqrt", name: name)

    assert described.examples.elixir =~ ~s{Envmgr.execute("math.sqrt", [}
    assert %{kind: "library", module: "probe"} = Envmgr.describe("test-probe", name: name)
    assert [%{path: "math.sqrt"} | _] = Envmgr.search("square root", name: name)
    assert [%{path: "test-probe.Thing"} | _] = Envmgr.search("thign", name: name)
    assert Envmgr.search("thing", name: name, library: "math") == []
    assert [_] = Envmgr.search("return", name: name, limit: 1)
  end

  test "what is wrong with discovery is told", %{name: name} do
    for {ask, words} <- [
          {fn -> Envmgr.describe("math.sqrtt", name: name) end, "did you mean math.sqrt?"},
          {fn -> Envmgr.describe("sqrt", name: name) end, "there is no library sqrt"},
          {fn -> Envmgr.functions("maht", name: name) end, "there is no library maht"},
          {fn -> Envmgr.search("x", name: name, library: "maht") end, "there is no library maht"},
          {fn -> Envmgr.search("x", name: name, kind: :clas) end,
           ":clas is no value of the option kind, did you mean class?"},
          {fn -> Envmgr.search("x", name: name, limti: 1) end,
           "unknown option limti, did you mean limit?"},
          {fn -> Envmgr.search("x", name: name, limit: -1) end,
           "-1 is no value of the option limit"},
          {fn -> Envmgr.describe("x", kind: "class") end, "unknown option kind"},
          {fn -> Envmgr.functions("math", [:x]) end, "no keyword list"},
          {fn -> Envmgr.search("x", name: :nowhere) end, "is not running"}
        ] do
      error = assert_raise(Error, ask)
      assert Exception.message(error) =~ words
    end
  end

  test "a catalog that cannot be read is told, and mended by the next generation", %{
    project: project
  } do
    broken = Path.join(project, "broken.catalog")
    File.write!(broken, "envcat02 and nothing else")
    name = :"broken#{System.unique_integer([:positive])}"
    libraries = %{"math" => Project.library("math", %{"catalog" => broken})}
    other = Project.new()
    Project.activate(other, "std", libraries: libraries, workers: 1)

    ExUnit.CaptureLog.capture_log(fn ->
      start_supervised!({Envmgr, name: name, project: other, watch: false}, id: name)
      assert {:error, %Error{code: :catalog, message: message}} = run("math.sqrt", [4.0], name)
      assert message =~ "broken.catalog" and message =~ "envmgr sync"
      assert_raise Error, ~r/broken.catalog/, fn -> Envmgr.describe("math.sqrt", name: name) end
      assert Envmgr.search("sqrt", name: name) == []
      File.cp!(Project.library("math")["catalog"], broken)
      Project.eventually(fn -> match?({:ok, 2.0}, run("math.sqrt", [4.0], name)) end)
    end)
  end
end
