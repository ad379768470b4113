defmodule Envmgr.Path do
  @moduledoc """
  A Python `pathlib` path: `type` is the class (`"PosixPath"`, `"PurePosixPath"`, `"WindowsPath"`, `"PureWindowsPath"`), `path`
  its text, or an `Envmgr.Text` where that is not UTF-8.

      iex> to_string(%Envmgr.Path{type: "PosixPath", path: "/tmp"})
      "/tmp"
  """

  @enforce_keys [:type, :path]
  defstruct [:type, :path]

  @type t :: %__MODULE__{type: String.t(), path: String.t() | Envmgr.Text.t()}

  defimpl String.Chars do
    def to_string(%{path: %Envmgr.Text{wtf8: bytes}}), do: bytes
    def to_string(%{path: path}), do: path
  end

  defimpl Inspect do
    def inspect(path, _opts),
      do: "#Envmgr.Path<#{path.type} #{Kernel.inspect(Kernel.to_string(path))}>"
  end
end
