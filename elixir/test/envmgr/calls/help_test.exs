defmodule Envmgr.Calls.HelpTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureIO

  alias Envmgr.Calls.Help
  alias Envmgr.Test.Project

  setup_all do
    aliases = %{"wurzel" => "math.sqrt"}

    libraries = %{
      "math" => Project.library("math", %{"aliases" => aliases}),
      "probe" => Project.library("probe")
    }

    {name, _project} = Project.start(libraries: libraries, workers: 1)
    %{name: name}
  end

  defp h(subject, name), do: capture_io(fn -> Envmgr.h(subject, name: name) end)

  test "a function: signature, texts, forms, where from, and how it is called", %{name: name} do
    {:ok, 2.0} = Envmgr.execute("wurzel", [4], name: name)
    text = h("wurzel", name)

    for words <- [
          "math.sqrt(x: _SupportsFloatOrIndex, /) -> float",
          "function of math",
          "Return the square root",
          ~s|Envmgr.execute("math.sqrt"|,
          "math.sqrt("
        ],
        do: assert(text =~ words)

    assert text =~ ~r/called\n  once; half within [\d.]+ ms/
    assert text =~ "also" and text =~ "wurzel"
    assert %{calls: %{count: 1, path: "math.sqrt"}} = Envmgr.describe("math.sqrt", name: name)
    assert %{calls: nil} = Envmgr.describe("math.tan", name: name)
  end

  test "a long signature stands on several lines, its types with the parameters" do
    parameters =
      for n <- 1..20,
          do: %{
            name: "parameter#{n}",
            kind: if(n == 20, do: :var_keyword, else: :positional_or_keyword),
            default: if(n in 2..19, do: "None"),
            type: "int | str | None",
            text: nil
          }

    found = %{
      path: "m.f",
      kind: "function",
      signature: String.duplicate("x", 200),
      inferred: false,
      parameters: parameters,
      returns: "int"
    }

    none = %{summary: nil, description: nil, deprecated: nil, value: nil, calls: nil, file: nil}
    lists = Map.new([:raises, :yields, :returned, :overloads, :members, :aliases], &{&1, []})
    texts = %{examples: %{elixir: nil, python: nil}, origins: %{}, module: "m", line: nil}
    names = %{library: "m", version: nil, environment: "e", generation: 1}
    found = Enum.reduce([none, lists, texts, names], found, &Map.merge/2)

    [title | _] =
      found |> Help.lines([]) |> IO.ANSI.format(false) |> to_string() |> String.split("\n\n")

    lines = String.split(title, "\n")
    assert "m.f(parameter1, parameter2=None, " <> _ = hd(lines)
    assert Enum.all?(lines, &(String.length(&1) <= 98))
    assert Enum.at(lines, -2) =~ ~r/^    .*parameter19=None, \*\*parameter20\) -> int$/
    assert List.last(lines) == "function of m, environment e, generation 1"
  end

  test "a library, a class and its members", %{name: name} do
    text = h("math", name)

    for words <- ["math\n", "Python's own", "environment", "math.acos(", "… ", "Envmgr.functions"],
        do: assert(text =~ words)

    text = h("probe.Thing", name)
    assert text =~ "class of probe" and text =~ "members\n"
  end

  test "a ref: its class, or its type alone", %{name: name} do
    {:ok, thing} = Envmgr.execute("probe.Thing", [1], name: name, as: :ref)
    text = capture_io(fn -> Envmgr.h(thing) end)
    assert text =~ "#Envmgr.Ref<probe.Thing" and text =~ "class of probe"
    {:ok, list} = Envmgr.execute("probe.echo", [[1]], name: name, as: :ref)
    assert h(list, name) =~ "its class is in no catalog"
  end

  test "what does not exist: why, and what was probably meant", %{name: name} do
    assert h("math.sqrrt", name) =~ "did you mean math.sqrt?"
    assert h("mathe", name) =~ "did you mean math?"
    assert_raise Envmgr.Error, fn -> Envmgr.h("math.sqrt", nmae: name) end
  end

  test "colours where they are on", %{name: name} do
    text = Envmgr.describe("math.sqrt", name: name) |> Help.lines([]) |> IO.ANSI.format(true)
    assert IO.iodata_to_binary(text) =~ "\e[1mmath.sqrt(x: "
    shown = fn -> send(self(), {:answer, Envmgr.h("math.sqrt", name: name)}) end
    assert capture_io(shown) =~ "math.sqrt"
    assert_received {:answer, :ok}
  end
end
