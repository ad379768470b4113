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

  @doc """
  What the object is in Elixir, for those that have a counterpart; any other one itself. What is lost is why they are no
  plain values in the first place, so send the object back, not this.

  | type | becomes | lost |
  |---|---|---|
  | `pandas.Timestamp` | `NaiveDateTime`; `DateTime` with a zone (in UTC where Elixir's time zone database has it not) | nanoseconds |
  | `pandas.Timedelta` | `Envmgr.Timedelta` | nanoseconds |
  | `pandas.Interval` | `{left, right, closed}` | |
  | `pandas.Categorical` | list of the categories' values, `nil` where missing | order, unused categories |
  | `pandas.array`, `pyarrow.array` | list as in `Envmgr.Frame`; a scalar's value | dtype |
  | `scipy.sparse` | `{shape, [{row, column, value}, …]}`: what is stored, in its order | class |

  Raises `ArgumentError` for parts that are malformed, and for sparse classes other than csr, csc and coo.

      iex> Envmgr.Object.to_elixir(%Envmgr.Object{
      ...>   type: "pandas.Timestamp",
      ...>   parts: %{"value" => 1_767_225_600_000_000_123, "unit" => "ns", "zone" => nil, "fold" => 0}
      ...> })
      ~N[2026-01-01 00:00:00]
  """
  @spec to_elixir(t()) :: term()
  def to_elixir(%__MODULE__{} = object), do: Envmgr.Values.Frames.Objects.to_elixir(object)

  defimpl Inspect do
    def inspect(object, opts),
      do:
        "#Envmgr.Object<#{object.type} #{Kernel.inspect(object.parts, limit: opts.limit, printable_limit: opts.printable_limit)}>"
  end
end
