defmodule Envmgr.Libraries.CheckTest do
  use ExUnit.Case, async: true

  alias Envmgr.Libraries.{Catalog, Check, Kinds, Shape}
  alias Envmgr.Test

  # f(n: int, ratio: float = 1.0, *, name: str | None = None)
  @typed [
    ["n", 1, nil, nil, "int", ["int"]],
    ["ratio", 1, "1.0", nil, "float", ["float"]],
    ["name", 3, "None", nil, "str | None", ["str", "none"]]
  ]

  defp raw(parameters, opts \\ []) do
    [
      "f",
      opts[:kind] || "function",
      parameters,
      opts[:returns],
      "",
      opts[:flags] || 0,
      opts[:overloads]
    ]
  end

  # The row that the table of an instance would have.
  defp row(table, [path, kind, parameters, returns, _summary, flags, overloads]) do
    object = %{
      paths: [path],
      kind: kind,
      parameters: parameters,
      returns: returns,
      flags: flags,
      overloads: overloads
    }

    Test.Catalog.publish(table, "lib", Test.Catalog.build([object]))
    {:ok, row} = Catalog.fetch(table, "lib.f")
    row
  end

  defp row(raw), do: row(Test.Catalog.table(), raw)

  defp call(raw, args, kwargs \\ []) do
    table = Test.Catalog.table()
    row = row(table, raw)
    full = Check.call("lib.f", raw, args, kwargs)

    # Each quicker look says the same, or leaves it to the next one.
    shaped = Shape.fit(table, row, args, kwargs)
    assert Shape.fit(table, row, args, kwargs) == shaped
    quick = if kwargs == [], do: Check.quick(row, args), else: :none
    :ets.delete(table)
    names = for {name, _value} <- kwargs, do: name

    case full do
      {:ok, hints} ->
        assert shaped == {:ok, hints}

        with {:ok, what} <- quick,
             do: assert(effect(what, length(args), names) == effect(hints, length(args), names))

      {:error, _message, _hint} ->
        assert {quick, shaped} == {:none, :none}
    end

    full
  end

  # What each argument becomes.
  defp effect(nil, count, names), do: List.duplicate(nil, count + length(names))

  defp effect({positions, rest, named, others}, count, names) do
    placed =
      for i <- 0..(count - 1)//1,
          do: if(i < tuple_size(positions), do: elem(positions, i), else: rest)

    placed ++ for name <- names, do: Map.get(named, name, others)
  end

  test "terms have the kind of what they become" do
    for {kind, terms} <- %{
          "none" => [nil],
          "bool" => [true, false],
          "int" => [0, -5, 2 ** 70],
          "float" => [1.0, :nan, :infinity, :neg_infinity],
          "str" => ["x", "", :atom],
          "bytes" => [Envmgr.bytes("x")],
          "list" => [[], [1], [a: 1]],
          "tuple" => [{}, {1, 2}],
          "set" => [MapSet.new()],
          "dict" => [%{}, %{"a" => 1}],
          "callable" => [&is_nil/1],
          nil => [
            1..2,
            ~D[2026-01-01],
            self(),
            make_ref(),
            %Envmgr.Bytes{data: "x", kind: :bytearray},
            %Envmgr.Ref{id: 1, type: "t", owner: self()},
            <<1::3>>
          ]
        },
        term <- terms do
      assert Kinds.name(term) == kind
      assert Kinds.fits?(term, Kinds.mask(List.wrap(kind), nil))
      assert Kinds.fits?(term, Kinds.any())
      # What has no kind is refused by no parameter.
      assert Kinds.fits?(term, Kinds.mask(["none"], nil)) == kind in ["none", nil]
    end
  end

  test "Python's own conversions are no mistakes" do
    assert {:ok, nil} = call(raw(@typed), [1])
    assert {:ok, nil} = call(raw(@typed), [true, 2])
    assert {:ok, nil} = call(raw(@typed), [1, false], [{"name", nil}])
    assert {:ok, nil} = call(raw([["z", 0, nil, nil, "complex", ["complex"]]]), [1.5])
  end

  test "what a parameter makes of an argument fits it" do
    for {into, accepts, term} <- [
          {"tuple", ["tuple"], [1]},
          {"set", ["set"], [1]},
          {"frozenset", ["set"], [1]},
          {"bytes", ["bytes"], "x"},
          {"frozenset", [], MapSet.new()}
        ] do
      assert {:ok, {{^into}, nil, _, nil}} =
               call(raw([["x", 0, nil, into, "t", accepts]]), [term])

      assert {:error, _, _} = call(raw([["x", 0, nil, into, "t", accepts]]), [1])
    end
  end

  test "a wrong type says what the parameter takes, what was given, and how to make it fit" do
    for {accepts, type, given, words, advice} <- [
          {["int"], "int", "10", ~s(x takes int, not a str: "10"),
           "String.to_integer/1 makes an int of it"},
          {["float"], "float", "1.5", ~s(x takes float, not a str: "1.5"),
           "String.to_float/1 makes a float of it"},
          {["int"], nil, "ten", ~s(x takes int, not a str: "ten"), nil},
          {["str"], "str", 5, "x takes str, not an int: 5",
           "Integer.to_string/1 makes a str of it"},
          {["str", "none"], nil, 5, "x takes str | None, not an int: 5", "Integer.to_string/1"},
          {["int"], "int", 1.5, "x takes int, not a float: 1.5", "round/1 or trunc/1"},
          {["bytes"], "bytes", "x", ~s(x takes bytes, not a str: "x"),
           "Envmgr.bytes/1 makes bytes of a binary"},
          {["list"], "list[int]", {1, 2}, "x takes list[int], not a tuple: {1, 2}",
           "a list instead of a tuple"},
          {["tuple"], "tuple", [1], "x takes tuple, not a list: [1]", "List.to_tuple/1"},
          {["list"], "list", 1, "x takes list, not an int: 1", "put it into a list: [1]"},
          {["dict"], "dict", [a: 1], "x takes dict, not a list: [a: 1]", "Map.new/1"},
          {["set"], "set", [1], "x takes set, not a list: [1]", "MapSet.new/1"},
          {["callable"], "Callable", "x", ~s(x takes Callable, not a str: "x"),
           "pass a function"},
          {["int", "bool"], "int", "x", ~s(x takes int, not a str: "x"), nil},
          {["bool"], "bool", 1, "x takes bool, not an int: 1", "pass true or false"},
          {["str"], "str", nil, "x takes str, not None", nil}
        ] do
      assert {:error, message, hint} = call(raw([["x", 1, nil, nil, type, accepts]]), [given])
      assert message == words
      assert hint =~ "the signature is lib.f(x"
      if advice, do: assert(hint =~ advice), else: refute(hint =~ "; the signature")
    end

    assert {:error, _, hint} = call(raw(@typed), [1, nil])
    assert hint =~ "leave ratio out for its default, 1.0"
  end

  test "all problems of a call are told at once" do
    assert {:error, message, hint} = call(raw(@typed), ["1", 2, 3], [{"nam", 1}, {"name", 7}])

    assert message ==
             "takes 2 positional arguments, 3 given; has no argument nam, did you mean name?; " <>
               "n takes int, not a str: \"1\"; name takes str | None, not an int: 7"

    assert hint =~ "lib.f(n: int, ratio: float = 1.0, *, name: str | None = None)"
    assert hint =~ "String.to_integer/1" and hint =~ "Integer.to_string/1"
  end

  test "long and secret arguments are not spelled out" do
    long = String.duplicate("x", 1_000)
    assert {:error, message, _} = call(raw(@typed), [long])
    assert String.length(message) < 100
    secret = raw([["api_key", 1, nil, nil, "str", ["str"]]])
    assert {:error, "api_key takes str, not an int", _} = call(secret, [12_345])
  end

  test "the rest has a type too" do
    rest =
      raw([
        ["first", 0, nil],
        ["more", 2, nil, nil, "int", ["int"]],
        ["kw", 4, nil, nil, "str", ["str"]]
      ])

    assert {:ok, nil} = call(rest, ["a", 1, 2], [{"k", "v"}])
    assert {:error, "more takes int, not a str: \"b\"" <> _, _} = call(rest, ["a", 1, "b"])
    assert {:error, "kw takes str, not an int: 1", _} = call(rest, ["a"], [{"k", 1}])
  end

  test "constants and properties" do
    assert {:ok, nil} = call(raw(nil, kind: "constant"), [])

    assert {:error, "is a constant and takes no arguments", _} =
             call(raw(nil, kind: "constant"), [1])

    assert {:error, "is a constant" <> _, _} = call(raw(nil, kind: "constant"), [], [{"x", 1}])
    assert {:ok, nil} = call(raw(nil, kind: "property"), [:ref])

    assert {:error, "is a property and takes one argument" <> _, hint} =
             call(raw(nil, kind: "property"), [])

    assert hint =~ ~s{Envmgr.attr(ref, "f")}
  end

  describe "overloads" do
    # f(n: int) -> int; f(text: str, sep: str = ",") -> str; f(*, key: bytes) -> bytes
    @overloads [
      [[["n", 1, nil, nil, "int", ["int"]]], "int"],
      [[["text", 1, nil, nil, "str", ["str"]], ["sep", 1, "','", nil, "str", ["str"]]], "str"],
      [[["key", 3, nil, "bytes", "bytes", ["bytes"]]], "bytes"]
    ]

    test "one that fits is enough, and says what arguments become" do
      f = raw([["args", 2, nil], ["kw", 4, nil]], overloads: @overloads)
      assert {:ok, nil} = call(f, [1])
      assert {:ok, nil} = call(f, ["a"])
      assert {:ok, nil} = call(f, ["a", ";"])
      assert {:ok, nil} = call(f, ["a"], [{"sep", ";"}])
      assert {:ok, {{}, nil, %{"key" => "bytes"}, nil}} = call(f, [], [{"key", "k"}])
    end

    test "none that fits: all are shown, and the nearest" do
      f = raw([["args", 2, nil], ["kw", 4, nil]], overloads: @overloads)
      assert {:error, message, hint} = call(f, [1.5])

      assert message =~
               "none of its 3 signatures fits; the nearest is lib.f(n: int) -> int: n takes int, not a float: 1.5"

      for signature <- [
            "lib.f(n: int) -> int",
            "lib.f(text: str, sep: str = ',') -> str",
            "lib.f(*, key: bytes) -> bytes"
          ],
          do: assert(hint =~ signature)

      assert {:error, message, _} = call(f, [1, 2, 3])
      assert message =~ "the nearest is"
      assert {:error, _, _} = call(f, [])
    end

    test "a signature that takes arguments as they are comes first" do
      into = [
        [[["x", 0, nil, "tuple", "tuple", ["tuple"]]], nil],
        [[["x", 0, nil, nil, "list", ["list"]]], nil]
      ]

      assert {:ok, nil} = call(raw(nil, overloads: into), [[1]])
      assert {:ok, {{"tuple"}, nil, _, nil}} = call(raw(nil, overloads: [hd(into)]), [[1]])
    end

    test "a stub does not overrule what the library itself takes" do
      own = [["n", 1, nil], ["fresh", 1, "None"]]
      stubbed = raw(own, flags: 16, overloads: @overloads)
      # Newer than the stub.
      assert {:ok, nil} = call(stubbed, [1], [{"fresh", 2}])
      # Known neither here nor there; and a type that no signature of the stub has.
      assert {:error, "has no argument old" <> _, _} = call(stubbed, [1], [{"old", 2}])
      assert {:error, "none of its" <> _, _} = call(stubbed, [1.5])
      # Where the stub is all that is known, it decides.
      assert {:error, _, _} =
               call(raw(own, flags: 16 + 4, overloads: @overloads), [1], [{"fresh", 2}])

      assert {:error, _, _} =
               call(raw(nil, flags: 16, overloads: @overloads), [1], [{"fresh", 2}])
    end

    test "one that takes anything costs no look at types" do
      f = raw(nil, overloads: [[[["x", 1, nil]], nil] | @overloads])

      # Whatever two arguments are, the others do not take them.
      assert [1, 0] = f |> row() |> Tuple.to_list() |> Enum.slice(4, 2)
      g = raw(nil, overloads: [[[["x", 2, nil]], nil] | @overloads])
      assert [0, many, nil] = for(i <- [4, 5, 9], do: g |> row() |> elem(i))
      assert many > 1_000
    end
  end

  test "random signatures: the quick look agrees with the whole one" do
    :rand.seed(:exsss, {7, 7, 7})
    kinds = ~w(none bool int float str bytes list tuple set dict callable)

    terms = [
      nil,
      true,
      1,
      1.5,
      "x",
      Envmgr.bytes("x"),
      [1],
      {1},
      MapSet.new(),
      %{},
      &is_nil/1,
      1..2,
      :a
    ]

    parameters = fn ->
      count = :rand.uniform(3)
      required = :rand.uniform(count + 1) - 1
      by_position = :rand.uniform(count + 1) - 1

      placed =
        for i <- 1..count do
          accepts = if :rand.uniform(3) > 1, do: Enum.take_random(kinds, :rand.uniform(4))
          into = Enum.random([nil, nil, "tuple", "set", "bytes"])
          kind = if i <= by_position, do: 0, else: 1
          ["p#{i}", kind, if(i > required, do: "None"), into, nil, accepts]
        end

      if :rand.uniform(3) == 1,
        do: placed ++ [["rest", 2, nil, nil, nil, Enum.take_random(kinds, 2)]],
        else: placed
    end

    for _ <- 1..2_000 do
      overloads =
        if :rand.uniform(2) == 1, do: for(_ <- 1..:rand.uniform(3), do: [parameters.(), nil])

      f = raw(parameters.(), overloads: overloads, flags: Enum.random([0, 4, 8, 16]))
      args = for _ <- 1..(:rand.uniform(5) - 1)//1, do: Enum.random(terms)

      kwargs =
        for name <- Enum.take_random(~w(p1 p2 p3 p4), :rand.uniform(3) - 1),
            do: {name, Enum.random(terms)}

      answer = call(f, args, kwargs)
      assert match?({:ok, _}, answer) or match?({:error, _, _}, answer)
    end
  end
end
