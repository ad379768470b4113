defmodule Envmgr.Bytes do
  @moduledoc """
  Python `bytes`, or a `bytearray`.

  A plain Elixir binary is a Python `str`; wrap it with `Envmgr.bytes/1` to send bytes. Bytes that Python
  answers arrive wrapped, so that both directions mean the same.

      iex> Envmgr.bytes(<<0, 255>>)
      %Envmgr.Bytes{data: <<0, 255>>, kind: :bytes}
  """

  alias Envmgr.{Error, Ref}

  @piece 1_048_576

  @enforce_keys [:data]
  defstruct [:data, kind: :bytes]

  @type t :: %__MODULE__{data: binary(), kind: :bytes | :bytearray}

  @doc """
  What a Python file object holds from where it stands, piece by piece: an Enumerable of binaries of `size` bytes (the last
  one shorter), each read when it is asked for. It works with whatever has `read(size)`; text comes as UTF-8. Raises
  `Envmgr.Error` while it runs.

      {:ok, body} = Envmgr.execute("urllib.request.urlopen", ["file:///var/log/syslog"], as: :ref)
      body |> Envmgr.Bytes.stream() |> Enum.into(File.stream!("copy"))
  """
  @spec stream(Ref.t(), pos_integer()) :: Enumerable.t()
  def stream(%Ref{} = file, size \\ @piece) when is_integer(size) and size > 0 do
    Stream.repeatedly(fn -> read(file, size) end) |> Stream.take_while(&(&1 != ""))
  end

  defp read(file, size) do
    case Envmgr.method(file, "read", [size]) do
      {:ok, %__MODULE__{data: data}} -> data
      {:ok, text} when is_binary(text) -> text
      {:ok, other} -> raise Error, code: :conversion, message: "read/1 gave #{inspect(other)}"
      {:error, error} -> raise error
    end
  end
end
