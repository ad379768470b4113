defmodule Envmgr.Pool.Lane.Writer do
  # Buffers to a worker. A call whose arguments hold some goes by here: the buffers are written, then the call is handed
  # to the worker's owner, so that in the worker no call waits for its data.
  @moduledoc false

  alias Envmgr.Pool.Lane.{Compression, Reader}

  @buffer 4 * 1_048_576
  @bytes 0
  @memory 1

  @type board ::
          {:board, reply :: reference(), Envmgr.Pool.Flight.deadline(), library :: String.t(),
           size :: non_neg_integer(), tail :: iodata(), buffers :: [{:bytes | :memory, binary()}]}

  @spec start_link(pid(), String.t(), pid(), keyword()) :: pid()
  def start_link(owner, directory, reader, options) do
    spawn_link(fn ->
      receive do
        {:accept, listener} -> accept(owner, listener, directory, reader, options)
      end
    end)
  end

  defp accept(owner, listener, directory, reader, within: within, compressed?: compressed?) do
    with {:ok, socket} <- :gen_tcp.accept(listener, within),
         :ok <- :inet.setopts(socket, sndbuf: @buffer),
         # The worker made its FIFO before it came here.
         :ok <- Reader.open(reader, Path.join(directory, "out")),
         :ok <- :gen_tcp.send(socket, <<1>>) do
      :gen_tcp.close(listener)
      loop(owner, socket, directory, compressed?, 1)
    end
  end

  # The worker has opened its FIFO for good when the first buffer is sent or read, long after its hello.
  defp loop(owner, socket, directory, compressed?, key) do
    receive do
      :met ->
        File.rm_rf(directory)
        loop(owner, socket, directory, compressed?, key)

      {:board, reply, deadline, library, size, tail, buffers} ->
        if write(socket, key, buffers, compressed?) == :ok do
          count = length(buffers)
          send(owner, {:call, reply, deadline, library, size, {:lane, tail, key, count}})
          # What was sent must not live on in the garbage of a process that has nothing to do.
          :erlang.garbage_collect()
          loop(owner, socket, directory, compressed?, key + count)
        end
    end
  end

  defp write(_socket, _key, [], _compressed?), do: :ok

  defp write(socket, key, [{kind, data} | rest], compressed?) do
    header = <<if(kind == :bytes, do: @bytes, else: @memory), key::64, byte_size(data)::64>>

    with :ok <- write_one(socket, header, data, compressed?),
         do: write(socket, key + 1, rest, compressed?)
  end

  defp write_one(socket, header, data, false), do: :gen_tcp.send(socket, [header, data])

  defp write_one(socket, header, data, true) do
    with :ok <- :gen_tcp.send(socket, header),
         do: Compression.write(data, &:gen_tcp.send(socket, &1))
  end
end
