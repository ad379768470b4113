defmodule Envmgr.Values.RoundTripTest do
  # Through a real worker and back, by seed: what Python makes of a value is the same value again.
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Bytes, Dict, Set}
  alias Envmgr.Test.{Project, Values}

  @examples 400

  setup_all do
    {name, _project} = Project.start()
    %{name: name, values: if(numpy?(name), do: &Values.common/1, else: &Values.standard/1)}
  end

  defp numpy?(name), do: Envmgr.execute!("probe.has", ["numpy"], name: name)

  test "values come back as they went", %{name: name, values: values} do
    :rand.seed(:exsss, {2026, 11, 25})

    for i <- 1..@examples do
      value = values.(3)
      back = Envmgr.execute!("probe.echo", %{value: value}, name: name)
      assert back === value, "case #{i}: #{inspect(value)}\ncame back as #{inspect(back)}"
    end
  end

  test "dicts keep their order when asked for", %{name: name} do
    dict = %Dict{pairs: [{"b", 1}, {"a", %Dict{pairs: [{2, 3}]}}]}
    assert Envmgr.execute!("probe.echo", [dict], name: name, dicts: :ordered) == dict
    assert Envmgr.execute!("probe.echo", [dict], name: name) == %{"b" => 1, "a" => %{2 => 3}}
    nan = %Dict{pairs: [{:nan, 1}, {:nan, 2}]}
    assert Envmgr.execute!("probe.echo", [nan], name: name) == nan
    set = %Set{items: [:nan, :nan]}
    assert Envmgr.execute!("probe.echo", [set], name: name) == set
  end

  test "an array is what its list says", %{name: name, values: values} do
    if values == (&Values.common/1) do
      array = Array.from_list([[1, 2], [3, 4]], dtype: "float32")
      assert Envmgr.execute!("probe.listed", [array], name: name) == [[1.0, 2.0], [3.0, 4.0]]
      fortran = %{array | order: :f}
      assert Envmgr.execute!("probe.listed", [fortran], name: name) == [[1.0, 3.0], [2.0, 4.0]]
      assert Array.to_list(fortran) == [[1.0, 3.0], [2.0, 4.0]]
    end
  end

  test "parameters say what lists and binaries become", %{name: name} do
    sent = {[[1], [3, 3]], %{c: <<255>>, d: [4]}}
    assert Envmgr.execute!("probe.hinted", sent, name: name) == ~w(tuple set bytes frozenset)

    assert {:error, %Envmgr.Error{code: :arguments} = error} =
             Envmgr.execute("probe.hinted", [5, nil], name: name)

    assert error.message == "a takes tuple, not an int: 5; b takes set, not None"

    assert {:error, %Envmgr.Error{code: :conversion} = error} =
             Envmgr.execute("probe.hinted", [[1], [2, self()]], name: name)

    assert error.message =~ "args[1][1]: a pid cannot become"
    assert {:error, error} = Envmgr.execute("probe.hinted", [[1], [[2]]], name: name)
    assert error.message =~ "args[1]: a list cannot become a set: [2] cannot be hashed by Python"
  end

  test "an answer that cannot be read names its place", %{name: name} do
    name = decoding(name, %{"probe.Point" => fn _point -> raise "no" end})

    assert {:error, %Envmgr.Error{code: :conversion} = error} =
             Envmgr.execute("probe.points", [3], name: name)

    assert error.message =~
             ~s(the answer cannot be read: value["rows"][0]: the decoder of probe.Point failed)

    assert error.details == %{path: ~s(value["rows"][0])}
  end

  test "registered decoders make what they like", %{name: name} do
    name = decoding(name, %{"probe.Point" => &{&1["x"], &1["y"]}})
    assert Envmgr.execute!("probe.points", [2], name: name) == %{"rows" => [{0, 0}, {1, 1}]}
    assert Envmgr.execute!("probe.echo", [%Bytes{data: "x"}], name: name) == %Bytes{data: "x"}
  end

  # The project of another instance, with decoders.
  defp decoding(name, decoders) do
    [{:project, project}] = :ets.lookup(name, :project)
    name = :"decoding#{System.unique_integer([:positive])}"
    options = [name: name, project: project, watch: false, decoders: decoders]
    start_supervised!({Envmgr, options}, id: name)
    name
  end
end
