defmodule Envmgr.MemoryView do
  @moduledoc """
  A Python `memoryview`: `data` in C order, `format` as Python's `struct` writes it, `shape` a tuple.

      iex> Envmgr.execute!("probe.echo", [%Envmgr.MemoryView{format: "B", shape: {2}, data: <<1, 2>>}])
      %Envmgr.MemoryView{format: "B", shape: {2}, data: <<1, 2>>, readonly: false}
  """

  @enforce_keys [:format, :shape, :data]
  defstruct [:format, :shape, :data, readonly: false]

  @type t :: %__MODULE__{
          format: String.t(),
          shape: tuple(),
          data: binary(),
          readonly: boolean()
        }
end
