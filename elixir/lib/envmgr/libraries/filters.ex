defmodule Envmgr.Libraries.Filters do
  # Which objects `functions` and `search` answer. The module is a path relative to the library.
  @moduledoc false

  import Bitwise

  alias Envmgr.{Error, Near}
  alias Envmgr.Libraries.Row

  @deprecated_flag 1
  @kinds ~w(function coroutine generator async-generator ufunc class method classmethod staticmethod property constant module)

  defstruct kind: nil, module: nil, deprecated: nil

  @type t :: %__MODULE__{
          kind: String.t() | nil,
          module: String.t() | nil,
          deprecated: boolean() | nil
        }

  @doc "Of the options of `functions/2` and `search/2`; `others` are options beside these. Raises for what is none."
  @spec new!(keyword(), [atom()]) :: t()
  def new!(opts, others) do
    for {key, value} <- opts, key not in others, do: known!(key, value, others)
    kind = opts[:kind]

    %__MODULE__{
      kind: kind && to_string(kind),
      module: opts[:module],
      deprecated: opts[:deprecated]
    }
  end

  defp known!(:kind, kind, _others) do
    kind = kind && to_string(kind)

    unless kind == nil or kind in @kinds do
      wrong!(
        "there is no kind #{kind}",
        Near.hint(kind, @kinds) || "kinds are #{Enum.join(@kinds, ", ")}"
      )
    end
  end

  defp known!(:module, module, _others) when is_binary(module) or module == nil, do: :ok
  defp known!(:deprecated, flag, _others) when flag in [true, false, nil], do: :ok

  defp known!(key, value, _others) when key in [:module, :deprecated],
    do: wrong!("#{inspect(value)} is no value of the option #{key}", nil)

  defp known!(key, _value, others) do
    known = [:kind, :module, :deprecated | others]

    wrong!(
      "unknown option #{inspect(key)}",
      Near.hint(to_string(key), Enum.map(known, &to_string/1)) ||
        "options are #{Enum.join(known, ", ")}"
    )
  end

  defp wrong!(message, hint), do: raise(Error, code: :arguments, message: message, hint: hint)

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
