defmodule Envmgr.Singleton do
  @moduledoc """
  A Python object of which there is one: `Ellipsis`, `NotImplemented`, `pandas.NaT`, `pandas.NA`.

      iex> Envmgr.execute!("probe.echo", [%Envmgr.Singleton{name: "Ellipsis"}])
      #Envmgr.Singleton<Ellipsis>
  """

  @enforce_keys [:name]
  defstruct [:name]

  @type t :: %__MODULE__{name: String.t()}

  defimpl Inspect do
    def inspect(%{name: name}, _opts), do: "#Envmgr.Singleton<#{name}>"
  end
end
