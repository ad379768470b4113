defmodule Envmgr.Libraries.Kinds do
  # Kinds of Python values as bits: what a parameter takes (`accepts` of the catalog), and what a term becomes.
  # A term that becomes an object of some class is of no kind, and fits every parameter.
  @moduledoc false

  import Bitwise

  alias Envmgr.Bytes

  @bits %{
    "none" => 0x001,
    "bool" => 0x002,
    "int" => 0x004,
    "float" => 0x008,
    "complex" => 0x010,
    "str" => 0x020,
    "bytes" => 0x040,
    "list" => 0x080,
    "tuple" => 0x100,
    "set" => 0x200,
    "dict" => 0x400,
    "callable" => 0x800
  }
  @names Map.new(@bits, fn {name, bit} -> {bit, name} end)
  @object 0x1000
  @any 0x1FFF

  # Python takes an int where it asks for a float, and a bool is an int.
  @implied %{"int" => 0x002, "float" => 0x006, "complex" => 0x00E}
  # What an argument becomes by `into` was another kind here.
  @from %{
    "tuple" => 0x080,
    "set" => 0x080,
    "frozenset" => 0x280,
    "ndarray" => 0x080,
    "bytes" => 0x020
  }

  @type mask :: 0..0x1FFF

  @doc "Every kind."
  @spec any() :: mask()
  def any, do: @any

  @doc "The kinds of terms that a parameter takes."
  @spec mask([String.t()] | nil, String.t() | nil) :: mask()
  def mask(nil, _into), do: @any

  def mask(accepts, into) do
    Enum.reduce(accepts, @object ||| Map.get(@from, into, 0), fn kind, mask ->
      mask ||| Map.get(@bits, kind, @any) ||| Map.get(@implied, kind, 0)
    end)
  end

  @doc "Whether a term is of one of these kinds."
  @spec fits?(term(), mask()) :: boolean()
  def fits?(_term, @any), do: true
  def fits?(term, mask), do: (bit(term) &&& mask) != 0

  @doc "The name of a term's kind; nil for an object of a class."
  @spec name(term()) :: String.t() | nil
  def name(term), do: @names[bit(term)]

  defp bit(nil), do: 0x001
  defp bit(term) when is_boolean(term), do: 0x002
  defp bit(term) when is_integer(term), do: 0x004
  defp bit(term) when is_float(term) or term in [:nan, :infinity, :neg_infinity], do: 0x008
  defp bit(term) when is_binary(term) or is_atom(term), do: 0x020
  defp bit(%Bytes{kind: :bytes}), do: 0x040
  defp bit(term) when is_list(term), do: 0x080
  defp bit(term) when is_tuple(term), do: 0x100
  defp bit(%MapSet{}), do: 0x200
  defp bit(term) when is_map(term) and not is_map_key(term, :__struct__), do: 0x400
  defp bit(term) when is_function(term), do: 0x800
  defp bit(_object), do: @object
end
