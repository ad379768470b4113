defmodule Envmgr.Pool.Lane do
  # The second lane of a worker (docs/protocol.md, section 5): large buffers beside the frames. A process for each way,
  # so that neither waits for the other, and none that answers small calls waits for either.
  @moduledoc false

  alias Envmgr.Pool.Lane.{Reader, Writer}

  @enforce_keys [:directory, :reader, :writer]
  defstruct [:directory, :reader, :writer]

  @type t :: %__MODULE__{directory: String.t(), reader: pid(), writer: pid()}

  # Measured, see docs/benchmarks.md: from here on the lane is faster than the frame.
  @threshold 131_072

  @spec threshold() :: pos_integer()
  def threshold, do: @threshold

  @doc """
  Makes the directory where the worker meets the lane, and its two processes, linked to the caller; nil where that cannot be
  had (all goes in frames then). Options: `within`, how long the worker may take to come, ms; `compressed?`.
  """
  @spec open(String.t() | nil, within: timeout(), compressed?: boolean()) :: t() | nil
  def open(nil, _options), do: nil

  def open(directory, options) do
    socket = [:binary, packet: :raw, active: false, ifaddr: {:local, Path.join(directory, "in")}]

    with :ok <- File.mkdir(directory),
         :ok <- File.chmod(directory, 0o700),
         {:ok, listener} <- :gen_tcp.listen(0, socket) do
      reader = Reader.start_link(self(), options[:compressed?])
      writer = Writer.start_link(self(), directory, reader, options)
      :ok = :gen_tcp.controlling_process(listener, writer)
      send(writer, {:accept, listener})
      %__MODULE__{directory: directory, reader: reader, writer: writer}
    else
      _cannot ->
        File.rm_rf(directory)
        nil
    end
  end

  @doc "Ends both processes; what is under way is lost."
  @spec close(t() | nil) :: :ok
  def close(nil), do: :ok

  def close(lane) do
    for pid <- [lane.reader, lane.writer] do
      Process.unlink(pid)
      Process.exit(pid, :kill)
    end

    File.rm_rf(lane.directory)
    :ok
  end

  @doc "Whether something is on its way to the worker, or about to be."
  @spec busy?(t()) :: boolean()
  def busy?(%{writer: writer}) do
    case Process.info(writer, [:message_queue_len, :current_function]) do
      [message_queue_len: 0, current_function: {Writer, _, _}] -> false
      _at_work -> true
    end
  end

  @doc "Where callers find the writer of a worker's lane, by the worker's owner."
  @spec publish(atom(), t()) :: true
  def publish(table, lane), do: :ets.insert(table, {{:lane, self()}, lane.writer})

  @spec unpublish(atom()) :: true
  def unpublish(table), do: :ets.delete(table, {:lane, self()})

  @spec writer(atom(), pid()) :: pid() | nil
  def writer(table, owner) do
    case :ets.lookup(table, {:lane, owner}) do
      [{_key, writer}] -> writer
      [] -> nil
    end
  end
end
