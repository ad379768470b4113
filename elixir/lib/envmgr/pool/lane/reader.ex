defmodule Envmgr.Pool.Lane.Reader do
  # Buffers from a worker: each is read by one call of the file driver, on a dirty scheduler, into the binary that its
  # caller gets. No other copy is made.
  @moduledoc false

  alias Envmgr.Pool.Lane.Compression

  @spec start_link(pid(), boolean()) :: pid()
  def start_link(owner, compressed?), do: spawn_link(fn -> wait(owner, compressed?) end)

  @doc "Has the reader open the FIFO, which only the process that reads it may."
  @spec open(pid(), String.t()) :: :ok | {:error, term()}
  def open(reader, fifo) do
    monitor = Process.monitor(reader)
    send(reader, {:open, fifo, {self(), monitor}})

    receive do
      {^monitor, answer} ->
        Process.demonitor(monitor, [:flush])
        answer

      {:DOWN, ^monitor, _, _, reason} ->
        {:error, reason}
    end
  end

  defp wait(owner, compressed?) do
    receive do
      {:open, fifo, {pid, monitor}} ->
        case :file.open(fifo, [:raw, :read, :binary]) do
          {:ok, file} ->
            send(pid, {monitor, :ok})
            loop(owner, file, compressed?)

          error ->
            send(pid, {monitor, error})
        end
    end
  end

  defp loop(owner, file, compressed?) do
    receive do
      {:land, reply, payload, meta, sizes} ->
        case read(file, sizes, compressed?, []) do
          {:ok, buffers} ->
            send(reply, {reply, :result, payload, meta, buffers})

          :ended ->
            send(reply, {reply, :lost, "the worker ended while it sent its answer"})
        end

        # The owner counts what it waits for.
        send(owner, :landed)
        :erlang.garbage_collect()
        loop(owner, file, compressed?)
    end
  end

  defp read(_file, [], _compressed?, buffers),
    do: {:ok, buffers |> :lists.reverse() |> List.to_tuple()}

  defp read(file, [size | rest], compressed?, buffers) do
    data = if compressed?, do: Compression.read(&exactly(file, &1)), else: exactly(file, size)

    if is_binary(data) and byte_size(data) == size,
      do: read(file, rest, compressed?, [data | buffers]),
      else: :ended
  end

  defp exactly(file, size) do
    case :file.read(file, size) do
      {:ok, data} when byte_size(data) == size -> data
      _short -> :ended
    end
  end
end
