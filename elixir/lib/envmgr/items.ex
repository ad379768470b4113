defmodule Envmgr.Items do
  @moduledoc """
  An enumerable that Python reads as an iterator, item by item, as it asks for them.

  `Envmgr.items/1` makes one. A `%Stream{}` and a `%File.Stream{}` are sent so by themselves; a list stays a list.

      rows = Stream.map(1..1_000_000, &(&1 * 2))
      {:ok, total} = Envmgr.execute("builtins.sum", [rows])

  It runs in a process of its own, only as far as Python asks: a few items ahead at most, since what an iterator asks for comes in
  pieces. It ends when Python lets the iterator go, when the process that passed it ends, and with the worker. What it raises is raised
  in Python as `envmgr_runtime.ElixirError`. It is read once.
  """

  @enforce_keys [:enumerable]
  defstruct [:enumerable]

  @type t :: %__MODULE__{enumerable: Enumerable.t()}
end
