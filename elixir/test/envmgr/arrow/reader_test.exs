defmodule Envmgr.Arrow.ReaderTest do
  # It counts atoms, which tests beside it would make.
  use ExUnit.Case, async: false

  alias Envmgr.{Arrow, JSON}
  alias Envmgr.Arrow.{Builder, Column, Field, Table}

  path = Path.expand("golden.json", __DIR__)
  @external_resource path
  {:ok, golden} = path |> File.read!() |> JSON.decode()
  @golden golden
  defp golden, do: @golden

  for {case, i} <- Enum.with_index(golden), case["columns"] do
    test "golden stream: #{case["name"]}" do
      case = Enum.at(golden(), unquote(i))
      assert {:ok, table} = Arrow.read(Base.decode64!(case["ipc"]))

      for [name, values] <- case["columns"] do
        field = Enum.find_index(table.fields, &(&1.name == name))
        assert {:ok, read} = Arrow.column(table, field, &bytes/1)
        assert {name, read} === {name, Enum.map(values, &value/1)}
      end

      if case["types"], do: assert(Enum.map(table.fields, &Field.text/1) == case["types"])
    end
  end

  for {case, i} <- Enum.with_index(golden), case["error"] do
    test "refused: #{case["name"]}" do
      case = Enum.at(golden(), unquote(i))
      assert {:error, reason} = Arrow.read(Base.decode64!(case["ipc"]))
      assert reason =~ case["error"]
      assert reason =~ "compression=None"
    end
  end

  test "a column of a type that is not read says so, the others are read" do
    case = Enum.find(golden(), & &1["unread"])
    {:ok, table} = Arrow.read(Base.decode64!(case["ipc"]))

    for {type, i} <- Enum.with_index(case["unread"]) do
      reason = "an Arrow column of type #{type} is not read"
      assert Arrow.column(table, i, &bytes/1) == {:error, reason}
    end
  end

  test "a field that is not there" do
    {:ok, table} = Arrow.read(Base.decode64!(hd(golden())["ipc"]))
    assert {:error, "field 99 of" <> _} = Arrow.column(table, 99, &bytes/1)
  end

  test "what is no Arrow stream" do
    for data <- [
          "",
          "PAR1",
          <<0, 0, 0, 0>>,
          :binary.copy("a", 100),
          <<255, 255, 255, 255, 8::little-32>>
        ] do
      assert {:error, _reason} = Arrow.read(data)
    end
  end

  describe "strings are text" do
    test "wherever they are cut" do
      for type <- [:utf8, :large_utf8],
          {data, ends, values} <- [
            {"aü", [1, 3], ["a", "ü"]},
            {"aü", [2, 3], nil},
            {<<"a", 255>>, [1, 2], nil},
            {"ab", [2, 1], nil},
            {"ab", [1, 3], nil}
          ] do
        expected = if values, do: {:ok, values}, else: :error
        assert {type, data, ends, texts(type, data, ends, nil)} == {type, data, ends, expected}
      end
    end

    test "but for what is missing" do
      assert texts(:utf8, <<"a", 255>>, [1, 2], <<0b01>>) == {:ok, ["a", nil]}
      assert texts(:utf8, <<"a", 255>>, [1, 2], <<0b10>>) == :error
    end

    test "in views, too" do
      long = String.duplicate("ü", 10)
      view = fn size, at -> <<size::little-32, 0::32, 0::32, at::little-32>> end

      inline = fn text ->
        <<byte_size(text)::little-32, text::binary, 0::size(12 - byte_size(text))-unit(8)>>
      end

      column = fn views -> %Column{type: :utf8_view, length: 1, buffers: [views, long]} end
      list = fn views -> column.(views) |> List.wrap() |> one(:utf8_view) end
      assert list.(view.(20, 0)) == {:ok, [long]}
      assert list.(view.(18, 2)) == {:ok, [String.duplicate("ü", 9)]}
      assert list.(inline.("ü")) == {:ok, ["ü"]}

      for views <- [view.(19, 0), view.(19, 1), view.(20, 2), view.(-1, 0), inline.(<<255>>)],
          do: assert(list.(views) == :error)
    end

    defp texts(type, data, ends, validity) do
      bits = if type == :utf8, do: 32, else: 64
      offsets = for n <- [0 | ends], into: <<>>, do: <<n::little-size(bits)>>

      one(
        [%Column{type: type, length: 2, validity: validity, nulls: 1, buffers: [offsets, data]}],
        type
      )
    end

    defp one([column], type) do
      table = %Table{
        fields: [%Field{name: "c", type: type}],
        batches: [{column.length, [column]}]
      }

      with {:error, _reason} <- Arrow.column(table, 0, &bytes/1), do: :error
    end
  end

  describe "a few bytes do not pass for many rows or fields" do
    test "columns that share their bytes" do
      column = %Column{type: {:int, 64}, length: 1, buffers: [<<7::little-64>>]}
      fields = for name <- ["a", "b"], do: %Field{name: name, type: {:int, 64}}

      {:ok, stream} =
        Arrow.write(%Table{fields: fields, batches: [{1, [column, column]}], rows: 1})

      stream = IO.iodata_to_binary(stream)
      assert {:ok, _table} = Arrow.read(stream)

      places =
        for places <- [[8, 0, 8, 8], [8, 0, 0, 16]],
            do: for(n <- places, into: <<>>, do: <<n::little-64>>)

      shared = :binary.replace(stream, hd(places), List.last(places))
      assert Arrow.read(shared) == {:error, "a malformed Arrow batch: its buffers overlap"}
    end

    test "rows without bytes" do
      rows = 0x10000000000
      column = %Column{type: :null, length: rows}
      fields = [%Field{name: "n", type: :null}]
      {:ok, stream} = Arrow.write(%Table{fields: fields, batches: [{rows, [column]}], rows: rows})

      assert {:error, "an Arrow stream with more empty rows" <> _} =
               Arrow.read(IO.iodata_to_binary(stream))
    end

    test "a dictionary that leads to itself" do
      column = %Column{type: {:dictionary, {1, 1}, {:int, 8}}, length: 1, buffers: [<<0>>]}

      table = %Table{
        fields: [%Field{name: "d", type: :utf8, dictionary: {1, {:int, 8}, false}}],
        batches: [{1, [column]}],
        rows: 1,
        dictionaries: %{{1, 1} => [column]}
      }

      assert Arrow.column(table, 0, &bytes/1) ==
               {:error, "an Arrow dictionary that leads to itself"}
    end

    test "fields that are one field" do
      leaf = field(2, [{32, 64}, {8, 1}], Builder.tables([]))
      fields = Enum.reduce(1..50, leaf, fn _, inner -> field(13, [], twice(inner)) end)
      schema = Builder.table([{16, 0}, twice(fields)])
      metadata = Builder.root(Builder.table([{16, 4}, {8, 1}, schema, {64, 0}]))
      stream = <<0xFFFFFFFF::32, byte_size(metadata)::little-32, metadata::binary>>

      assert {:error, "malformed Arrow metadata: it has more fields than bytes for them"} =
               Arrow.read(stream)
    end

    defp field(kind, type, children) do
      Builder.table([Builder.string("f"), {8, 1}, {8, kind}, Builder.table(type), nil, children])
    end

    # A vector of tables with the same table twice.
    defp twice({bytes, at}) do
      {<<2::little-32, 12 + at::little-32, 8 + at::little-32, 0::32, bytes::binary>>, 0}
    end
  end

  @rounds 3_000
  test "#{@rounds} damaged streams are read or refused, never a crash, in bounded memory, without new atoms" do
    seed = {29, 4, System.unique_integer()}
    streams = for %{"ipc" => ipc} <- golden(), do: Base.decode64!(ipc)
    atoms = :erlang.system_info(:atom_count)

    # 64 MB for streams of 20 kB: what is read is bounded by what is there.
    limit = %{size: 8_000_000, kill: true, error_logger: false}

    {pid, monitor} =
      spawn_monitor(fn ->
        Process.flag(:max_heap_size, limit)
        :rand.seed(:exsss, seed)
        for _ <- 1..@rounds, do: streams |> Enum.random() |> damage() |> all()
      end)

    assert_receive {:DOWN, ^monitor, :process, ^pid, reason}, 60_000
    assert {seed, reason} == {seed, :normal}
    # Other tests' modules are loaded meanwhile.
    assert :erlang.system_info(:atom_count) - atoms < @rounds / 3
  end

  defp damage(stream) do
    Enum.reduce(1..Enum.random(1..3), stream, fn _, data -> damage(Enum.random(1..5), data) end)
  end

  defp damage(1, data), do: binary_part(data, 0, :rand.uniform(byte_size(data) + 1) - 1)
  defp damage(2, data), do: put(data, <<:rand.uniform(256) - 1>>)
  defp damage(3, data), do: put(data, <<Enum.random([0, 1, -1, 0x7FFFFFFF, 64])::little-32>>)

  defp damage(4, data),
    do: put(data, <<Enum.random([-1, 0x7FFFFFFFFFFFFFFF, 0x10000000])::little-64>>)

  # Most of a small stream is metadata: the beginning is where damage is met.
  defp damage(5, <<start::binary-size(600), rest::binary>>), do: damage(2, start) <> rest
  defp damage(5, data), do: data

  defp put(data, bytes) when byte_size(data) > byte_size(bytes) do
    at = :rand.uniform(byte_size(data) - byte_size(bytes)) - 1
    <<before::binary-size(at), _::binary-size(byte_size(bytes)), rest::binary>> = data
    before <> bytes <> rest
  end

  defp put(data, _bytes), do: data

  defp all(data) do
    case Arrow.read(data) do
      {:ok, table} ->
        for i <- 0..(length(table.fields) - 1)//1 do
          case Arrow.column(table, i, &bytes/1) do
            {:ok, values} -> true = length(values) == table.rows
            {:error, reason} -> true = is_binary(reason)
          end
        end

      {:error, reason} ->
        true = is_binary(reason)
    end
  end

  defp bytes(type) when type in [:binary, :large_binary, :binary_view], do: &{:bytes, &1}
  defp bytes({:fixed_binary, _size}), do: &{:bytes, &1}
  defp bytes(_type), do: nil

  defp value(%{"float" => name}), do: String.to_existing_atom(name)
  defp value(%{"bytes" => text}), do: {:bytes, Base.decode64!(text)}

  defp value(%{"struct" => fields}),
    do: Map.new(fields, fn {name, item} -> {name, value(item)} end)

  defp value(%{"pair" => [key, item]}), do: {value(key), value(item)}
  defp value(items) when is_list(items), do: Enum.map(items, &value/1)
  defp value(value), do: value
end
