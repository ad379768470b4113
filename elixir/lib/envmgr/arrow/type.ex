defmodule Envmgr.Arrow.Type do
  # Arrow's types as terms. Units are NumPy's words. Children are the field's.
  @moduledoc false

  alias Envmgr.Arrow.Flatbuffer

  @type unit :: String.t()
  @type t ::
          :null
          | :bool
          | {:int | :uint | :float, 8 | 16 | 32 | 64 | 128}
          | :utf8
          | :large_utf8
          | :utf8_view
          | :binary
          | :large_binary
          | :binary_view
          | {:fixed_binary, non_neg_integer()}
          | {:decimal, integer(), integer(), 32 | 64 | 128 | 256}
          | {:date, unit()}
          | {:time, unit(), 32 | 64}
          | {:timestamp, unit(), String.t() | nil}
          | {:duration, unit()}
          | {:list, 32 | 64}
          | {:fixed_list, non_neg_integer()}
          | :struct
          | :map
          | {:unread, String.t(), buffers :: non_neg_integer()}

  @units %{0 => "s", 1 => "ms", 2 => "us", 3 => "ns"}

  @doc "The type of number `kind` in Schema.fbs, whose own table is `table`."
  @spec read(non_neg_integer(), Flatbuffer.table()) :: t()
  def read(1, _table), do: :null

  def read(2, table) do
    bits = Flatbuffer.int(table, 0, 32, 0)
    # 128 is polars' own.
    unless bits in [8, 16, 32, 64, 128], do: strange("integers of #{bits} bits")
    if Flatbuffer.bool(table, 1, false), do: {:int, bits}, else: {:uint, bits}
  end

  def read(3, table) do
    case Flatbuffer.int(table, 0, 16, 0) do
      0 -> {:float, 16}
      1 -> {:float, 32}
      2 -> {:float, 64}
      other -> strange("floats of precision #{other}")
    end
  end

  def read(4, _table), do: :binary
  def read(5, _table), do: :utf8
  def read(6, _table), do: :bool

  def read(7, table) do
    bits = Flatbuffer.int(table, 2, 32, 128)
    scale = Flatbuffer.int(table, 1, 32, 0)
    unless bits in [32, 64, 128, 256], do: strange("decimals of #{bits} bits")
    unless scale in -1000..1000, do: strange("decimals of scale #{scale}")
    {:decimal, Flatbuffer.int(table, 0, 32, 0), scale, bits}
  end

  def read(8, table),
    do: if(Flatbuffer.int(table, 0, 16, 1) == 0, do: {:date, "D"}, else: {:date, "ms"})

  def read(9, table) do
    case {unit(table, 1), Flatbuffer.int(table, 1, 32, 32)} do
      {unit, 32} when unit in ["s", "ms"] -> {:time, unit, 32}
      {unit, 64} when unit in ["us", "ns"] -> {:time, unit, 64}
      {unit, bits} -> strange("times of day in #{unit} of #{bits} bits")
    end
  end

  def read(10, table), do: {:timestamp, unit(table, 0), Flatbuffer.string(table, 1)}

  def read(11, table) do
    case Flatbuffer.int(table, 0, 16, 0) do
      0 -> {:unread, "month_interval", 2}
      1 -> {:unread, "day_time_interval", 2}
      _nano -> {:unread, "month_day_nano_interval", 2}
    end
  end

  def read(12, _table), do: {:list, 32}
  def read(13, _table), do: :struct

  def read(14, table),
    do: {:unread, "union", if(Flatbuffer.int(table, 0, 16, 0) == 0, do: 1, else: 2)}

  def read(15, table), do: {:fixed_binary, size(table)}
  def read(16, table), do: {:fixed_list, size(table)}
  def read(17, _table), do: :map
  def read(18, table), do: {:duration, unit(table, 1)}
  def read(19, _table), do: :large_binary
  def read(20, _table), do: :large_utf8
  def read(21, _table), do: {:list, 64}
  def read(22, _table), do: {:unread, "run_end_encoded", 0}
  def read(23, _table), do: :binary_view
  def read(24, _table), do: :utf8_view
  def read(25, _table), do: {:unread, "list_view", 3}
  def read(26, _table), do: {:unread, "large_list_view", 3}
  def read(other, _table), do: strange("type #{other}")

  @doc "How many children a field of this type has; nil: any number."
  @spec children(t()) :: non_neg_integer() | nil
  def children(:struct), do: nil
  def children({:unread, _name, _buffers}), do: nil
  def children({:list, _bits}), do: 1
  def children({:fixed_list, _size}), do: 1
  def children(:map), do: 1
  def children(_leaf), do: 0

  @doc "The bits of one element in the data buffer; nil where elements are not of one width."
  @spec width(t()) :: non_neg_integer() | nil
  def width(:bool), do: 1
  def width({kind, bits}) when kind in [:int, :uint, :float], do: bits
  def width({:fixed_binary, size}), do: 8 * size
  def width({:decimal, _precision, _scale, bits}), do: bits
  def width({:date, "D"}), do: 32
  def width({:date, "ms"}), do: 64
  def width({:time, _unit, bits}), do: bits
  def width({:timestamp, _unit, _zone}), do: 64
  def width({:duration, _unit}), do: 64
  def width(view) when view in [:utf8_view, :binary_view], do: 128
  def width(_other), do: nil

  @doc "The bits of one offset; nil where there are none."
  @spec offset(t()) :: 32 | 64 | nil
  def offset(type) when type in [:utf8, :binary, :map], do: 32
  def offset(type) when type in [:large_utf8, :large_binary], do: 64
  def offset({:list, bits}), do: bits
  def offset(_other), do: nil

  @doc "As pyarrow writes it."
  @spec text(t()) :: String.t()
  def text({:float, 16}), do: "halffloat"
  def text({:float, 32}), do: "float"
  def text({:float, 64}), do: "double"
  def text({kind, bits}) when kind in [:int, :uint], do: "#{kind}#{bits}"
  def text(:utf8), do: "string"
  def text(:large_utf8), do: "large_string"
  def text(:utf8_view), do: "string_view"
  def text({:fixed_binary, size}), do: "fixed_size_binary[#{size}]"
  def text({:decimal, precision, scale, bits}), do: "decimal#{bits}(#{precision}, #{scale})"
  def text({:date, "D"}), do: "date32[day]"
  def text({:date, "ms"}), do: "date64[ms]"
  def text({:time, unit, bits}), do: "time#{bits}[#{unit}]"
  def text({:timestamp, unit, nil}), do: "timestamp[#{unit}]"
  def text({:timestamp, unit, zone}), do: "timestamp[#{unit}, tz=#{zone}]"
  def text({:duration, unit}), do: "duration[#{unit}]"
  def text({:unread, name, _buffers}), do: name
  def text({:list, _bits}), do: "list"
  def text({:fixed_list, _size}), do: "fixed_size_list"
  def text(type) when is_atom(type), do: Atom.to_string(type)

  defp unit(table, default) do
    number = Flatbuffer.int(table, 0, 16, default)
    @units[number] || strange("time unit #{number}")
  end

  defp size(table) do
    case Flatbuffer.int(table, 0, 32, 0) do
      size when size >= 0 -> size
      size -> strange("elements of #{size} bytes")
    end
  end

  defp strange(what),
    do: throw({:arrow, "an Arrow schema with #{what}, which Arrow does not have"})
end
