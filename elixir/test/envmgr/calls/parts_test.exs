defmodule Envmgr.Calls.PartsTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Bytes, Error, Frame}
  alias Envmgr.Test.Project

  setup do
    {name, project} = Project.start(workers: 1)
    ref = fn path, args -> Envmgr.execute!(path, args, name: name, as: :ref) end
    %{name: name, project: project, ref: ref}
  end

  test "a part of an array is what the same part of the whole is", %{ref: ref} do
    remote = ref.("probe.grid", [6, 7])
    {:ok, local} = Array.slice(remote, [])

    for axes <- [
          [2],
          [-1],
          [1..3],
          [0..-1//1, 2],
          [1..4//2, 3..-2//1],
          [.., -7],
          [4..9],
          [3..1//1]
        ] do
      assert {:ok, part} = Array.slice(remote, axes)
      assert Array.to_list(part) == Array.to_list(Array.slice(local, axes))
    end

    assert {:ok, %Array{scalar: true}} = Array.slice(remote, [0, 0])
    assert {:error, %Error{code: :exception, type: "IndexError"}} = Array.slice(remote, [6])
    assert_raise ArgumentError, ~r/positive step/, fn -> Array.slice(remote, [3..1//-1]) end
    assert_raise ArgumentError, ~r/neither an index/, fn -> Array.slice(remote, ["x"]) end
  end

  test "an array is written and read piece by piece", %{ref: ref, project: project} do
    count = 300_000
    map = ref.("probe.mapped", [Path.join(project, "big.f8"), count])
    whole = for n <- 1..count, into: <<>>, do: <<n * 0.5::float-little>>

    for at <- 0..(count - 1)//70_000 do
      size = min(70_000, count - at)
      piece = %Array{dtype: "float64", shape: {size}, data: binary_part(whole, at * 8, size * 8)}
      assert Array.put(map, [at..(at + size - 1)], piece) == :ok
    end

    pieces = map |> Array.stream(bytes: 500_000) |> Enum.to_list()
    assert length(pieces) == 5
    assert Enum.map_join(pieces, & &1.data) == whole
    assert {:ok, nil} = Envmgr.method(map, "flush")
    assert File.read!(Path.join(project, "big.f8")) == whole
    assert Array.put(map, [0], 7) == :ok
    assert {:ok, 7.0} = Array.slice(map, [0])
    assert {:error, %Error{}} = Array.put(map, [count], 1)
  end

  test "what nobody asks for is not fetched", %{ref: ref, name: name} do
    array = ref.("probe.floats", [1_000_000])
    assert [%Array{}, %Array{}] = array |> Array.stream(bytes: 800_000) |> Enum.take(2)
    sent = Envmgr.stats(name)["std"].conversions.sent["numpy.ndarray"]
    assert sent.bytes < 2_000_000
  end

  test "rows and columns of a frame", %{ref: ref} do
    frame = ref.("probe.rows", [])
    assert Frame.head(frame, 3) == {:ok, [0, 1, 2]}
    assert Frame.head(frame) == {:ok, [0, 1, 2, 3, 4]}
    assert Frame.select(frame, ["b", "a"]) == {:ok, ["b", "a"]}
    assert Enum.to_list(Frame.stream(frame, rows: 4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert Enum.count(Frame.stream(frame, bytes: 48)) == 4
  end

  test "a file is read piece by piece", %{ref: ref, project: project} do
    path = Path.join(project, "file")
    content = :rand.bytes(2_500_000)
    File.write!(path, content)
    pieces = ref.("probe.opened", [path]) |> Bytes.stream(1_000_000) |> Enum.to_list()
    assert Enum.map(pieces, &byte_size/1) == [1_000_000, 1_000_000, 500_000]
    assert Enum.join(pieces) == content
    array = ref.("probe.floats", [3])
    assert_raise Error, ~r/read/, fn -> array |> Bytes.stream() |> Enum.to_list() end
  end

  test "there is no operation but ours", %{ref: ref} do
    array = ref.("probe.floats", [3])

    assert {:error, %Error{code: :unresolved, message: message}} =
             Envmgr.Calls.method(array, "eval", [], [], :part)

    assert message =~ "take, put, rows, select, extent"
  end
end
