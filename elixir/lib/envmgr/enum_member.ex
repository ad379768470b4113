defmodule Envmgr.EnumMember do
  @moduledoc """
  A member of a Python `enum.Enum`. `type` is its class as `module.qualname`; `name` is `nil` for a flag that combines members.

      iex> %Envmgr.EnumMember{type: "http.HTTPStatus", name: "OK", value: 200}
      #Envmgr.EnumMember<http.HTTPStatus.OK 200>
  """

  @enforce_keys [:type, :name, :value]
  defstruct [:type, :name, :value]

  @type t :: %__MODULE__{type: String.t(), name: String.t() | nil, value: term()}

  defimpl Inspect do
    def inspect(member, opts) do
      name = if member.name, do: ".#{member.name}", else: ""
      shown = [limit: opts.limit, printable_limit: opts.printable_limit]
      "#Envmgr.EnumMember<#{member.type}#{name} #{Kernel.inspect(member.value, shown)}>"
    end
  end
end
