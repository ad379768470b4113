defmodule Envmgr.Slice do
  @moduledoc """
  A Python `slice`; its parts are any values, mostly integers and `nil`.

      iex> Envmgr.execute!("probe.echo", [%Envmgr.Slice{start: nil, stop: 3, step: nil}])
      %Envmgr.Slice{start: nil, stop: 3, step: nil}
  """

  defstruct [:start, :stop, :step]

  @type t :: %__MODULE__{start: term(), stop: term(), step: term()}
end
