defmodule Envmgr.Object do
  @moduledoc """
  A Python object that is rebuilt from parts: pandas scalars and extension arrays, SciPy sparse arrays.

  `type` and the names of its `parts` are those of `docs/types.md`.

      iex> %Envmgr.Object{type: "pandas.Period", parts: %{"ordinal" => 600, "freq" => "M"}}
      #Envmgr.Object<pandas.Period %{"freq" => "M", "ordinal" => 600}>
  """

  @enforce_keys [:type, :parts]
  defstruct [:type, :parts]

  @type t :: %__MODULE__{type: String.t(), parts: %{String.t() => term()}}

  defimpl Inspect do
    def inspect(object, opts),
      do: "#Envmgr.Object<#{object.type} #{Kernel.inspect(object.parts, limit: opts.limit)}>"
  end
end
