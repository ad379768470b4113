defmodule Envmgr do
  @moduledoc """
  Python libraries, each in its own locked environment, called from Elixir.

      iex> Envmgr.execute("math.sqrt", [16.0])
      {:ok, 4.0}

  The application starts by itself with `config :envmgr, project: PATH` (default: the nearest `envmgr.toml` above the
  working directory; `false`: none). For several projects in one VM put `{Envmgr, name: NAME, project: PATH}` under your own
  supervisor and pass `name: NAME` to the calls.

  A changed envmgr.toml is built and reaches the running pools by itself; with `config :envmgr, watch: false` only
  `reload/1` does that.

  ## Values

  | Elixir | Python |
  |---|---|
  | `nil`, `true`, integers of any size, floats | `None`, `True`, `int`, `float` |
  | `:nan`, `:infinity`, `:neg_infinity` | the floats that the BEAM cannot hold |
  | a binary, valid UTF-8 | `str` |
  | `Envmgr.bytes(binary)`, `Envmgr.Bytes`, `Envmgr.MemoryView` | `bytes`, `bytearray`, `memoryview` |
  | list, tuple, map, `MapSet` | `list`, `tuple`, `dict`, `set` |
  | `Envmgr.Dict`, `Envmgr.Set` | `dict` in its order, `OrderedDict`, `frozenset` |
  | `Range`, `Envmgr.Slice` | `range`, `slice` |
  | `Date`, `Time`, `NaiveDateTime`, `DateTime`, `Envmgr.Timedelta` | those of `datetime` |
  | `Decimal` (where it is loaded), `Envmgr.Decimal`, `Envmgr.Fraction`, `Envmgr.Complex`, `Envmgr.UUID`, `Envmgr.Path` | those of the standard library |
  | `Envmgr.EnumMember`, `Envmgr.Record` | members of enums; dataclasses and named tuples |
  | any other atom | a `str` that comes back as the atom |
  | `Envmgr.Array`, `Envmgr.MaskedArray` | `numpy.ndarray`, NumPy scalar; masked array |
  | `Envmgr.Frame`, `Envmgr.Series` | DataFrames of pandas and polars, pyarrow tables; `Series`, `Index` |
  | `Envmgr.Object`, `Envmgr.Singleton` | scalars and arrays of pandas and SciPy; `Ellipsis`, `NaT`, `NA` |
  | `Envmgr.Ref` | an object that stays in its worker |

  Nothing is guessed by content. Where Python says what a parameter is, that decides: a list becomes the `tuple`, `set` or `ndarray` and a
  binary the `bytes` that it asks for. Structs of your own are sent by `Envmgr.Encoder` and made again by the option `decoders`
  (`start_link/1`).
  """

  alias Envmgr.{Bytes, Calls, Error, Instance, Options, Pool, Ref, Reload}
  alias Envmgr.Calls.Discover
  alias Envmgr.Libraries.Catalog

  @type arguments :: list() | map() | keyword() | {list(), map() | keyword()}
  @type option ::
          {:timeout, timeout()}
          | {:as, :value | :ref}
          | {:dicts, :map | :ordered}
          | {:metadata, boolean()}
          | {:name, atom()}

  @typedoc """
  What is known of an answer, with the option `metadata: true`: `warnings` (texts: what of the value could not be sent as it
  was meant, where, and why), `bytes` that it took, `library`, `environment`, `generation`.
  """
  @type metadata :: %{
          warnings: [String.t()],
          bytes: non_neg_integer(),
          library: String.t(),
          environment: String.t(),
          generation: pos_integer()
        }

  @doc """
  A child for one's own supervisor: `{Envmgr, name: NAME, project: PATH}`.

      children = [{Envmgr, name: MyApp.Python, project: "/srv/my_app"}]
  """
  @spec child_spec(keyword()) :: Supervisor.child_spec()
  def child_spec(options) do
    %{
      id: Keyword.get(options, :name, __MODULE__),
      start: {__MODULE__, :start_link, [options]},
      type: :supervisor
    }
  end

  @doc """
  Starts an instance. Returns before its workers are ready; raises `ArgumentError` on wrong options.

      {:ok, _pid} = Envmgr.start_link(name: MyApp.Python, project: "/srv/my_app")

  Option `decoders` (also `config :envmgr, decoders: ...`): functions by Python type, or by the name of a serializer. What one returns takes the
  place of each `Envmgr.Record`, `Envmgr.EnumMember`, `Envmgr.Object` or `Envmgr.Custom` of that type in an answer:

      decoders = %{"geometry.Point" => fn point -> %MyApp.Point{x: point["x"], y: point["y"]} end}
      {:ok, _pid} = Envmgr.start_link(name: MyApp.Python, project: "/srv/my_app", decoders: decoders)
  """
  @spec start_link(keyword()) :: Supervisor.on_start()
  def start_link(options), do: options |> Options.new!() |> Instance.start_link()

  @doc """
  Calls a Python function and waits for its value.

  `args`: a list (positional), a map or keyword list (by name), or `{list, map}`. Options:

  - `timeout`: milliseconds or `:infinity`; default: the library's `timeout`. A call that has begun is ended with its worker.
  - `as`: `:ref` keeps the value in its worker and answers a `%Envmgr.Ref{}`; default `:value`.
  - `dicts`: `:ordered` answers every dict as an `Envmgr.Dict`, which keeps its order; default `:map`.
  - `metadata`: `true` answers `{:ok, value, metadata}`; default `false`. Warnings are logged either way.
  - `name`: the instance; default `Envmgr`.

  A wrong path or wrong arguments are told before anything reaches Python.

      iex> Envmgr.execute("math.sqrt", [16.0])
      {:ok, 4.0}
      iex> {:error, error} = Envmgr.execute("math.sqrrt", [16.0])
      iex> {error.code, error.hint}
      {:unknown_function, "did you mean math.sqrt?"}
  """
  @spec execute(String.t(), arguments(), [option()]) ::
          {:ok, term()} | {:ok, term(), metadata()} | {:error, Error.t()}
  def execute(path, args \\ [], opts \\ []), do: Calls.execute(path, args, opts)

  @doc """
  Like `execute/3`, but gives the value itself (with `metadata: true`, `{value, metadata}`) and raises `Envmgr.Error`.

      iex> Envmgr.execute!("math.gcd", [12, 18])
      6
  """
  @spec execute!(String.t(), arguments(), [option()]) :: term()
  def execute!(path, args \\ [], opts \\ []), do: path |> execute(args, opts) |> value!()

  @doc """
  Calls a method of an object that stayed in its worker. Arguments and options as in `execute/3`.

      {:ok, counter} = Envmgr.execute("collections.Counter", ["hello"])
      {:ok, [{"l", 2}]} = Envmgr.method(counter, "most_common", [1])
  """
  @spec method(Ref.t(), String.t(), arguments(), [option()]) ::
          {:ok, term()} | {:ok, term(), metadata()} | {:error, Error.t()}
  def method(%Ref{} = ref, name, args \\ [], opts \\ []),
    do: Calls.method(ref, name, args, opts, :call)

  @doc """
  Reads an attribute of an object that stayed in its worker. Options as in `execute/3`.

      {:ok, 7} = Envmgr.attr(ref, "numerator")
  """
  @spec attr(Ref.t(), String.t(), [option()]) ::
          {:ok, term()} | {:ok, term(), metadata()} | {:error, Error.t()}
  def attr(%Ref{} = ref, name, opts \\ []), do: Calls.method(ref, name, [], opts, :attribute)

  @doc """
  Lets an object go. Returns at once, whether or not its worker still lives.

      :ok = Envmgr.release(ref)
  """
  @spec release(Ref.t()) :: :ok
  def release(%Ref{id: id, owner: owner}) do
    send(owner, {:release, [id]})
    :ok
  end

  @doc """
  Marks a binary as Python `bytes`.

      iex> Envmgr.bytes(<<0, 255>>)
      %Envmgr.Bytes{data: <<0, 255>>}
  """
  @spec bytes(binary()) :: Bytes.t()
  def bytes(data) when is_binary(data), do: %Bytes{data: data}

  @doc """
  The libraries of an instance, with version, environment, generation and the state of their pool:
  `:starting`, `:ready`, `:degraded` (fewer workers than wanted) or `:failed`.

      [%{name: "math", state: :ready} | _] = Envmgr.libraries()
  """
  @spec libraries(atom()) :: [map()]
  def libraries(name \\ __MODULE__) do
    reading(name, fn ->
      for {library, environment, facts} <- Enum.sort(Catalog.libraries(name)) do
        facts
        |> Map.take([:module, :distribution, :version, :generation, :timeout])
        |> Map.merge(%{
          name: library,
          environment: environment,
          state: Pool.Stats.state(name, environment)
        })
      end
    end)
  end

  @doc """
  What a library offers: maps with `path`, `kind`, `parameters` (`nil` when not known; of each `name`, `kind`, `default`, `type`, `into`),
  `signature`, `returns`, `summary`, `deprecated`. Each object once, under its shortest path; `describe/2` knows its other names.

  Options: `kind` (`"function"`, `"class"`, `"method"`, …), `module` (`"linalg"`), `deprecated` (`true` or `false`), `name` (the instance); an
  instance's name instead of options is one too.

  Answered from the catalog, in time linear in the library's objects. Raises `Envmgr.Error` for an unknown library.

      [%{path: "math.acos", signature: "math.acos(x, /)"} | _] = Envmgr.functions("math", kind: "function")
  """
  @spec functions(String.t(), atom() | keyword()) :: [map()]
  def functions(library, opts \\ [])

  def functions(library, name) when is_binary(library) and is_atom(name),
    do: functions(library, name: name)

  def functions(library, opts) when is_binary(library) do
    opts = Discover.options!(opts, [:name, :kind, :module, :deprecated])
    reading(opts.name, fn -> Discover.functions(library, opts) end)
  end

  @doc """
  All that the catalog has of a function, class, method, property, constant or module, under any of its names; or of a library.

  A map of `path` (as asked, an alias of the configuration resolved), `canonical` (its shortest), `library`, `version`, `environment`,
  `generation`, `kind`, `signature`, `parameters` (of each `name`, `kind`, `default`, `type`, `into`, `text`), `returns` (`inferred`: from the
  docstring), `overloads` (signatures), `summary`, `description`, `doc` (as written), `returned`, `yields`, `raises`, `notes`, `members` (of a class or
  module), `aliases`, `module` (that defines it), `file`, `line`, `deprecated` (why, or `nil`), `value` (of a constant), `origins` (of each fact:
  `"runtime"`, `"stub"`, `"docstring"`), and `examples`: a call in `elixir` and in `python`, and those of the `library`. What is not known is `nil`.
  Of a library, `counts` by kind, `submodules`, and `errors`: submodules that could not be imported.

  Option `name`: the instance. Raises `Envmgr.Error` for an unknown path, with near names.

      iex> Envmgr.describe("math.sqrt").kind
      "function"
  """
  @spec describe(String.t(), keyword()) :: map()
  def describe(path, opts \\ []) when is_binary(path) do
    opts = Discover.options!(opts, [:name])
    reading(opts.name, fn -> Discover.describe(path, opts) end)
  end

  @doc """
  Finds objects by words of their names and summaries, slips of the keyboard allowed. The best come first; maps as in `functions/2`.

  Options: `library`, `kind`, `module`, `deprecated` (as in `functions/2`), `limit` (20), `name`.

      iex> [%{path: path} | _] = Envmgr.search("sqare root")
      iex> path
      "math.sqrt"
  """
  @spec search(String.t(), keyword()) :: [map()]
  def search(words, opts \\ []) when is_binary(words) do
    opts = Discover.options!(opts, [:name, :library, :kind, :module, :deprecated, :limit])
    reading(opts.name, fn -> Discover.search(words, opts) end)
  end

  @doc """
  What the pools are doing, by environment: `state`, `generation`, `workers` (`os_pid`, `in_flight`, `answered` of each),
  `starting`, `draining`, `problem` (why no worker starts), `refused` (a new generation that does not start), and
  `conversions`: what the workers that run have `sent` and `received`, by Python type `count`, `bytes` and `seconds`; the row
  `"payload"` is whole arguments and answers. The time of a type holds that of the values inside it. A worker that is busy
  tells what it told last.

      %{"math" => %{state: :ready, workers: [%{in_flight: 0} | _]}} = Envmgr.stats()
  """
  @spec stats(atom()) :: %{String.t() => map()}
  def stats(name \\ __MODULE__), do: reading(name, fn -> Pool.Stats.read(name) end)

  @doc """
  Brings envmgr.toml into the running pools, by `envmgr sync`: libraries come, go and change without a restart. Libraries
  that were unloaded are loaded again.

  Returns `:ok` when calls reach what envmgr.toml says. With an error the pools serve what they served; the code is `:sync`
  when the command line refused, whose own code and problems are in `details`. Waits as long as a build takes.

      :ok = Envmgr.reload()
  """
  @spec reload(atom()) :: :ok | {:error, Error.t()}
  def reload(name \\ __MODULE__), do: answering(name, fn -> Reload.run(name) end)

  @doc """
  What is known of envmgr.toml, as a map of

  - `state`: `:current` (in force), `:outdated` (not in force: at the start, when nothing is built, or where a rollback is newer),
    `:syncing`, `:failed` (what was active before serves), `:unknown` (nobody looked);
  - `error`: why it failed, or `nil`;
  - `since`: when the state began, a `DateTime`;
  - `watch`: whether changes are brought in by themselves.

      %{state: :current, error: nil} = Envmgr.configuration()
  """
  @spec configuration(atom()) :: %{
          watch: boolean(),
          state: :unknown | :current | :outdated | :syncing | :failed,
          error: Error.t() | nil,
          since: DateTime.t() | nil
        }
  def configuration(name \\ __MODULE__), do: reading(name, fn -> Reload.Status.read(name) end)

  @doc """
  Loads a library that was unloaded; for one that is loaded, waits until it has a worker. Returns when calls reach it.

      :ok = Envmgr.load("pandas")
  """
  @spec load(String.t(), atom()) :: :ok | {:error, Error.t()}
  def load(library, name \\ __MODULE__) when is_binary(library),
    do: answering(name, fn -> Pool.load(name, library) end)

  @doc """
  Unloads a library until `load/2` or `reload/1`, to free its memory. New calls answer `:unknown_library` when this returns;
  calls that run are finished, then the workers end. Other libraries of its environment go on in workers without it.

      :ok = Envmgr.unload("pandas")
  """
  @spec unload(String.t(), atom()) :: :ok | {:error, Error.t()}
  def unload(library, name \\ __MODULE__) when is_binary(library),
    do: answering(name, fn -> Pool.unload(name, library) end)

  defp value!({:ok, value}), do: value
  defp value!({:ok, value, metadata}), do: {value, metadata}
  defp value!({:error, error}), do: raise(error)

  defp answering(name, ask) do
    if :ets.whereis(name) == :undefined, do: {:error, Calls.not_running(name)}, else: ask.()
  catch
    :exit, _ended -> {:error, Calls.not_running(name)}
  end

  defp reading(name, read) do
    if :ets.whereis(name) == :undefined, do: raise(Calls.not_running(name)), else: read.()
  end
end
