defmodule Envmgr.Series do
  @moduledoc """
  One column: a pandas `Series`, `Index` or `MultiIndex`, or a polars `Series`.

  `kind` says which (`"pandas.Series"`, `"pandas.Index"`, `"pandas.MultiIndex"`, `"polars.Series"`), `name` and `dtype`
  are in the library's own words. `data` is kept as it came and goes back as it came; `to_list/1` reads it. A
  `MultiIndex` has its levels in `levels`, each `{name, dtype, data}`, and no `data` of its own.
  """

  alias Envmgr.{Array, Frame, Object}
  alias Envmgr.Values.Frames.{Body, Elements, Pack}

  @enforce_keys [:kind, :rows]
  defstruct [:kind, :rows, :name, :dtype, :data, :index, :body, levels: nil, meta: %{}]

  @typedoc "`data` is a list, an `%Envmgr.Array{}`, a range, an `%Envmgr.Object{}`, or a field's number in `body`."
  @type t :: %__MODULE__{
          kind: String.t(),
          rows: non_neg_integer(),
          name: term(),
          dtype: String.t() | nil,
          data: list() | Array.t() | Range.t() | Object.t() | non_neg_integer() | nil,
          index: t() | nil,
          body: binary() | nil,
          levels: [Frame.column()] | nil,
          meta: map()
        }

  @doc """
  A series of these values: a list, or an `%Envmgr.Array{}` of one dimension.

  Its dtype is that of all values, or `type:`, as in `Envmgr.Frame.new/2`. `as:` says what it becomes in Python:
  `"pandas.Series"` (the default) or `"pandas.Index"`. `name:` is a string. Raises `ArgumentError` for values that
  `type:` does not hold.

      iex> series = Envmgr.Series.new([1, nil, 3], name: "a")
      iex> {series.dtype, Envmgr.Series.to_list(series)}
      {"Int64", [1, nil, 3]}
  """
  @spec new(list() | Array.t(), keyword()) :: t()
  def new(values, opts \\ []) do
    opts = Keyword.validate!(opts, as: "pandas.Series", name: nil, type: nil)

    unless opts[:as] in ["pandas.Series", "pandas.Index"],
      do:
        raise(
          ArgumentError,
          "as: is \"pandas.Series\" or \"pandas.Index\", not #{inspect(opts[:as])}"
        )

    {dtype, data, rows} = Pack.data(values, opts[:type])
    meta = %{"rows" => rows}
    meta = if opts[:as] == "pandas.Index", do: Map.put(meta, "class", "Index"), else: meta

    %__MODULE__{
      kind: opts[:as],
      rows: rows,
      name: opts[:name],
      dtype: dtype,
      data: data,
      meta: meta
    }
  end

  @doc """
  The values, as `Envmgr.Frame.rows/1` has them; tuples for a `MultiIndex`. The time is linear in them.

  Raises `ArgumentError` where they cannot be read.

      iex> Envmgr.Series.to_list(Envmgr.Series.new([1.5, :nan]))
      [1.5, :nan]
  """
  @spec to_list(t()) :: list()
  def to_list(%__MODULE__{levels: levels} = series) when is_list(levels) do
    body = Body.open(series)

    case for({_name, dtype, data} <- levels, do: Elements.to_list(data, dtype, body)) do
      [] -> []
      columns -> Enum.zip_with(columns, &List.to_tuple/1)
    end
  end

  def to_list(%__MODULE__{data: data, dtype: dtype} = series),
    do: Elements.to_list(data, dtype, Body.open(series))

  @doc """
  The labels of the rows: those of the index, or the numbers from 0.

      iex> Envmgr.Series.index(Envmgr.Series.new(["a", "b"]))
      [0, 1]
  """
  @spec index(t()) :: list()
  def index(%__MODULE__{index: nil, rows: rows}), do: Enum.to_list(0..(rows - 1)//1)
  def index(%__MODULE__{index: index}), do: to_list(index)

  @doc false
  @spec index_of(list()) :: t()
  def index_of(values), do: new(values, as: "pandas.Index")

  defimpl Inspect do
    def inspect(%{levels: levels} = series, _opts) when is_list(levels) do
      names = Enum.map_join(levels, ", ", fn {name, _dtype, _data} -> Kernel.inspect(name) end)
      "#Envmgr.Series<#{series.kind} of #{series.rows}: #{names}>"
    end

    def inspect(series, _opts) do
      name = if series.name == nil, do: "", else: " " <> Kernel.inspect(series.name)
      "#Envmgr.Series<#{series.kind}#{name} #{series.dtype} of #{series.rows}>"
    end
  end
end
