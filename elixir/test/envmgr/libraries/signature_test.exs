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
end
