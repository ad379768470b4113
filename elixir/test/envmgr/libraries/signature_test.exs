defmodule Envmgr.Libraries.SignatureTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.Signature

  # f(a, /, b, c=1, *, d, e=2)
  @full [["a", 0, nil], ["b", 1, nil], ["c", 1, "1"], ["d", 3, nil], ["e", 3, "2"]]
  @loose [["args", 2, nil], ["kwargs", 4, nil]]

  @cases [
    {@full, 2, ["d"], :ok},
    {@full, 1, ["b", "d"], :ok},
    {@full, 3, ["d", "e"], :ok},
    {@full, 4, ["d"], "takes 3 positional arguments, 4 given"},
    {@full, 2, [], "missing argument d"},
    {@full, 0, [], "missing arguments a, b, d"},
    {@full, 2, ["b", "d"], "b is given twice, by position and by name"},
    {@full, 1, ["a", "b", "d"], "a is accepted by position only"},
    {@full, 2, ["d", "x"], "has no argument x"},
    {@full, 4, ["f"],
     "takes 3 positional arguments, 4 given; has no argument f; missing argument d"},
    {@loose, 9, ["x", "y"], :ok},
    {[["axis", 1, "None"]], 0, ["axes"], "has no argument axes, did you mean axis?"},
    {nil, 9, ["x"], :ok}
  ]

  for {{parameters, count, names, expected}, i} <- Enum.with_index(@cases) do
    @case_data {parameters, count, names, expected}
    test "case #{i}: #{count} by position, #{inspect(names)} by name" do
      {parameters, count, names, expected} = @case_data

      problems = Enum.join(Signature.problems(parameters, count, names), "; ")
      assert problems == if(expected == :ok, do: "", else: expected)
    end
  end

  test "the quick check agrees with the full one" do
    for parameters <- [
          @full,
          @loose,
          nil,
          [],
          [["x", 0, nil]],
          [["x", 0, "1"]],
          [["x", 1, nil], ["r", 2, nil]]
        ],
        count <- 0..5 do
      {least, most} = Signature.positional(parameters)
      assert count in least..most//1 == (Signature.problems(parameters, count, []) == [])
    end
  end

  test "signatures as Python writes them" do
    assert Signature.text("f", @full) == "f(a, /, b, c=1, *, d, e=2)"
    assert Signature.text("f", @loose) == "f(*args, **kwargs)"
    assert Signature.text("f", [["x", 0, nil]]) == "f(x, /)"
    assert Signature.text("f", []) == "f()"
    assert Signature.text("f", nil) == "f(…)"
  end

  test "types stand where they are known" do
    typed = [
      ["a", 0, nil, nil, "int", ["int"]],
      ["b", 1, "1", nil, "float", nil],
      ["args", 2, nil, nil, "str", nil],
      ["kw", 4, nil]
    ]

    assert Signature.text("f", typed, "bool") ==
             "f(a: int, /, b: float = 1, *args: str, **kw) -> bool"

    assert Signature.text("f", nil, "int") == "f(…) -> int"
  end

  test "a long signature is cut to what matters" do
    options = for i <- 1..40, do: ["option_#{i}", 3, "None", nil, "int | None", ["int"]]
    long = [["path", 1, nil, nil, "str", ["str"]] | options]

    assert Signature.brief("f", long, "X", ["option_7", "option_9"]) ==
             "f(path: str, …, *, option_7: int | None = None, …, option_9: int | None = None, …); " <>
               "Envmgr.describe(\"f\") has all of it"

    types = for i <- 1..6, do: ["p#{i}", 1, nil, nil, String.duplicate("t", 60), nil]
    assert Signature.brief("f", types, nil, []) == "f(p1, p2, p3, p4, p5, p6)"
    assert Signature.brief("f", @full, nil, []) == Signature.text("f", @full)
    assert Signature.brief("f", nil, nil, []) == "f(…)"
  end
end
