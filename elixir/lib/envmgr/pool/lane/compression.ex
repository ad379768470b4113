defmodule Envmgr.Pool.Lane.Compression do
  # Compressed buffers (docs/protocol.md, section 5): one zlib stream, in chunks of a 4-byte length and that many bytes,
  # ended by a length of 0.
  @moduledoc false

  @level 1
  @slice 1_048_576

  @doc "Writes a buffer by `put`, which answers `:ok` or an error that ends it."
  @spec write(binary(), (iodata() -> :ok | {:error, term()})) :: :ok | {:error, term()}
  def write(data, put) do
    z = :zlib.open()
    :ok = :zlib.deflateInit(z, @level)

    try do
      with :ok <- slices(z, data, put), do: put.(<<0::32>>)
    after
      :zlib.close(z)
    end
  end

  defp slices(z, <<slice::binary-size(@slice), rest::binary>>, put) do
    with :ok <- chunk(:zlib.deflate(z, slice), put), do: slices(z, rest, put)
  end

  defp slices(z, rest, put), do: chunk(:zlib.deflate(z, rest, :finish), put)

  defp chunk(data, put) do
    case IO.iodata_length(data) do
      0 -> :ok
      size -> put.([<<size::32>>, data])
    end
  end

  @doc "Reads a buffer by `exactly`, which answers a binary of the size that it is asked for, or something else at the end."
  @spec read((pos_integer() -> binary() | term())) :: binary() | :ended
  def read(exactly) do
    z = :zlib.open()
    :ok = :zlib.inflateInit(z)

    try do
      pieces(z, exactly, [])
    rescue
      ErlangError -> :ended
    after
      :zlib.close(z)
    end
  end

  defp pieces(z, exactly, acc) do
    case exactly.(4) do
      <<0::32>> ->
        IO.iodata_to_binary(acc)

      <<size::32>> ->
        data = exactly.(size)
        if is_binary(data), do: pieces(z, exactly, [acc | :zlib.inflate(z, data)]), else: :ended

      _short ->
        :ended
    end
  end
end
