defmodule Envmgr.Pool.Crash do
  # The file that a worker writes Python's frames into when a signal ends it.
  @moduledoc false

  # Far above what faulthandler writes of any number of threads that a person reads.
  @most 65_536

  @spec path() :: String.t()
  def path do
    name = Base.encode32(:rand.bytes(10), case: :lower, padding: false)
    Path.join(System.tmp_dir() || "/tmp", "envmgr-#{System.pid()}-#{name}.crash")
  end

  @doc "What the worker wrote, once it has ended; nil: nothing."
  @spec read(String.t() | nil) :: String.t() | nil
  def read(nil), do: nil

  def read(path) do
    with {:ok, file} <- :file.open(path, [:raw, :read, :binary]),
         read = :file.read(file, @most),
         :ok <- :file.close(file),
         {:ok, text} <- read,
         true <- String.valid?(text) do
      text
    else
      _nothing -> nil
    end
  end

  @spec delete(String.t() | nil) :: term()
  def delete(nil), do: :ok
  def delete(path), do: :file.delete(path)
end
