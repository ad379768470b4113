defmodule Envmgr.Libraries.UnknownTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.Unknown
  alias Envmgr.Test

  @objects [
    %{paths: ["linalg"], kind: "module", parameters: nil},
    %{paths: ["linalg.norm", "core.linalg.norm"]},
    %{paths: ["linalg.solve"]},
    %{paths: ["mean"]},
    %{paths: ["median"]},
    %{paths: ["forest_of_trees"]},
    %{paths: ["average"]},
    %{paths: ["Frame"], kind: "class"},
    %{paths: ["Frame.value_counts"], kind: "method"},
    %{paths: ["Series"], kind: "class"},
    %{paths: ["Series.value_counts"], kind: "method"},
    %{paths: ["Series.unique"], kind: "method"},
    %{paths: ["deep.inside.of.it"]}
  ]

  setup do
    table = Test.Catalog.table()
    aliases = %{"lib" => "sci-lib", "avg" => "sci-lib.average"}
    facts = %{module: "sklib", aliases: aliases}
    Test.Catalog.publish(table, "sci-lib", Test.Catalog.build(@objects), facts)

    Test.Catalog.publish(table, "other", Test.Catalog.build([%{paths: ["x"]}]), %{module: "other"})

    %{table: table}
  end

  defp error(table, path) do
    error = Unknown.error(table, path)
    assert error.path == path
    {error.code, error.message, error.hint}
  end

  test "near names, the likeliest first", %{table: table} do
    for {path, hint} <- [
          {"sci-lib.maen", "did you mean sci-lib.mean?"},
          {"sci-lib.MEAN", "did you mean sci-lib.mean?"},
          {"sci-lib.frame.value_counts", "did you mean sci-lib.Frame.value_counts?"},
          {"sci-lib.Frame.value_count", "did you mean sci-lib.Frame.value_counts?"},
          {"sci-lib.forest", "did you mean sci-lib.forest_of_trees?"},
          {"sci-lib.linlag.norm", "did you mean sci-lib.linalg.norm?"},
          {"sci-lib.norm", "did you mean sci-lib.linalg.norm?"},
          {"sci-lib.nrom", "did you mean sci-lib.linalg.norm?"},
          {"sci-lib.old.place.solve", "did you mean sci-lib.linalg.solve?"},
          {"sci-lib.Frame.unique", "did you mean sci-lib.Series.unique?"},
          {"sci-lib.linlag.nothing", "did you mean sci-lib.linalg?"}
        ] do
      assert {:unknown_function, "sci-lib 1.0 has no such" <> _, ^hint} = error(table, path)
    end
  end

  test "several, where several are as near", %{table: table} do
    assert {_, _, "did you mean sci-lib.Frame.value_counts or sci-lib.Series.value_counts?"} =
             error(table, "sci-lib.value_counts")
  end

  test "methods are told from functions", %{table: table} do
    assert {_, "sci-lib 1.0 has no such method of Frame", hint} =
             error(table, "sci-lib.Frame.zebra")

    assert hint == ~s{Envmgr.functions("sci-lib", module: "Frame") lists what Frame has}
    assert {_, "sci-lib 1.0 has no such function", hint} = error(table, "sci-lib.zebra")

    assert hint ==
             ~s{Envmgr.functions("sci-lib") lists what it has; what it has from other libraries is not reachable}
  end

  test "modules and libraries are not functions", %{table: table} do
    assert {:unknown_function, "names a module, not a function", hint} =
             error(table, "sci-lib.linalg")

    assert hint == ~s{Envmgr.functions("sci-lib", module: "linalg") lists what it has}
    assert {:unknown_function, "names a library, not a function", _} = error(table, "sci-lib")
  end

  test "what is private, and what belongs to somebody else", %{table: table} do
    assert {_, message, "did you mean sci-lib.linalg.norm?"} = error(table, "sci-lib._core.norm")
    assert message =~ "private names are not reachable, and _core is one"
    assert {_, message, hint} = error(table, "sci-lib.os.system")
    assert message =~ "os is not sci-lib's" and hint =~ "[library.os]"
    assert {_, message, hint} = error(table, "sci-lib.linalg.os.system")
    assert message =~ "os is not sci-lib's" and hint =~ "[library.os]"
    assert {_, _, hint} = error(table, "sci-lib.linalg.zebra")
    assert hint =~ "what it has from other libraries is not reachable"
  end

  test "a path without a library", %{table: table} do
    for path <- ["", ".mean"] do
      assert {:unknown_library, message, _hint} = error(table, path)
      assert message =~ "#{inspect(path)} begins with no library"
    end
  end

  test "a library that is called otherwise than its module", %{table: table} do
    assert {:unknown_library, "there is no library sklib", hint} = error(table, "sklib.mean")
    assert hint == "sklib is the module of the library sci-lib: did you mean sci-lib.mean?"
    Test.Catalog.publish(table, "sci2", Test.Catalog.build([]), %{module: "sklib"})
    assert {_, _, hint} = error(table, "sklib.mean")
    assert hint =~ "did you mean sci-lib.mean or sci2.mean?"
    assert {:unknown_library, _, "did you mean other?"} = error(table, "othr.x")
    assert {:unknown_library, _, "did you mean other?"} = error(table, "Other.x")
    assert {:unknown_library, _, "did you mean sci-lib.mean?"} = error(table, "mean")

    assert {:unknown_library, _, "did you mean sci-lib.linalg.norm?"} =
             error(table, "linalg.norm")

    assert {:unknown_library, _, hint} = error(table, "zebra.x")
    assert hint =~ "envmgr.toml"
  end

  test "errors name an alias and what it stands for", %{table: table} do
    assert {:unknown_function, message, "did you mean sci-lib.mean?"} = error(table, "lib.maen")
    assert message == "lib.maen stands for sci-lib.maen: sci-lib 1.0 has no such function"
    assert {_, "avg.x stands for sci-lib.average.x: " <> _, _} = error(table, "avg.x")

    assert {:unknown_function, "lib stands for sci-lib: names a library" <> _, _} =
             error(table, "lib")

    assert {:unknown_library, _, "did you mean lib?"} = error(table, "libb.mean")
  end

  test "odd paths are told, whatever they are", %{table: table} do
    for path <- [
          "",
          ".",
          "..",
          "sci-lib.",
          "sci-lib..",
          "sci-lib.é",
          "sci-lib." <> <<255>>,
          "sci-lib." <> String.duplicate("a.", 500)
        ] do
      assert {code, message, _hint} = error(table, path)
      assert code in [:unknown_library, :unknown_function] and is_binary(message)
    end
  end
end
