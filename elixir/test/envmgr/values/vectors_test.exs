defmodule Envmgr.Values.VectorsTest do
  use ExUnit.Case, async: true

  alias Envmgr.{Array, Bytes, JSON}
  alias Envmgr.Values.{Decoder, Encoder}

  path = Path.expand("../../../../tests/wire/vectors.json", __DIR__)
  @external_resource path
  {:ok, vectors} = path |> File.read!() |> JSON.decode()

  for {%{"name" => name} = vector, i} <- Enum.with_index(vectors) do
    @vector vector
    test "golden vector #{i}: #{name}" do
      bytes = Base.decode16!(@vector["hex"], case: :mixed)
      value = value(@vector["value"])
      assert {:ok, decoded} = Decoder.decode(bytes)
      assert decoded === value

      if @vector["encode"] do
        assert {:ok, encoded} = Encoder.encode(value)

        assert Base.encode16(IO.iodata_to_binary(encoded), case: :lower) ==
                 String.downcase(@vector["hex"])
      end
    end
  end

  defp value(%{"none" => true}), do: nil
  defp value(%{"bool" => bool}), do: bool
  defp value(%{"int" => digits}), do: String.to_integer(digits)
  defp value(%{"float" => "nan"}), do: :nan
  defp value(%{"float" => "inf"}), do: :infinity
  defp value(%{"float" => "-inf"}), do: :neg_infinity
  defp value(%{"float" => repr}), do: repr |> Float.parse() |> elem(0)
  defp value(%{"str" => text}), do: text
  defp value(%{"bytes" => hex}), do: %Bytes{data: hex(hex)}
  defp value(%{"list" => items}), do: Enum.map(items, &value/1)
  defp value(%{"tuple" => items}), do: items |> Enum.map(&value/1) |> List.to_tuple()
  defp value(%{"set" => items}), do: MapSet.new(items, &value/1)

  defp value(%{"dict" => pairs}),
    do: Map.new(pairs, fn [key, item] -> {value(key), value(item)} end)

  # The vectors' atoms must exist before a decoder may meet them.
  defp value(%{"atom" => name}), do: String.to_atom(name)

  defp value(%{"array" => %{"dtype" => dtype, "shape" => shape, "hex" => hex}}),
    do: %Array{dtype: dtype, shape: List.to_tuple(shape), data: hex(hex)}

  defp value(%{"scalar" => %{"dtype" => dtype, "hex" => hex}}),
    do: %Array{dtype: dtype, shape: {}, data: hex(hex), scalar: true}

  defp hex(hex), do: Base.decode16!(hex, case: :mixed)
end
