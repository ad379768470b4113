defmodule Envmgr.Calls.Operators do
  # Python's operators, as atoms or texts, and the methods that stand for them.
  @moduledoc false

  alias Envmgr.Error

  # The operator, its method, and the method of the right operand where the left one does not know it.
  @binary [
    {:+, "__add__", "__radd__"},
    {:-, "__sub__", "__rsub__"},
    {:*, "__mul__", "__rmul__"},
    {:/, "__truediv__", "__rtruediv__"},
    {:"//", "__floordiv__", "__rfloordiv__"},
    {:%, "__mod__", "__rmod__"},
    {:**, "__pow__", "__rpow__"},
    {:@, "__matmul__", "__rmatmul__"},
    {:&, "__and__", "__rand__"},
    {:|, "__or__", "__ror__"},
    {:^, "__xor__", "__rxor__"},
    {:"<<", "__lshift__", "__rlshift__"},
    {:">>", "__rshift__", "__rrshift__"},
    {:==, "__eq__", "__eq__"},
    {:!=, "__ne__", "__ne__"},
    {:<, "__lt__", "__gt__"},
    {:<=, "__le__", "__ge__"},
    {:>, "__gt__", "__lt__"},
    {:>=, "__ge__", "__le__"}
  ]
  @unary [{:+, "__pos__"}, {:-, "__neg__"}, {:"~", "__invert__"}]

  @doc "The method of the left operand."
  @spec binary(term()) :: {:ok, String.t()} | {:error, Error.t()}
  for {operator, name, _reflected} <- @binary,
      written <- [operator, Atom.to_string(operator)],
      do: def(binary(unquote(written)), do: {:ok, unquote(name)})

  def binary(other),
    do: unknown(other, "of two operands", for({operator, _, _} <- @binary, do: operator))

  @doc "The method of the right operand."
  @spec reflected(term()) :: {:ok, String.t()} | {:error, Error.t()}
  for {operator, _name, reflected} <- @binary,
      written <- [operator, Atom.to_string(operator)],
      do: def(reflected(unquote(written)), do: {:ok, unquote(reflected)})

  def reflected(other), do: binary(other)

  @spec unary(term()) :: {:ok, String.t()} | {:error, Error.t()}
  for {operator, name} <- @unary,
      written <- [operator, Atom.to_string(operator)],
      do: def(unary(unquote(written)), do: {:ok, unquote(name)})

  def unary(other),
    do: unknown(other, "of one operand", for({operator, _} <- @unary, do: operator))

  defp unknown(other, which, operators) do
    names = Enum.map(operators, &inspect/1)
    message = "#{inspect(other, limit: 5)} is no operator #{which}"

    {:error,
     %Error{
       code: :arguments,
       class: :usage,
       message: message,
       hint: "there are #{Enum.join(names, ", ")}"
     }}
  end
end
