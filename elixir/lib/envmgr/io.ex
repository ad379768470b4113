defmodule Envmgr.IO do
  @moduledoc """
  An enumerable of binaries that Python reads as a file opened for reading bytes.

  `Envmgr.io/1` makes one: of a file's pieces, of what a socket gave, of anything that enumerates binaries (or `Envmgr.Bytes`), whose borders
  mean nothing.

      {:ok, frame} = Envmgr.execute("pandas.read_csv", [Envmgr.io(File.stream!("rows.csv", [], 65_536))])

  It runs in a process of its own, only as far as Python reads, and ends as `Envmgr.Items` does. It cannot be rewound.
  """

  @enforce_keys [:enumerable]
  defstruct [:enumerable]

  @type t :: %__MODULE__{enumerable: Enumerable.t()}
end
