defmodule Envmgr.Libraries.PipelineTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.{Pipeline, Signature}
  alias Envmgr.Test.Project

  @row [
    "order",
    "function",
    [
      ["number", 1, nil, nil, "int", ["int"]],
      ["price", 1, "None", "tuple", "tuple", ["tuple", "none"]],
      ["more", 4, nil]
    ],
    "dict",
    "",
    0,
    [[[["number", 1, nil, nil, "int", ["int"]]], "dict"]]
  ]

  test "the pipeline of a path, or the one for all that have none" do
    pipelines = %{"order" => %{"limit" => 1}, "*" => %{"limit" => 2}}
    assert Pipeline.of(pipelines, "order") == %{"limit" => 1}
    assert Pipeline.of(pipelines, "orders") == %{"limit" => 2}
    assert Pipeline.of(%{"order" => %{}}, "orders") == nil
    assert Pipeline.of(%{}, "orders") == nil
  end

  test "what is converted may be of any type" do
    [_, _, [number, price | _], _, _, _, [[[overload], "dict"]]] =
      Pipeline.seen(@row, %{"convert" => %{"number" => "int", "more" => "int"}})

    assert number == ["number", 1, nil]
    assert price == ["price", 1, "None", "tuple", "tuple", ["tuple", "none"]]
    assert overload == ["number", 1, nil]
  end

  test "what is renamed may be given under either name" do
    [_, _, parameters | _] =
      Pipeline.seen(@row, %{"rename" => %{"id" => "number", "cost" => "price"}})

    assert Signature.problems(parameters, 0, ["id"]) == []
    assert Signature.problems(parameters, 0, ["number"]) == []
    assert Signature.problems(parameters, 1, ["cost"]) == []
    assert ["cost", 3, "…", "tuple", "tuple", ["tuple", "none"]] in parameters
    assert List.last(parameters) == ["more", 4, nil]
  end

  test "a row without a pipeline, or without a signature, stays" do
    assert Pipeline.seen(@row, nil) == @row
    row = ["f", "function", nil, nil, "", 0, nil]
    assert Pipeline.seen(row, %{"convert" => %{"x" => "int"}}) == row
  end

  test "a call through a pipeline" do
    pipelines = %{
      "text" => %{
        "rename" => %{"length" => "size"},
        "convert" => %{"size" => "int"},
        "validate" => %{"size" => %{"type" => "int", "max" => 20}},
        "limit" => 4
      }
    }

    library = Project.library("probe", %{"pipelines" => pipelines})
    {name, _project} = Project.start(libraries: %{"probe" => library})
    assert {:ok, short} = Envmgr.execute("probe.text", ["3"], name: name)
    assert String.length(short) == 3
    assert {:ok, cut} = Envmgr.execute("probe.text", %{length: "9"}, name: name)
    assert cut == String.slice(cut, 0, 4)
    assert {:error, error} = Envmgr.execute("probe.text", %{length: 50}, name: name)
    assert {error.code, error.step, error.class} == {:pipeline, "validate size", :usage}
    assert error.message =~ "size must be at most 20, not 50"
    assert {:error, %{code: :arguments}} = Envmgr.execute("probe.text", %{lenght: 5}, name: name)
  end
end
