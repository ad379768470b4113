defmodule Envmgr.ArrayTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Complex, Text}

  defp array(dtype, shape, data, more \\ []),
    do: struct!(%Array{dtype: dtype, shape: shape, data: data}, more)

  describe "to_list/1" do
    @cases [
      {"bool", {1, 2}, <<0, 1>>, [[false, true]]},
      {"|b1", {1}, <<2>>, [true]},
      {"int8", {2}, <<255, 1>>, [-1, 1]},
      {">u2", {0, 3}, "", []},
      {"<u2", {2, 0}, "", [[], []]},
      {">i4", {1}, <<-5::32>>, [-5]},
      {"uint64", {1}, <<255, 255, 255, 255, 255, 255, 255, 255>>, [0xFFFFFFFFFFFFFFFF]},
      {"float16", {2, 2}, <<0x3C00::little-16, 0x7C00::little-16, 0x7E00::little-16, 0::16>>,
       [[1.0, :infinity], [:nan, 0.0]]},
      {">f8", {2}, <<1.5::float-64, 0xFFF0000000000000::64>>, [1.5, :neg_infinity]},
      {"float32", {1, 1, 2}, <<1.5::float-little-32, 2.5::float-little-32>>, [[[1.5, 2.5]]]},
      {"complex64", {1}, <<1.0::float-little-32, 0x7FC00000::little-32>>,
       [%Complex{re: 1.0, im: :nan}]},
      {">c16", {1}, <<1.0::float-64, -2.0::float-64>>, [%Complex{re: 1.0, im: -2.0}]},
      {"<U2", {2}, <<?é::little-32, 0::32, ?a::little-32, 0x1F40D::little-32>>, ["é", "a🐍"]},
      {">U1", {1}, <<0xDC80::32>>, [%Text{wtf8: <<0xED, 0xB2, 0x80>>}]},
      {"|S3", {2}, "ab\0\0a\0", ["ab", <<0, "a">>]},
      {"|V2", {1}, "a\0", ["a\0"]},
      {"<U0", {2}, "", ["", ""]},
      {"<M8[D]", {2}, <<1::little-64, 0x8000000000000000::little-64>>, [~D[1970-01-02], nil]},
      {"<M8[M]", {1}, <<-1::little-64>>, [~D[1969-12-01]]},
      {"<M8[Y]", {1}, <<56::little-64>>, [~D[2026-01-01]]},
      {"<M8[W]", {1}, <<1::little-64>>, [~D[1970-01-08]]},
      {"<M8[s]", {1}, <<-1::little-64>>, [~N[1969-12-31 23:59:59]]},
      {"<M8[h]", {1}, <<25::little-64>>, [~N[1970-01-02 01:00:00]]},
      {">M8[ms]", {1}, <<1_500::64>>, [~N[1970-01-01 00:00:01.500]]},
      {"<M8[us]", {1}, <<1::little-64>>, [~N[1970-01-01 00:00:00.000001]]},
      {"<M8[ns]", {2}, <<1_999::little-64, -1::little-64>>,
       [~N[1970-01-01 00:00:00.000001], ~N[1969-12-31 23:59:59.999999]]},
      {"<M8[25s]", {1}, <<2::little-64>>, [~N[1970-01-01 00:00:50]]},
      {"<M8", {1}, <<7::little-64>>, [7]},
      {"<m8[ns]", {2}, <<-7::little-64, 0x8000000000000000::little-64>>, [-7, nil]},
      {"object", {2, 1}, [1, "a"], [[1], ["a"]]},
      {["string", nil], {2}, ["a", ""], ["a", ""]},
      {["struct", 4, false, [["x", "uint8", 0, nil], ["y", ["sub", ">u1", [1, 2]], 2, nil]]], {2},
       <<1, 0, 2, 3, 4, 0, 5, 6>>, [%{"x" => 1, "y" => [[2, 3]]}, %{"x" => 4, "y" => [[5, 6]]}]},
      {["struct", 0, false, []], {2}, "", [%{}, %{}]}
    ]

    for {{dtype, shape, data, list}, i} <- Enum.with_index(@cases) do
      @case_data {dtype, shape, data, list}
      test "case #{i}: #{inspect(dtype)} of #{inspect(shape)}" do
        {dtype, shape, data, list} = @case_data
        assert Array.to_list(array(dtype, shape, data)) === list
      end
    end

    test "a scalar is its value" do
      assert Array.to_list(array("int64", {}, <<7::little-64>>, scalar: true)) == 7
      assert Array.to_list(array("object", {}, [nil])) == nil
    end

    test "Fortran order" do
      data = for j <- 0..2, i <- 0..1, k <- [10 * i + j], into: <<>>, do: <<k>>
      assert Array.to_list(array("int8", {2, 3}, data, order: :f)) == [[0, 1, 2], [10, 11, 12]]

      data =
        for k <- 0..3, j <- 0..2, i <- 0..1, into: <<>>, do: <<100 * i + 10 * j + k::little-16>>

      assert Array.to_list(array("int16", {2, 3, 4}, data, order: :f)) ==
               for(i <- 0..1, do: for(j <- 0..2, do: for(k <- 0..3, do: 100 * i + 10 * j + k)))
    end

    test "what Elixir has nothing for is an ArgumentError that says so" do
      for {dtype, size, words} <- [
            {"<f16", 16, "longdouble"},
            {"<c32", 32, "longdouble"},
            {"<M8[s]", 8, nil},
            {"int8", 2, "do not fill\|does not fill"},
            {"frog", 1, "no list for dtype \"frog\""}
          ] do
        data = :binary.copy(<<0x70>>, size)
        error = assert_raise ArgumentError, fn -> Array.to_list(array(dtype, {1}, data)) end
        if words, do: assert(error.message =~ ~r/#{words}/)
      end
    end
  end

  describe "from_list/2" do
    test "the elements decide the dtype, unless it is named" do
      for {list, dtype, back} <- [
            {[], "float64", []},
            {[true, false], "bool", [true, false]},
            {[[1], [-2]], "int64", [[1], [-2]]},
            {[1, :nan], "float64", [1.0, :nan]},
            {[1, %Complex{re: 0.5, im: :infinity}], "complex128",
             [%Complex{re: 1.0, im: 0.0}, %Complex{re: 0.5, im: :infinity}]},
            {["a", "äöü"], "<U3", ["a", "äöü"]},
            {[~D[2026-01-01]], "<M8[D]", [~D[2026-01-01]]},
            {[~N[0001-01-01 00:00:00.000001]], "<M8[us]", [~N[0001-01-01 00:00:00.000001]]}
          ] do
        array = Array.from_list(list)
        assert array.dtype == dtype
        assert Array.to_list(array) === back
      end

      assert Array.from_list(3).shape == {}

      for dtype <- ["int8", ">u4", "float16", ">f4", "float64"] do
        assert [[x, y]] = [[1, 2]] |> Array.from_list(dtype: dtype) |> Array.to_list()
        assert {x, y} == {1, 2}
      end

      assert Array.from_list([:nan, :neg_infinity], dtype: "float16") |> Array.to_list() ==
               [:nan, :neg_infinity]

      assert Array.from_list([%{}, nil], dtype: "object").data == [%{}, nil]
    end

    test "what does not fit is an ArgumentError" do
      for {list, opts} <- [
            {[[1], [1, 2]], []},
            {[[1], 2], []},
            {[1, "a"], []},
            {[self()], []},
            {[256], [dtype: "uint8"]},
            {[-129], [dtype: "int8"]},
            {[1.0e300], [dtype: "float32"]},
            {["abc"], [dtype: "<U2"]},
            {[1.5], [dtype: "int64"]},
            {[1], [dtype: "frog"]}
          ] do
        assert_raise ArgumentError, fn -> Array.from_list(list, opts) end
      end
    end
  end

  describe "slice/2" do
    test "is NumPy's, for either order" do
      :rand.seed(:exsss, {2026, 4, 2})

      for _ <- 1..400 do
        sizes = for _ <- 1..:rand.uniform(4), do: :rand.uniform(4) - 1
        shape = List.to_tuple(sizes)
        count = Enum.product(sizes)
        data = for n <- 0..(count - 1)//1, into: <<>>, do: <<n::little-16>>
        array = array("int16", shape, data, order: Enum.random([:c, :f]))
        axes = for size <- Enum.take(sizes, :rand.uniform(length(sizes))), do: axis(size)

        if :none not in axes do
          part = Array.slice(array, axes)
          assert Array.to_list(part) == reference(Array.to_list(array), axes)
          assert byte_size(part.data) == 2 * Tuple.product(part.shape)
        end
      end
    end

    test "of objects" do
      array = array("object", {2, 2}, [1, "b", nil, 4])
      assert %Array{data: ["b", 4], shape: {2}} = Array.slice(array, [0..1, 1])
    end

    test "what is no place is an ArgumentError" do
      array = Array.from_list([[1, 2], [3, 4]])

      for axes <- [[2], [-3], [0, 0, 0], [1..0//-1], [:all], ["x"]] do
        assert_raise ArgumentError, fn -> Array.slice(array, axes) end
      end
    end

    defp axis(0), do: 0..-1//1

    defp axis(size) do
      case :rand.uniform(2) do
        1 -> :rand.uniform(2 * size) - size - 1
        2 -> Range.new(:rand.uniform(9) - 5, :rand.uniform(9) - 5, :rand.uniform(3))
      end
    end

    # Lists, and no strides.
    defp reference(list, []), do: list
    defp reference(list, [n | axes]) when is_integer(n), do: list |> Enum.at(n) |> reference(axes)

    defp reference(list, [first..last//step | axes]) do
      size = length(list)
      first = if first < 0, do: max(first + size, 0), else: first
      last = if last < 0, do: last + size, else: last

      for {item, i} <- Enum.with_index(list),
          i in first..last//1,
          rem(i - first, step) == 0,
          do: reference(item, axes)
    end
  end

  describe "Nx" do
    test "tensors there and back" do
      for {dtype, type, data} <- [
            {"float64", {:f, 64}, <<1.5::float-native-64, -2.0::float-native-64>>},
            {"int8", {:s, 8}, <<1, 255>>},
            {"uint16", {:u, 16}, <<1::native-16, 2::native-16>>},
            {"complex64", {:c, 64}, <<1.0::float-native-32, 2.0::float-native-32, 0::64>>}
          ] do
        array = array(dtype, {2, 1}, data)
        tensor = Array.to_nx(array)
        assert {Nx.type(tensor), Nx.shape(tensor)} == {type, {2, 1}}
        assert Nx.to_binary(tensor) == data
        assert Array.from_nx(tensor) == array
      end
    end

    test "big-endian and Fortran arrays are converted, booleans are u8" do
      big = array(">f4", {2}, <<1.5::float-32, 2.5::float-32>>)
      assert Nx.to_binary(Array.to_nx(big)) == <<1.5::float-native-32, 2.5::float-native-32>>
      complex = array(">c8", {1}, <<1.5::float-32, 2.5::float-32>>)
      assert Nx.to_binary(Array.to_nx(complex)) == <<1.5::float-native-32, 2.5::float-native-32>>
      fortran = array("int8", {2, 2}, <<1, 3, 2, 4>>, order: :f)
      assert Nx.to_binary(Array.to_nx(fortran)) == <<1, 2, 3, 4>>
      assert Nx.type(Array.to_nx(array("bool", {1}, <<1>>))) == {:u, 8}
    end

    test "types of one side alone are ArgumentErrors" do
      assert_raise ArgumentError, ~r/Nx has no type/, fn ->
        Array.to_nx(array("<U1", {1}, <<0::32>>))
      end

      assert_raise ArgumentError, ~r/NumPy has no dtype/, fn ->
        Array.from_nx(Nx.from_binary(<<0, 0>>, {:bf, 16}))
      end
    end
  end

  test "inspect is short" do
    assert inspect(Array.from_list([1, 2])) == "#Envmgr.Array<int64 {2} [1, 2]>"

    assert inspect(array("int8", {1000}, :binary.copy(<<0>>, 1000))) ==
             "#Envmgr.Array<int8 {1000}>"

    assert inspect(array("<f16", {1}, <<0::128>>)) == "#Envmgr.Array<<f16 {1}>"
    assert inspect(array(["string", nil], {1}, ["a"])) == "#Envmgr.Array<string {1} [\"a\"]>"
  end
end
