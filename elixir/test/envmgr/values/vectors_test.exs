defmodule Envmgr.Values.VectorsTest do
  # The golden bytes that both languages pass; tests/wire/make_vectors.py says what their values are.
  use ExUnit.Case, async: true

  alias Envmgr.{
    Array,
    Bytes,
    Complex,
    Dict,
    EnumMember,
    Fraction,
    JSON,
    MaskedArray,
    MemoryView,
    Record,
    Ref,
    Set,
    Singleton,
    Slice,
    Text,
    Timedelta,
    UUID,
    ZonedDateTime,
    ZonedTime
  }

  alias Envmgr.Values.{Decoder, Encoder}

  path = Path.expand("../../../../tests/wire/vectors.json", __DIR__)
  @external_resource path
  {:ok, vectors} = path |> File.read!() |> JSON.decode()

  # Made by the tests of frames; here their bytes go round.
  @by_bytes ~w(frame object pickle custom second-lane)

  for {%{"row" => row, "name" => name} = vector, i} <- Enum.with_index(vectors) do
    @vector vector
    test "golden vector #{i}: #{row}, #{name}" do
      bytes = Base.decode16!(@vector["hex"], case: :mixed)

      cond do
        @vector["row"] == "array-of" ->
          assert {:error, _only_from_elixir} = Decoder.decode(bytes)
          %{"array-of" => list} = @vector["value"]
          assert encode(value(list), "ndarray") == bytes

        @vector["row"] in ~w(function stream) ->
          assert {:error, _only_from_elixir} = Decoder.decode(bytes)

        @vector["row"] in @by_bytes ->
          assert {:ok, decoded} = Decoder.decode(bytes, home())
          if @vector["encode"], do: assert(encode(decoded) == bytes)

        true ->
          value = value(@vector["value"])
          assert {:ok, decoded} = Decoder.decode(bytes, home())
          assert decoded === value
          if @vector["encode"], do: assert(encode(value) == bytes)
      end
    end
  end

  defp encode(value, into \\ nil) do
    assert {:ok, data} = Encoder.encode(value, self(), into)
    IO.iodata_to_binary(data)
  end

  defp home,
    do: %{owner: self(), library: "l", generation: 1, environment: "e", name: :no_instance}

  defp value(%{"none" => true}), do: nil
  defp value(%{"bool" => bool}), do: bool
  defp value(%{"int" => digits}), do: String.to_integer(digits)
  defp value(%{"float" => text}), do: float(text)
  defp value(%{"str" => text}), do: text
  defp value(%{"bytes" => hex}), do: %Bytes{data: hex(hex)}
  defp value(%{"bytearray" => hex}), do: %Bytes{data: hex(hex), kind: :bytearray}
  defp value(%{"surrogate-string" => hex}), do: %Text{wtf8: hex(hex)}
  defp value(%{"list" => items}), do: Enum.map(items, &value/1)
  defp value(%{"tuple" => items}), do: items |> Enum.map(&value/1) |> List.to_tuple()
  defp value(%{"set" => items}), do: MapSet.new(items, &value/1)
  defp value(%{"frozenset" => items}), do: %Set{items: Enum.map(items, &value/1), frozen: true}

  defp value(%{"dict" => pairs}), do: pairs |> pairs() |> Map.new()

  defp value(%{"dict-pairs" => %{"kind" => kind, "pairs" => pairs}}),
    do: %Dict{pairs: pairs(pairs), ordered: kind == 1}

  # The vectors' atoms must exist before a decoder may meet them.
  defp value(%{"atom" => name}), do: String.to_atom(name)
  defp value(%{"complex" => [re, im]}), do: %Complex{re: float(re), im: float(im)}
  defp value(%{"decimal" => text}), do: %Envmgr.Decimal{text: text}
  defp value(%{"date" => days}), do: Date.add(~D[1970-01-01], days)
  defp value(%{"datetime" => %{"us" => us, "fold" => 0}}), do: naive(us)
  defp value(%{"datetime" => %{"us" => us}}), do: %ZonedDateTime{naive: naive(us), fold: 1}
  defp value(%{"aware-datetime" => parts}), do: aware(parts)
  defp value(%{"uuid" => text}), do: %UUID{value: text}
  defp value(%{"singleton" => name}), do: %Singleton{name: name}

  defp value(%{"path" => %{"class" => type, "path" => path}}),
    do: %Envmgr.Path{type: type, path: text(path)}

  defp value(%{"range" => [start, stop, step]}) do
    [start, stop, step] = Enum.map([start, stop, step], &String.to_integer/1)
    Range.new(start, stop - if(step > 0, do: 1, else: -1), step)
  end

  defp value(%{"slice" => [start, stop, step]}),
    do: %Slice{start: value(start), stop: value(stop), step: value(step)}

  defp value(%{"fraction" => [n, d]}),
    do: %Fraction{numerator: String.to_integer(n), denominator: String.to_integer(d)}

  defp value(%{"timedelta" => %{"days" => days, "seconds" => seconds, "us" => us}}),
    do: %Timedelta{days: days, seconds: seconds, microseconds: us}

  defp value(%{"time" => %{"us" => us, "fold" => fold, "offset" => offset, "zone" => zone}}) do
    time = us |> naive() |> NaiveDateTime.to_time()

    if {fold, offset, zone} == {0, nil, nil},
      do: time,
      else: %ZonedTime{time: time, fold: fold, offset: offset, zone: zone}
  end

  defp value(%{"enum" => %{"type" => type, "name" => name, "value" => value}}),
    do: %EnumMember{type: type, name: name, value: value(value)}

  defp value(%{"record" => %{"kind" => kind, "type" => type, "fields" => fields}}) do
    kind = Enum.at([:dataclass, :namedtuple, :object], kind)
    %Record{kind: kind, type: type, fields: for([name, x] <- fields, do: {name, value(x)})}
  end

  defp value(%{
         "memoryview" => %{
           "format" => format,
           "shape" => shape,
           "readonly" => readonly,
           "hex" => hex
         }
       }),
       do: %MemoryView{
         format: format,
         shape: List.to_tuple(shape),
         readonly: readonly,
         data: hex(hex)
       }

  defp value(%{"ref" => %{"number" => number, "type" => type}}),
    do: struct!(%Ref{id: number, type: type, owner: self()}, home())

  defp value(%{"array" => %{"dtype" => dtype, "shape" => shape} = parts}) do
    data = if items = parts["items"], do: Enum.map(items, &value/1), else: hex(parts["hex"])

    %Array{
      dtype: dtype(dtype),
      shape: List.to_tuple(shape),
      data: data,
      order: if(parts["order"] == "F", do: :f, else: :c),
      class: parts["class"]
    }
  end

  defp value(%{"scalar" => %{"dtype" => dtype, "hex" => hex}}),
    do: %Array{dtype: dtype(dtype), shape: {}, data: hex(hex), scalar: true}

  defp value(%{
         "masked-array" => %{"data" => data, "mask" => mask, "fill" => fill, "hard" => hard}
       }),
       do: %MaskedArray{
         array: value(data),
         mask: value(mask),
         fill_value: value(fill),
         hard: hard
       }

  # Of a dtype only the value for none is tagged.
  defp dtype(["string", [na]]), do: ["string", [value(na)]]
  defp dtype(dtype), do: dtype

  defp aware(%{"offset" => offset, "dst" => dst} = parts) do
    naive = naive(parts["us"])

    if parts["fold"] == 1 and not parts["told"] do
      %ZonedDateTime{
        naive: naive,
        fold: 1,
        offset: offset,
        dst: dst,
        zone: parts["zone"],
        abbr: parts["abbreviation"]
      }
    else
      %{
        DateTime.from_naive!(naive, "Etc/UTC")
        | time_zone: parts["zone"] || fixed(offset),
          zone_abbr: parts["abbreviation"],
          utc_offset: div(offset - dst, 1_000_000),
          std_offset: div(dst, 1_000_000)
      }
    end
  end

  defp fixed(7_200_000_000), do: "UTC+02:00"
  defp fixed(-3_630_000_000), do: "UTC-01:00:30"
  defp fixed(-18_000_000_000), do: "UTC-05:00"

  # Without digits where there are no microseconds.
  defp naive(us) do
    naive = NaiveDateTime.add(~N[1970-01-01 00:00:00.000000], us, :microsecond)
    if rem(us, 1_000_000) == 0, do: NaiveDateTime.truncate(naive, :second), else: naive
  end

  defp pairs(pairs), do: for([key, item] <- pairs, do: {value(key), value(item)})

  defp float("nan"), do: :nan
  defp float("inf"), do: :infinity
  defp float("-inf"), do: :neg_infinity
  defp float(repr), do: repr |> Float.parse() |> elem(0)

  defp text(text) when is_binary(text), do: text
  defp text(tagged), do: value(tagged)

  defp hex(hex), do: Base.decode16!(hex, case: :mixed)
end
