defmodule Envmgr.Pool.Lane.Writer do
  # Buffers to a worker. A call whose arguments hold some goes by here: the buffers are written, then the call is handed
  # to the worker's owner, so that in the worker no call waits for its data.
  @moduledoc false

  alias Envmgr.Pool.Lane.Reader

  @buffer 4 * 1_048_576
  @bytes 0
  @memory 1

  @type board ::
          {:board, reply :: reference(), deadline :: integer() | :infinity, library :: String.t(),
           size :: non_neg_integer(), tail :: iodata(), buffers :: [{:bytes | :memory, binary()}]}

  @spec start_link(pid(), :gen_tcp.socket(), String.t(), pid(), timeout()) :: pid()
  def start_link(owner, listener, directory, reader, within) do
    spawn_link(fn ->
      receive do
        :accept -> accept(owner, listener, directory, reader, within)
      end
    end)
  end

  defp accept(owner, listener, directory, reader, within) do
    with {:ok, socket} <- :gen_tcp.accept(listener, within),
         :ok <- :inet.setopts(socket, sndbuf: @buffer),
         # The worker made its FIFO before it came here.
         :ok <- Reader.open(reader, Path.join(directory, "out")),
         :ok <- :gen_tcp.send(socket, <<1>>) do
      :gen_tcp.close(listener)
      loop(owner, socket, directory, 1)
    end
  end

  # The worker has opened its FIFO for good when the first buffer is sent or read, long after its hello.
  defp loop(owner, socket, directory, key) do
    receive do
      :met ->
        File.rm_rf(directory)
        loop(owner, socket, directory, key)

      {:board, reply, deadline, library, size, tail, buffers} ->
        if write(socket, key, buffers) == :ok do
          count = length(buffers)
          send(owner, {:call, reply, deadline, library, size, {:lane, tail, key, count}})
          # What was sent must not live on in the garbage of a process that has nothing to do.
          :erlang.garbage_collect()
          loop(owner, socket, directory, key + count)
        end
    end
  end

  defp write(_socket, _key, []), do: :ok

  defp write(socket, key, [{kind, data} | rest]) do
    kind = if kind == :bytes, do: @bytes, else: @memory

    with :ok <- :gen_tcp.send(socket, [<<kind, key::64, byte_size(data)::64>>, data]),
         do: write(socket, key + 1, rest)
  end
end
