defmodule Envmgr.Frame do
  @moduledoc """
  A table: a pandas or polars `DataFrame`, or a pyarrow `Table`.

  What Python answers is kept as it came, and goes back exactly. Columns are read when they are asked for, and only
  those. `kind` is the Python type (`"pandas.DataFrame"`, `"polars.DataFrame"`, `"pyarrow.Table"`), or `"frame"` for
  one that was made in Elixir: it becomes what the library's environment has, pandas before polars before pyarrow.

      iex> frame = Envmgr.Frame.new([{"city", ["Rome", "Oslo"]}, {"degrees", [21.5, nil]}])
      #Envmgr.Frame<frame 2 × 2: city str, degrees Float64>
      iex> Envmgr.Frame.rows(frame)
      [%{"city" => "Rome", "degrees" => 21.5}, %{"city" => "Oslo", "degrees" => nil}]

  ## Values

  | column | in Elixir |
  |---|---|
  | integers, floats, booleans, strings | themselves; NaN and the infinities as `:nan`, `:infinity`, `:neg_infinity` |
  | missing | `nil`. A pandas column of floats says NaN for what is missing, so it stays `:nan` there |
  | times without a zone, dates, times of day | `NaiveDateTime`, `Date`, `Time`; nanoseconds are cut |
  | times with a zone | `DateTime` in that zone, where Elixir's time zone database has it, else in UTC |
  | durations | `%Envmgr.Timedelta{}`; nanoseconds are cut |
  | decimals | `Decimal` when the host has it, else `%Envmgr.Decimal{}` |
  | bytes | `%Envmgr.Bytes{}` |
  | categories | the category's value |
  | intervals | `{left, right, closed}` |
  | lists, structs, maps of Arrow | lists, maps by field name, lists of `{key, value}` |
  | other objects | as `Envmgr.execute/3` answers them |
  """

  alias Envmgr.{Array, Error, Object, Ref, Series}
  alias Envmgr.Calls.Parts
  alias Envmgr.Values.Frames.{Body, Elements, Inline, Ipc, Part, Pack}

  @kinds ~w(frame pandas.DataFrame polars.DataFrame pyarrow.Table)

  @enforce_keys [:kind, :rows, :columns]
  defstruct [:kind, :rows, :columns, :index, :body, meta: %{}]

  @typedoc "A name, a dtype in the library's own words, and the data: in place, or a field's number in `body`."
  @type column ::
          {term(), String.t(), list() | Array.t() | Range.t() | Object.t() | non_neg_integer()}

  @type t :: %__MODULE__{
          kind: String.t(),
          rows: non_neg_integer(),
          columns: [column()],
          index: Series.t() | nil,
          meta: map(),
          body: binary() | nil
        }

  @doc """
  A frame of these columns: a list of `{name, values}`, whose order stays, or a map, whose names are sorted.

  Values are a list, or an `%Envmgr.Array{}` of one dimension, which is sent as it is. Names are strings or atoms, and
  distinct. A column's dtype is the one that holds all of its values: `int64` (`Int64` with `nil`), `float64`
  (`Float64`), `bool` (`boolean`), `str`, `datetime64[us]` for `NaiveDateTime`, `datetime64[us, UTC]` for `DateTime`,
  `timedelta64[us]`, else `object`.

  Options:

    * `types:` a map or list of name to dtype, where another one is wanted: also `int8` … `uint64`, `Int8` … `UInt64`,
      `float32`, `category`, other units than `us`. `float64` makes NaN of `nil`.
    * `as:` what it becomes in Python: `"pandas.DataFrame"`, `"polars.DataFrame"`, `"pyarrow.Table"`, or `"frame"`. For polars
      and pyarrow the columns are made an Arrow stream, whose types are Arrow's, and which needs no NumPy there.

  Raises `ArgumentError` for columns of different lengths, and for values that their dtype does not hold.

      iex> Envmgr.Frame.new(%{b: [1, 2], a: ["x", "y"]}, types: %{b: "float32"})
      #Envmgr.Frame<frame 2 × 2: a str, b float32>
  """
  @spec new(Enumerable.t(), keyword()) :: t()
  def new(columns, opts \\ []) do
    opts = Keyword.validate!(opts, as: "frame", types: [])

    unless opts[:as] in @kinds,
      do:
        raise(
          ArgumentError,
          "as: is one of #{Enum.join(@kinds, ", ")}, not #{inspect(opts[:as])}"
        )

    types = Map.new(opts[:types], fn {name, type} -> {name(name), type} end)
    packed = for {name, values} <- columns, do: pack(name(name), values, types)
    names = Enum.map(packed, &elem(&1, 0))

    if names != Enum.uniq(names),
      do: raise(ArgumentError, "two columns named #{inspect(hd(names -- Enum.uniq(names)))}")

    strange = Map.keys(types) -- names

    if strange != [],
      do:
        raise(
          ArgumentError,
          "types: names no column: #{Enum.map_join(strange, ", ", &inspect/1)}"
        )

    rows = rows_of(packed)
    columns = for {name, dtype, data, _rows} <- packed, do: {name, dtype, data}
    frame = %__MODULE__{kind: "frame", rows: rows, columns: columns, meta: %{"rows" => rows}}
    Ipc.native(frame, opts[:as])
  end

  @doc """
  A frame of these rows: maps of name to value. What a row lacks is missing (`nil`).

  Columns are in the order in which their names are met, those of one row sorted; `names:` gives them, and their order.
  Other options are those of `new/2`.

      iex> Envmgr.Frame.from_rows([%{id: 1, tag: "a"}, %{id: 2}])
      #Envmgr.Frame<frame 2 × 2: id int64, tag str>
  """
  @spec from_rows([map()], keyword()) :: t()
  def from_rows(rows, opts \\ []) when is_list(rows) do
    {names, opts} = Keyword.pop(opts, :names)
    names = names || met(rows)
    new(for(name <- names, do: {name, Enum.map(rows, &Map.get(&1, name))}), opts)
  end

  @doc """
  The names of the columns, in order. Strings, unless the columns are labelled with something else in pandas: then the
  label itself, a tuple for a column `MultiIndex`.

      iex> Envmgr.Frame.names(Envmgr.Frame.new(b: [1], a: [2]))
      ["b", "a"]
  """
  @spec names(t()) :: [term()]
  def names(%__MODULE__{columns: columns}), do: for({name, _dtype, _data} <- columns, do: name)

  @doc """
  The dtype of each column, in the library's own words.

      iex> Envmgr.Frame.types(Envmgr.Frame.new(a: [1.5], b: [~N[2026-01-01 00:00:00]]))
      %{"a" => "float64", "b" => "datetime64[us]"}
  """
  @spec types(t()) :: %{term() => String.t()}
  def types(%__MODULE__{} = frame), do: frame |> Body.words() |> Map.new()

  @doc """
  The number of rows and of columns.

      iex> Envmgr.Frame.shape(Envmgr.Frame.new(a: [1, 2, 3]))
      {3, 1}
  """
  @spec shape(t()) :: {non_neg_integer(), non_neg_integer()}
  def shape(%__MODULE__{rows: rows, columns: columns}), do: {rows, length(columns)}

  @doc """
  Every row as a map of name to value. The index is not in it: see `index/1`.

  Raises `ArgumentError` where a column cannot be read, and where two columns have one name.
  """
  @spec rows(t()) :: [map()]
  def rows(%__MODULE__{columns: [], rows: rows}), do: List.duplicate(%{}, rows)

  def rows(%__MODULE__{} = frame) do
    names = distinct(frame)
    Enum.zip_with(lists(frame), &:maps.from_list(Enum.zip(names, &1)))
  end

  @doc """
  Every column as a list of its values, by name. Raises as `rows/1`.

      iex> Envmgr.Frame.columns(Envmgr.Frame.new(a: [1, 2], b: ["x", nil]))
      %{"a" => [1, 2], "b" => ["x", nil]}
  """
  @spec columns(t()) :: %{term() => list()}
  def columns(%__MODULE__{} = frame),
    do: frame |> distinct() |> Enum.zip(lists(frame)) |> Map.new()

  @doc """
  The values of one column, the first of that name; no other is read. Raises `ArgumentError` where they cannot be read.

      iex> Envmgr.Frame.column(Envmgr.Frame.new(a: [1, 2]), "a")
      {:ok, [1, 2]}
  """
  @spec column(t(), term()) :: {:ok, list()} | :error
  def column(%__MODULE__{columns: columns} = frame, name) do
    case List.keyfind(columns, name, 0) do
      {_name, dtype, data} -> {:ok, Elements.to_list(data, dtype, Body.open(frame, [data]))}
      nil -> :error
    end
  end

  @doc """
  The labels of the rows: those of the index, or the numbers from 0.

      iex> Envmgr.Frame.index(Envmgr.Frame.new(a: ["x", "y"]))
      [0, 1]
  """
  @spec index(t()) :: list()
  def index(%__MODULE__{index: nil, rows: rows}), do: Enum.to_list(0..(rows - 1)//1)
  def index(%__MODULE__{index: index}), do: Series.to_list(index)

  @doc """
  The first `count` rows, of the same kind. Of a frame that stays in its worker, a `%Envmgr.Ref{}`, these alone are fetched:
  `{:ok, frame}` or `{:error, error}`.

      iex> Envmgr.Frame.new(a: [1, 2, 3]) |> Envmgr.Frame.head(2) |> Envmgr.Frame.rows()
      [%{"a" => 1}, %{"a" => 2}]
  """
  @spec head(t(), non_neg_integer()) :: t()
  @spec head(Ref.t(), non_neg_integer()) :: {:ok, t()} | {:error, Error.t()}
  def head(frame, count \\ 5)

  def head(%Ref{} = ref, count) when is_integer(count) and count >= 0,
    do: Parts.rows(ref, 0, count, [])

  def head(%__MODULE__{} = frame, count) when is_integer(count) and count >= 0,
    do: Part.head(frame, count)

  @doc """
  The frame with these columns only, in this order. Raises `ArgumentError` for a name that no column has. Of a frame that
  stays in its worker, these alone are fetched: `{:ok, frame}` or `{:error, error}`.

      iex> Envmgr.Frame.new(a: [1], b: [2]) |> Envmgr.Frame.select(["b"])
      #Envmgr.Frame<frame 1 × 1: b int64>
  """
  @spec select(t(), [term()]) :: t()
  @spec select(Ref.t(), [term()]) :: {:ok, t()} | {:error, Error.t()}
  def select(frame, names)
  def select(%Ref{} = ref, names) when is_list(names), do: Parts.select(ref, names, [])
  def select(%__MODULE__{} = frame, names) when is_list(names), do: Part.select(frame, names)

  @doc """
  A frame that stays in its worker, piece by piece: an Enumerable of frames, each fetched when it is asked for. Options:
  `rows` of a piece; or `bytes`, about, default 8 MiB. Raises `Envmgr.Error` while it runs.

      {:ok, sales} = Envmgr.execute("pandas.read_parquet", ["sales.parquet"], as: :ref)
      for piece <- Envmgr.Frame.stream(sales, rows: 10_000), do: insert_all(Envmgr.Frame.rows(piece))
  """
  @spec stream(Ref.t(), rows: pos_integer(), bytes: pos_integer()) :: Enumerable.t()
  def stream(%Ref{} = ref, opts \\ []), do: Parts.stream(ref, Keyword.take(opts, [:rows, :bytes]))

  @doc """
  The columns as an Arrow IPC stream, which Explorer, polars and pyarrow read. The index is not in it.

  The bytes that came from Python are given as they are where they hold all columns under their names. Names that are
  no strings become text. Raises `ArgumentError` for a column whose values have no common Arrow type.

      iex> {:ok, frame} = Envmgr.Frame.new(a: [1, 2]) |> Envmgr.Frame.to_ipc() |> Envmgr.Frame.from_ipc()
      iex> Envmgr.Frame.columns(frame)
      %{"a" => [1, 2]}
  """
  @spec to_ipc(t()) :: binary()
  def to_ipc(%__MODULE__{} = frame), do: Ipc.write(frame)

  @doc """
  The frame in an Arrow IPC stream or file, uncompressed; its columns are read when they are asked for.

  `as:` as in `new/2`. pandas reads it where pyarrow is in its environment, too; see `inline/1` for where it is not.
  """
  @spec from_ipc(binary(), keyword()) :: {:ok, t()} | {:error, String.t()}
  def from_ipc(ipc, opts \\ []) when is_binary(ipc) do
    opts = Keyword.validate!(opts, as: "frame")

    unless opts[:as] in @kinds,
      do:
        raise(
          ArgumentError,
          "as: is one of #{Enum.join(@kinds, ", ")}, not #{inspect(opts[:as])}"
        )

    Ipc.read(ipc, opts[:as])
  end

  @doc """
  The frame with its columns in place instead of in an Arrow stream, for pandas in an environment without pyarrow.

  A frame of polars or pyarrow becomes one of kind `"frame"`. The index stays.

      iex> {:ok, frame} = Envmgr.Frame.new(a: [1, nil]) |> Envmgr.Frame.to_ipc() |> Envmgr.Frame.from_ipc()
      iex> Envmgr.Frame.inline(frame) == Envmgr.Frame.new(a: [1, nil])
      true
  """
  @spec inline(t()) :: t()
  def inline(%__MODULE__{} = frame), do: Inline.frame(frame)

  @doc "The columns as an `Explorer.DataFrame`. Raises `ArgumentError` where the application has no Explorer."
  @spec to_explorer(t()) :: struct()
  def to_explorer(%__MODULE__{} = frame) do
    explorer!("to_explorer/1", :load_ipc_stream!, [to_ipc(frame)])
  end

  @doc "The frame of an `Explorer.DataFrame`; `opts` as in `from_ipc/2`."
  @spec from_explorer(struct(), keyword()) :: t()
  def from_explorer(%{__struct__: _} = dataframe, opts \\ []) do
    ipc = explorer!("from_explorer/2", :dump_ipc_stream!, [dataframe])

    case from_ipc(ipc, opts) do
      {:ok, frame} -> frame
      {:error, reason} -> raise ArgumentError, reason
    end
  end

  defp explorer!(function, name, args) do
    module = Explorer.DataFrame

    if Code.ensure_loaded?(module),
      do: apply(module, name, args),
      else:
        raise(
          ArgumentError,
          "Envmgr.Frame.#{function} needs the package explorer: add {:explorer, \"~> 0.8\"} to the deps in mix.exs"
        )
  end

  defp name(name) when is_binary(name), do: name
  defp name(name) when is_atom(name) and name not in [nil, true, false], do: Atom.to_string(name)

  defp name(name),
    do: raise(ArgumentError, "a column's name is a string or an atom, not #{inspect(name)}")

  defp pack(name, values, types) do
    {dtype, data, rows} = Pack.data(values, types[name])
    {name, dtype, data, rows}
  rescue
    error in ArgumentError ->
      reraise ArgumentError,
              "column #{inspect(name)}: #{Exception.message(error)}",
              __STACKTRACE__
  end

  defp rows_of(packed) do
    case packed |> Enum.map(&elem(&1, 3)) |> Enum.uniq() do
      [] ->
        0

      [rows] ->
        rows

      _several ->
        lengths =
          Enum.map_join(packed, ", ", fn {name, _, _, rows} -> "#{inspect(name)} has #{rows}" end)

        raise ArgumentError, "columns differ in length: #{lengths}"
    end
  end

  defp met(rows) do
    rows |> Enum.flat_map(&(&1 |> Map.keys() |> Enum.sort())) |> Enum.uniq()
  end

  defp lists(%__MODULE__{columns: columns} = frame) do
    body = Body.open(frame)
    for {_name, dtype, data} <- columns, do: Elements.to_list(data, dtype, body)
  end

  defp distinct(frame) do
    names = names(frame)

    case names -- Enum.uniq(names) do
      [] ->
        names

      [name | _] ->
        raise ArgumentError,
              "two columns are named #{inspect(name)}: read them with names/1 and column/2"
    end
  end

  defimpl Inspect do
    @most 12

    def inspect(frame, _opts) do
      {rows, columns} = Envmgr.Frame.shape(frame)
      "#Envmgr.Frame<#{frame.kind} #{rows} × #{columns}#{named(words(frame), columns)}>"
    end

    # A frame whose bytes cannot be read is shown all the same.
    defp words(frame) do
      Envmgr.Values.Frames.Body.words(frame)
    rescue
      ArgumentError -> for {name, dtype, _data} <- frame.columns, do: {name, dtype || "?"}
    end

    defp named([], _count), do: ""

    defp named(columns, count) do
      shown = columns |> Enum.take(@most) |> Enum.map_join(", ", &column/1)
      ": " <> shown <> if(count > @most, do: ", …", else: "")
    end

    defp column({name, dtype}) when is_binary(name), do: name <> " " <> dtype
    defp column({name, dtype}), do: Kernel.inspect(name) <> " " <> dtype
  end
end
