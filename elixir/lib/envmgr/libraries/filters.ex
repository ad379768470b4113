defmodule Envmgr.Libraries.Filters do
  # Which objects `functions` and `search` answer. The module is a path relative to the library, as `within/2` makes it.
  @moduledoc false

  import Bitwise

  alias Envmgr.Libraries.Row

  @deprecated_flag 1
  defstruct kind: nil, module: nil, deprecated: nil

  @type t :: %__MODULE__{
          kind: String.t() | nil,
          module: String.t() | nil,
          deprecated: boolean() | nil
        }

  @doc "With the module relative to `library`: its name may stand before it, and alone means all of it."
  @spec within(t(), String.t()) :: t()
  def within(%{module: nil} = filters, _library), do: filters
  def within(%{module: library} = filters, library), do: %{filters | module: nil}

  def within(filters, library),
    do: %{filters | module: String.replace_prefix(filters.module, library <> ".", "")}

  @spec keep?(t(), Row.raw()) :: boolean()
  def keep?(filters, [path, kind, _parameters, _returns, _summary, flags | _]) do
    (filters.kind == nil or kind == filters.kind) and
      (filters.deprecated == nil or filters.deprecated == deprecated?(flags)) and
      (filters.module == nil or inside?(path, filters.module))
  end

  @spec deprecated?(integer()) :: boolean()
  def deprecated?(flags), do: (flags &&& @deprecated_flag) != 0

  defp inside?(path, module), do: path == module or String.starts_with?(path, module <> ".")
end
