defmodule Envmgr.Pool.Crash do
  # The file that a worker writes Python's frames into when a signal ends it. It has a name only until the worker has opened
  # it: what kills this VM leaves nothing behind.
  @moduledoc false

  # Far above what faulthandler writes of any number of threads that a person reads.
  @most 65_536

  @enforce_keys [:path, :file]
  defstruct [:path, :file]

  @type t :: %__MODULE__{path: String.t(), file: :file.fd()}

  @doc "Makes the file, for the calling process; nil where that cannot be done: an end by a signal is then told without frames."
  @spec open(String.t() | nil) :: t() | nil
  def open(nil), do: nil

  def open(path) do
    with {:ok, file} <- :file.open(path, [:raw, :read, :write, :exclusive, :binary]),
         :ok <- :file.change_mode(path, 0o600) do
      %__MODULE__{path: path, file: file}
    else
      _cannot -> nil
    end
  end

  @spec path(t() | nil) :: String.t() | nil
  def path(nil), do: nil
  def path(crash), do: crash.path

  @doc "The worker has opened it, or never will."
  @spec hide(t() | nil) :: term()
  def hide(nil), do: :ok
  def hide(crash), do: :file.delete(crash.path)

  @doc "What the worker wrote, once it has ended; nil: nothing."
  @spec read(t() | nil) :: String.t() | nil
  def read(nil), do: nil

  def read(crash) do
    with {:ok, text} <- :file.pread(crash.file, 0, @most), true <- String.valid?(text) do
      text
    else
      _nothing -> nil
    end
  end
end
