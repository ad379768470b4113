defmodule Envmgr.Arrow.ReaderTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Arrow, JSON}
  alias Envmgr.Arrow.Field

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
