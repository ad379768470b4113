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

  ## Paths

  A path is a library's name, a dot, and a path of its catalog: a function, a class, a method or property (which take their
  object first), or a constant. `functions/2`, `describe/2` and `search/2` tell what there is. A name of `[aliases]` stands for what envmgr.toml
  says. Arguments are checked before anything reaches Python: how many, their names, and their types where a signature is certain of them.

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
  | a function | a callable; what it raises is an `ElixirError` in Python |
  | `%Stream{}`, `%File.Stream{}`, `Envmgr.items(enumerable)` | an iterator that is read as Python asks |
  | `Envmgr.io(enumerable)` | a file object to read bytes from |

  Nothing is guessed by content. Where Python says what a parameter is, that decides: a list becomes the `tuple`, `set` or `ndarray` and a
  binary the `bytes` that it asks for. Structs of your own are sent by `Envmgr.Encoder` and made again by the option `decoders`
  (`start_link/1`).
  """

  alias Envmgr.{
    Async,
    Bytes,
    Calls,
    Error,
    Health,
    Instance,
    Items,
    Options,
    Pool,
    Ref,
    Release,
    Reload,
    Session
  }

  alias Envmgr.Calls.{Advice, Discover, Entry, Errors, Holders, Objects, Prompt, Surroundings}

  @type arguments :: list() | map() | keyword() | {list(), map() | keyword()}
  @type option ::
          {:timeout, timeout()}
          | {:as, :value | :ref}
          | {:dicts, :map | :ordered}
          | {:metadata, boolean()}
          | {:priority, :high | :normal | :low}
          | {:pool, atom() | String.t()}
          | {:correlation, String.t()}
          | {:output, :log | :metadata | :ignore | pid()}
          | {:trace, boolean()}
          | {:retry, non_neg_integer() | [max: non_neg_integer(), backoff: pos_integer()]}
          | {:idempotent, boolean()}
          | {:fallback, String.t() | [String.t()] | (Error.t() -> term()) | false}
          | {:cache, boolean() | [ttl: pos_integer(), tags: [String.t()]]}
          | {:hedge, pos_integer() | false}
          | {:session, Session.t()}
          | {:name, atom()}

  @typedoc """
  What is known of an answer, with the option `metadata: true`: `warnings` (texts: what of the value could not be sent as it
  was meant, where, and why), `bytes` that it took, `library`, `environment`, `generation`.

  With `trace: true` also `correlation` and `trace`: the seconds of `check`, `encode`, `transport` (with the time in queues), `decode`
  and `total`, and as `python` a map of what the worker measured (`"resolve"`, `"convert"`, `"execute"`, `"encode"`, …).

  With `output: :metadata` also `stdout` and `stderr` (texts), `logging` (maps of `level`, `logger`, `message`), `python_warnings` (maps of
  `category`, `message`).

  What stood around the call says `cached` (where its result may be kept: whether it was), `tries` (where it took more than one), `hedged: true` (the
  second worker's answer), `fallback` (the path that answered, or `:function`).
  """
  @type metadata :: %{
          :warnings => [String.t()],
          :bytes => non_neg_integer(),
          :library => String.t(),
          :environment => String.t(),
          :generation => pos_integer(),
          optional(:correlation) => String.t(),
          optional(:trace) => map(),
          optional(:stdout) => String.t(),
          optional(:stderr) => String.t(),
          optional(:logging) => [map()],
          optional(:python_warnings) => [map()],
          optional(:cached) => boolean(),
          optional(:tries) => pos_integer(),
          optional(:hedged) => true,
          optional(:fallback) => String.t() | :function
        }

  @type answer :: {:ok, term()} | {:ok, term(), metadata()} | {:error, Error.t()}

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
  Starts an instance. Returns before its workers are ready; raises `ArgumentError` on wrong options, with `check: :raise` also `Envmgr.Error`
  where an environment cannot run on this machine (`Envmgr.Release.check!/1`).

      {:ok, _pid} = Envmgr.start_link(name: MyApp.Python, project: "/srv/my_app")

  Option `decoders` (also `config :envmgr, decoders: ...`): functions by Python type, or by the name of a serializer. What one returns takes the
  place of each `Envmgr.Record`, `Envmgr.EnumMember`, `Envmgr.Object` or `Envmgr.Custom` of that type in an answer. A module in place of a function stands for its struct,
  filled with the fields of the same names:

      decoders = %{"geometry.Point" => MyApp.Point, "geometry.Size" => fn size -> {size["width"], size["height"]} end}
      {:ok, _pid} = Envmgr.start_link(name: MyApp.Python, project: "/srv/my_app", decoders: decoders)

  Option `hooks` (also `config :envmgr, hooks: ...`): functions before and after calls (`Envmgr.Hooks`).
  """
  @spec start_link(keyword()) :: Supervisor.on_start()
  def start_link(options) do
    options = Options.new!(options)
    Release.check(options)
    Instance.start_link(options)
  end

  @typedoc "A step of a chain; arguments as in `execute/3`. The first is a call of a path or a ref, the others are not."
  @type step ::
          {:call, String.t()}
          | {:call, String.t(), arguments()}
          | Ref.t()
          | {:ref, Ref.t()}
          | {:method, String.t()}
          | {:method, String.t(), arguments()}
          | {:attr, String.t()}
          | {:item, term()}
          | {:op, atom()}
          | {:op, atom(), term()}

  @doc """
  Calls a Python function and waits for its value.

  `args`: a list (positional), a map or keyword list (by name), or `{list, map}`. Options:

  - `timeout`: milliseconds or `:infinity`; default: the library's `timeout`. A call that has begun is interrupted; where that does not end it
    within half a second (C code that does not come back), its worker is killed and replaced. So is a call whose caller ends.
  - `as`: `:ref` keeps the value in its worker and answers a `%Envmgr.Ref{}`; default `:value`.
  - `dicts`: `:ordered` answers every dict as an `Envmgr.Dict`, which keeps its order; default `:map`.
  - `priority`: of the calls that wait for a worker, `:high` ones go first and `:low` ones when no others wait (with their deadline
    running all the while); default `:normal`. A call that a worker has got is not overtaken.
  - `pool`: the pool whose worker runs it (docs/pools.md); default: the environment's. With an object, or in a session, the worker is given.
  - `metadata`: `true` answers `{:ok, value, metadata}`; default `false`. Warnings are logged either way.
  - `output`: where what the code prints, logs and warns of goes: `:log` (default), `:ignore`, `:metadata` (implied: `metadata: true`; of an error it is
    in `details.output`), or a process, which gets it while the call runs, as `{:envmgr_output, correlation, %{stream: :stdout, text: text, …}}`.
    Streams are `:stdout`, `:stderr`, `:logging` (with `logger` and `level`) and `:warnings` (with `category`).
  - `correlation`: a text by which the call is found again, in Python (`envmgr_runtime.context()`), in logs and errors. Each error has one: by
    default the `:correlation_id` or `:request_id` of Logger's metadata, or a new one.
  - `trace`: `true` measures the call (implied: `metadata: true`), and logs it at `:debug`; so does `trace` of a library in envmgr.toml, in the log alone.
  - `retry`: how often the call is made again after an error that comes and goes, within its one deadline (`3`, or `[max: 3, backoff: ms]`).
    A call that may have run is made again only if it is idempotent. Default: as configured.
  - `idempotent`: whether it does no harm to run it twice; default: as configured.
  - `fallback`: what answers when the call fails for no fault of the caller's: a path, a list of them, or a function of the error; `false`: nothing.
  - `cache`: `true` keeps the result and answers by one that was kept, `[ttl: ms, tags: texts]` says how long; `false` does neither.
  - `hedge`: after how many ms without an answer a second worker is asked, too (idempotent calls only); `false`: never.
  - `session`: the session that the call belongs to (`Envmgr.Session`): it runs in that session's worker, sees its variables, and its refs are
    the session's.
  - `name`: the instance; default `Envmgr`, or that of the session.

  What `retry`, `idempotent`, `fallback`, `cache` and `hedge` do, and the configuration by which a function has them without being asked: docs/recovery.md and docs/caching.md.

  A wrong path or wrong arguments are told before anything reaches Python.

      iex> Envmgr.execute("math.sqrt", [16.0])
      {:ok, 4.0}
      iex> {:error, error} = Envmgr.execute("math.sqrrt", [16.0])
      iex> {error.code, error.hint}
      {:unknown_function, "did you mean math.sqrt?"}

  A list of steps is a **chain**: each works on the value of the step before it, all in one round trip, and the last
  value alone is sent. Deadline and library are those of the first step; an error's `step` says which failed.

      {:ok, summary} =
        Envmgr.execute([
          {:call, "pandas.read_csv", ["orders.csv"]},
          {:method, "dropna"},
          {:item, "price"},
          {:op, :*, 1.19},
          {:method, "describe"}
        ])

      iex> Envmgr.execute([{:call, "math.hypot", [3, 4]}, {:op, :+, 1}, {:method, "is_integer"}])
      {:ok, true}
  """
  @spec execute(String.t() | [step()], arguments(), [option()]) :: answer()
  def execute(path, args \\ [], opts \\ []), do: Entry.execute(path, args, opts)

  @doc """
  Like `execute/3`, but gives the value itself (with `metadata: true`, `{value, metadata}`) and raises `Envmgr.Error`.

      iex> Envmgr.execute!("math.gcd", [12, 18])
      6
  """
  @spec execute!(String.t() | [step()], arguments(), [option()]) :: term()
  def execute!(path, args \\ [], opts \\ []), do: path |> execute(args, opts) |> value!()

  @doc """
  Begins a call and returns at once; `await/2` has its answer. Arguments and options as in `execute/3`, what is wrong with
  them too is told by `await/2`.

  Coroutines run beside each other in one worker, as many as come. The call is cancelled when the calling process ends. A method is called
  by a chain: `Envmgr.async([ref, {:method, "fit", [x]}])`.

  A coroutine that blocks holds up the others, also by calling an Elixir function: where that calls coroutines of the same worker, have Python
  call it from a thread (`asyncio.to_thread`).

      iex> call = Envmgr.async("math.factorial", [20])
      iex> Envmgr.await(call)
      {:ok, 2432902008176640000}
  """
  @spec async(String.t() | list(), arguments(), [option()]) :: Async.t()
  def async(path, args \\ [], opts \\ []), do: Calls.Async.start(path, args, opts)

  @doc """
  The answer of an asynchronous call, as `execute/3` gives it. Waits at most `timeout` ms: then the error's code is `:timeout`, the
  call goes on and may be awaited again. Only the process that made the call awaits it, and takes its answer once.

      iex> call = Envmgr.async("math.sqrt", [16.0])
      iex> Envmgr.await(call, 5_000)
      {:ok, 4.0}
  """
  @spec await(Async.t(), timeout()) ::
          {:ok, term()} | {:ok, term(), metadata()} | {:error, Error.t()}
  def await(%Async{} = call, timeout \\ :infinity), do: Calls.Async.await(call, timeout)

  @doc """
  The answers of asynchronous calls, in their order. `timeout` is for all of them together.

      iex> calls = for n <- 1..3, do: Envmgr.async("math.factorial", [n])
      iex> Envmgr.await_many(calls)
      [{:ok, 1}, {:ok, 2}, {:ok, 6}]
  """
  @spec await_many([Async.t()], timeout()) :: [
          {:ok, term()} | {:ok, term(), metadata()} | {:error, Error.t()}
        ]
  def await_many(calls, timeout \\ :infinity) when is_list(calls),
    do: Calls.Async.await_many(calls, timeout)

  @doc """
  Calls a function for each of many arguments, several at a time, and answers as many results: `{:ok, value}` or `{:error, error}`.

  Each item is what `execute/3` takes as arguments. Many small calls travel as one, and are run by one worker one after the other; how many
  is found out as it goes, so that slow ones run beside each other. Of the input no more is taken than what is sent. What is wrong with an item is
  its own error; where a worker is lost, each that was with it says so, for it may have run. Options, beside `name`, `as`, `dicts`,
  `priority`, `pool`, `correlation`, `output` and `session` as in `execute/3`:

  - `timeout`: for all of it, ms or `:infinity`; default: the library's `timeout`. What has no answer then is an error with code `:timeout`, also what had
    not begun; of an input whose end is not known (a stream) no more is taken.
  - `max_concurrency`: how many batches are under way at a time; default: as many as the pool's workers run.
  - `batch`: how many calls are one batch; by default as many as take about 5 ms, at most 512. One, where each call has a worker of its own.
  - `ordered`: `false` answers in the order in which batches are done; default `true`.
  - `on_error`: `:stop` has the answer end with the first error; nothing is begun any more, what runs behind it is cancelled, what stands before it is
    waited for. Default `:collect`.

  Retries, fallbacks and circuits are each call's own, and what is made again travels together, too. Where a cache, limits, hooks or a hedge stand around the
  calls, by configuration or by the options `cache` and `hedge` of `execute/3`, they are made one by one. Calls that change what others
  of them see belong together by `batch` or into a chain: their order is not certain otherwise. Raises `Envmgr.Error` for wrong options.

      iex> Envmgr.map("math.sqrt", [[4.0], [9.0]])
      [{:ok, 2.0}, {:ok, 3.0}]
      iex> [{:ok, 2.0}, {:error, error}] = Envmgr.map("math.sqrt", Stream.map([4.0, -1.0], &[&1]))
      iex> error.type
      "ValueError"
  """
  @spec map(String.t(), Enumerable.t(), keyword()) :: [{:ok, term()} | {:error, Error.t()}]
  def map(path, items, opts \\ []), do: Calls.Mapping.run(path, items, opts)

  @doc """
  Ends an asynchronous call, or several. Returns at once; awaiting it then answers an error with code `:cancelled`. In Python the
  coroutine is cancelled, or the running code interrupted.

      iex> call = Envmgr.async("time.sleep", [60])
      iex> Envmgr.cancel(call)
      :ok
      iex> {:error, error} = Envmgr.await(call)
      iex> error.code
      :cancelled
  """
  @spec cancel(Async.t() | [Async.t()]) :: :ok
  def cancel(%Async{} = call), do: Calls.Async.cancel(call)
  def cancel(calls) when is_list(calls), do: Enum.each(calls, &Calls.Async.cancel/1)

  @doc """
  The items of what a Python function answers, or of an object that stays in its worker: an Enumerable, lazy, that makes the call when it
  is enumerated (again each time). Generators, async generators, and whatever can be iterated.

  The first item comes by itself, the others in chunks as large as Python makes within a few milliseconds; while one is consumed the next is made, and no
  more than that. What ends the enumeration (`Enum.take/2`, an exception, the end of the process) closes the generator. Options as in
  `execute/3`, `timeout` being for each chunk. Raises `Envmgr.Error` while it runs.

      [10, 11, 12] = Envmgr.stream("itertools.count", [10]) |> Enum.take(3)
  """
  @spec stream(String.t() | list() | Ref.t(), arguments(), [option()]) :: Enumerable.t()
  def stream(source, args \\ [], opts \\ []), do: Calls.Feed.new(source, args, opts)

  @doc """
  Marks an enumerable as what Python reads item by item (`Envmgr.Items`). A stream that is a function, such as that of `Stream.resource/3`,
  needs this: a function by itself is sent as one.

      iex> Envmgr.execute("math.fsum", [Envmgr.items([1, 2, 3, 4])])
      {:ok, 10.0}
  """
  @spec items(Enumerable.t()) :: Items.t()
  def items(enumerable), do: %Items{enumerable: enumerable!(enumerable)}

  @doc """
  Marks an enumerable of binaries as a file that Python reads (`Envmgr.IO`).

      {:ok, frame} = Envmgr.execute("pandas.read_csv", [Envmgr.io(File.stream!("rows.csv", [], 65_536))])
  """
  @spec io(Enumerable.t()) :: Envmgr.IO.t()
  def io(enumerable), do: %Envmgr.IO{enumerable: enumerable!(enumerable)}

  @doc """
  Calls a method of an object that stayed in its worker. Arguments and options as in `execute/3`.

      {:ok, counter} = Envmgr.execute("collections.Counter", ["hello"])
      {:ok, [{"l", 2}]} = Envmgr.method(counter, "most_common", [1])
  """
  @spec method(Ref.t(), String.t(), arguments(), [option()]) :: answer()
  def method(%Ref{} = ref, name, args \\ [], opts \\ []),
    do: Entry.method(ref, name, args, opts, :call)

  @doc """
  Reads an attribute of an object that stayed in its worker. Options as in `execute/3`.

      {:ok, 7} = Envmgr.attr(ref, "numerator")
  """
  @spec attr(Ref.t(), String.t(), [option()]) :: answer()
  def attr(%Ref{} = ref, name, opts \\ []), do: Entry.method(ref, name, [], opts, :attribute)

  @doc """
  Calls the object itself. Arguments and options as in `execute/3`.

      {:ok, model} = Envmgr.execute("numpy.poly1d", [[1, 0, 2]], as: :ref)
      {:ok, 11} = Envmgr.call(model, [3])
  """
  @spec call(Ref.t(), arguments(), [option()]) :: answer()
  def call(%Ref{} = ref, args \\ [], opts \\ []), do: method(ref, "__call__", args, opts)

  @doc """
  An operator of Python: `+ - * / // % ** @ & | ^ << >> == != < <= > >=` with a ref on one side at least, as an atom
  (`:+`, `:"//"`). Where both are refs they are of one worker. Options as in `execute/3`.

      {:ok, doubled} = Envmgr.op(series, :*, 2)
      {:ok, rest} = Envmgr.op(1, :-, series)
  """
  @spec op(term(), atom(), term(), [option()]) :: answer()
  def op(left, operator, right, opts \\ []), do: Objects.binary(left, operator, right, opts)

  @doc """
  An operator with one operand: `:-`, `:+`, `:"~"`.

      {:ok, negative} = Envmgr.op(series, :-)
  """
  @spec op(Ref.t(), atom()) :: answer()
  def op(%Ref{} = ref, operator), do: Objects.unary(ref, operator)

  @doc """
  `object[key]`. Options as in `execute/3`.

      {:ok, column} = Envmgr.item(frame, "price")
      {:ok, cells} = Envmgr.item(array, {0, %Envmgr.Slice{stop: 3}})
  """
  @spec item(Ref.t(), term(), [option()]) :: answer()
  def item(%Ref{} = ref, key, opts \\ []), do: method(ref, "__getitem__", [key], opts)

  @doc """
  `object[key] = value`.

      :ok = Envmgr.put_item(frame, "gross", column)
  """
  @spec put_item(Ref.t(), term(), term(), [option()]) :: :ok | {:error, Error.t()}
  def put_item(%Ref{} = ref, key, value, opts \\ []),
    do: Objects.change(ref, "__setitem__", [key, value], opts)

  @doc """
  `del object[key]`.

      :ok = Envmgr.delete_item(frame, "gross")
  """
  @spec delete_item(Ref.t(), term(), [option()]) :: :ok | {:error, Error.t()}
  def delete_item(%Ref{} = ref, key, opts \\ []),
    do: Objects.change(ref, "__delitem__", [key], opts)

  @doc """
  `object.name = value`.

      :ok = Envmgr.put_attr(frame, "columns", ["a", "b"])
  """
  @spec put_attr(Ref.t(), String.t(), term(), [option()]) :: :ok | {:error, Error.t()}
  def put_attr(%Ref{} = ref, name, value, opts \\ []) when is_binary(name),
    do: Objects.change(ref, "__setattr__", [name, value], opts)

  @doc """
  Python's `with`: enters the object, runs `fun` with what that gives, and leaves it, whatever happens in `fun`. Answers
  what `fun` returns.

  Where `fun` raises, throws or exits, Python hears of it: the object is left with an `envmgr_runtime.ElixirError`, so that a
  transaction is rolled back; then it goes on here, also where Python would have it swallowed.

      {:ok, connection} = Envmgr.execute("sqlite3.connect", ["orders.db"])

      {:ok, _cursor} =
        Envmgr.with_ref(connection, fn connection ->
          Envmgr.method(connection, "execute", ["delete from orders"])
        end)
  """
  @spec with_ref(Ref.t(), (term() -> result), [option()]) :: {:ok, result} | {:error, Error.t()}
        when result: term()
  def with_ref(%Ref{} = ref, fun, opts \\ []) when is_function(fun, 1),
    do: Objects.within(ref, fun, opts)

  @doc """
  Opens a session (`Envmgr.Session`), runs `fun` with it, and closes it, whatever happens. Options as in
  `Envmgr.Session.open/1`. Gives what `fun` returns; raises `Envmgr.Error` on wrong options.

      Envmgr.with_session(fn session ->
        {:ok, _} = Envmgr.execute("my_project.load", ["orders.csv"], session: session)
        Envmgr.execute("my_project.report", [], session: session)
      end)
  """
  @spec with_session([Session.option()], (Session.t() -> result)) :: result when result: term()
  def with_session(opts \\ [], fun) when is_function(fun, 1) do
    session = Session.open!(opts)

    try do
      fun.(session)
    after
      Session.close(session)
    end
  end

  @doc """
  Lets an object go, or a list of them. Returns at once, whether or not their worker still lives.

  A ref belongs to the process that got it, and is let go when that ends: this is for processes that live long.

      :ok = Envmgr.release(ref)
  """
  @spec release(Ref.t() | [Ref.t()]) :: :ok
  def release(%Ref{} = ref), do: Holders.release([ref])
  def release(refs) when is_list(refs), do: Holders.release(refs)

  @doc """
  Makes `pid` the process that a ref belongs to: it lives as long as that. Sending a ref does not give it away.

      :ok = Envmgr.give_away(ref, pid)
  """
  @spec give_away(Ref.t(), pid()) :: :ok | {:error, Error.t()}
  def give_away(%Ref{} = ref, pid) when is_pid(pid), do: Objects.give_away(ref, pid)

  @doc """
  Marks a binary as Python `bytes`.

      iex> Envmgr.bytes(<<0, 255>>)
      %Envmgr.Bytes{data: <<0, 255>>}
  """
  @spec bytes(binary()) :: Bytes.t()
  def bytes(data) when is_binary(data), do: %Bytes{data: data}

  @doc """
  The libraries of an instance, by name: maps of

  - `name`, `module`, `distribution`, `version`; `environment`, `generation`, `python` (version of the interpreter), `timeout` (ms);
  - `state`: `:ready`; `:loading`: a worker is wanted, and there is none yet; `:degraded`: it serves with fewer workers than it should have, for others do not start
    or stay, or the newest generation does not start and the one before serves; `:failed`: no call can be answered. The last two have a `reason`;
  - `reason`: an `Envmgr.Error` that says why and what to do, or `nil`; `since`: when the state began, a `DateTime`;
  - `retries`: how often it was tried in vain, in a row; `next`: when it is tried again, a `DateTime`, or `nil`: as soon as its
    environment is another one;
  - `functions`: how many objects `functions/2` lists, `workers`: how many take calls, `pools`: the names of those that serve it.

  A library that is configured and not built, or whose launch manifest cannot be used, is there too, as `:failed`; what is not known of it is
  `nil`. Each is on its own: the others serve. A call of one that has failed gets its reason as error, at once. Every change of state is the
  event `[:envmgr, :library, :state]` (`Envmgr.Telemetry`). Asks no process.

      [%{name: "math", state: :ready, generation: 1} | _] = Envmgr.libraries()
  """
  @spec libraries(atom()) :: [map()]
  def libraries(name \\ __MODULE__), do: reading(name, fn -> Pool.Inventory.all(name) end)

  @doc """
  One library, by its name or an alias of it: a map as of `libraries/1`, or `nil`.

      iex> Envmgr.library("math").pools
      ["default"]
  """
  @spec library(String.t(), atom()) :: map() | nil
  def library(library, name \\ __MODULE__) when is_binary(library),
    do: reading(name, fn -> Pool.Inventory.one(name, library) end)

  @doc """
  What a library offers: maps with `path`, `kind`, `parameters` (`nil` when not known; of each `name`, `kind`, `default`, `type`, `into`),
  `signature`, `returns`, `summary`, `deprecated`. Each object once, under its shortest path (of a module, its shortest in there);
  `describe/2` knows its other names.

  Options: `kind` (`"function"`, `"class"`, `"method"`, …), `module` (`"linalg"`), `deprecated` (`true` or `false`), `name` (the instance); an
  instance's name instead of options is one too.

  Answered from the catalog, in time linear in the library's objects. Raises `Envmgr.Error` for an unknown library.

      [%{path: "math.acos", kind: "function"} | _] = Envmgr.functions("math", kind: "function")
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
  `"runtime"`, `"stub"`, `"docstring"`), `calls` (what is counted of its calls under all its names, as in `calls/1`; `nil` where there were none), and
  `examples`: a call in `elixir` and in `python`, and those of the `library`. What is not known is `nil`.
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
  Prints what is known of a path, a library, or a ref (its class): as `describe/2`, to be read. Near names for what does not exist. In colours
  where IEx or the terminal has them. For IEx:

      Envmgr.h("numpy.linalg.norm")
      Envmgr.h("numpy")
      Envmgr.h(ref)

  Option `name`: the instance.
  """
  @spec h(String.t() | Ref.t(), keyword()) :: :ok | atom()
  def h(subject, opts \\ [])
  def h(%Ref{name: name} = ref, _opts), do: printed(ref, Discover.options!([name: name], [:name]))

  def h(path, opts) when is_binary(path),
    do: printed(path, Discover.options!(opts, [:name]))

  defp printed(subject, opts),
    do: reading(opts.name, fn -> subject |> Discover.help(opts) |> Prompt.print() end)

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
  Which functions are called: a map for each path, the most called first. Of each

  - `path` (what an alias stands for; of a method the type of its object and its name), `library`;
  - `count`: calls that ended, `errors` of them, by class in `classes`, and `cached`: those that were answered from the cache;
  - `p50`, `p95`, `p99`, `max`: milliseconds that so many of the calls did not exceed, within 1.6 %, from the call to its answer in
    its process, failed ones too; of a stream until it began;
  - `first`, `last`: when, as `DateTime`, to a second.

  They are the numbers of the project: of all its VMs, also those that have ended, from whose files they are read (a minute old at
  most). A new generation goes on counting; what nobody has called for 30 days is forgotten. Calls of a chain count for its first step.
  Calls of what does not exist are not counted.

  Options: `library`, `sort` (`:count`, `:errors`, `:cached`, `:p50`, `:p95`, `:p99`, `:max`, `:first`, `:last`: the greatest first; or `:path`),
  `name` (the instance); an instance's name instead of options is one too. Counting costs a call about 0.2 µs.

      [%{path: "math.sqrt", count: 3, errors: 0, p50: 0.061} | _] = Envmgr.calls(library: "math")
  """
  @spec calls(atom() | keyword()) :: [map()]
  def calls(opts \\ [])
  def calls(name) when is_atom(name), do: calls(name: name)

  def calls(opts) do
    opts = Discover.options!(opts, [:name, :library, :sort])
    reading(opts.name, fn -> Discover.calls(opts) end)
  end

  @doc """
  What the pools are doing, by environment: `state`, `generation`, `workers` (`os_pid`, `in_flight`, `answered` of each; `refs`: objects that it holds; `sessions` that it knows),
  `pools` by name (docs/pools.md; of each `state`, `min`, `max`, `wanted`, `queue`, `circuit`, its `workers`),
  `starting`, `draining`, `problem` (why no worker starts), `refused` (a new generation that does not start), `calls` (`count`, `errors` and `cached` in this VM; `calls/1`
  has them by function), and `conversions`: what the workers that run have `sent` and `received`, by Python type `count`, `bytes` and `seconds`; the row
  `"payload"` is whole arguments and answers. The time of a type holds that of the values inside it. A worker that is busy
  tells what it told last.

  And what stands around calls: `recovery` (retries, fallbacks, hedges) and `circuits` by library, `limits` and `cache` by function
  (docs/recovery.md, docs/caching.md). Empty where nothing was needed yet.

      %{"math" => %{state: :ready, workers: [%{in_flight: 0} | _]}} = Envmgr.stats()
  """
  @spec stats(atom()) :: %{String.t() => map()}
  def stats(name \\ __MODULE__),
    do:
      reading(name, fn ->
        name |> Pool.Stats.read() |> Pool.Inventory.counted(name) |> Surroundings.add(name)
      end)

  @doc """
  The errors that callers got, by function, code and type: the most frequent of the last quarter of an hour first. Maps of

  - `path`, `library`, `code`, `class` and `type` (Python's, or `nil`), as in an `Envmgr.Error`;
  - `count` (all), `minute`, `quarter_hour`, `day`: how many in the last minute, 15 minutes, 24 hours (to a sixth of a minute, and a quarter of an
    hour for the last);
  - `first`, `last`: `DateTime`s; `message` of the last one; `recent`: the last five, each `at`, `correlation`, `message`;
  - `spike`: when it last came far more often than before, or `nil`. That is at least 10 times in a minute, and 5 times the mean of the 14 minutes before.
    It is logged, and told as the event `[:envmgr, :error, :spike]`, once in a quarter of an hour.

  Kept are 500, those that came last. Counting costs calls that succeed nothing. Texts are without secrets, as in every error.

      iex> {:error, _} = Envmgr.execute("math.sqrt", [-1.0])
      iex> error = Enum.find(Envmgr.errors(), &(&1.path == "math.sqrt"))
      iex> {error.type, error.message, error.minute > 0}
      {"ValueError", "math domain error", true}
  """
  @spec errors(atom()) :: [map()]
  def errors(name \\ __MODULE__), do: reading(name, fn -> Errors.read(name) end)

  @doc """
  How an instance is, for a health check of the host: a map of

  - `status`: `:ok` (all libraries are `:ready`), `:loading` (nothing is wrong, and not all are there yet), `:degraded`, or `:failed` (none serves, none is installed, or the instance does not run);
  - `libraries`: of each `state`, `reason`, `since`, `retries`, `next`, `environment`, `generation`, `version` (`libraries/1`), `circuit` (`:closed`, `:open`, `:half_open`), and
    `workers`: of each `os_pid`, `alive?`, `answers?` (within `timeout`), `busy?` (it has calls, and answers after them);
  - `configuration` (the state of `configuration/1`) and `in_step`: whether what runs is what envmgr.toml and the locks say; `nil` where
    nobody has looked (`watch: false`);
  - `reason`: why there is no library, an `Envmgr.Error`, or `nil`.

  A library is `:degraded`, too, when its circuit is not closed, or one of its workers has no call and does not answer. Options: `name` (the instance), `timeout` (1000 ms: for all
  workers together); an instance's name instead of options is one too. Never raises, and never waits longer than that. What is on disk is looked at by
  `mix envmgr.health`.

      %{status: :ok, libraries: %{"math" => %{workers: [%{answers?: true} | _]}}} = Envmgr.health()
  """
  @spec health(atom() | keyword()) :: map()
  def health(opts \\ [])
  def health(name) when is_atom(name), do: health(name: name)
  def health(opts), do: Health.check(opts)

  @doc """
  What the numbers say should be changed: maps of `rule`, `subject` (a path, or an environment), `seen` (what was measured) and
  `advice` (what to do). Empty where nothing is known to be wrong. The rules:

  | rule | where |
  |---|---|
  | `:plain_data` | 16 MiB or more went one way as plain values, which took workers 2 ns a byte or longer, as lists and dicts do |
  | `:many_quick_calls` | 10 000 calls or more of a function, half of them within a millisecond |
  | `:steady_calls` | 1000 calls or more of a function, each of about the same time, 5 ms or longer, and nothing is kept of them |
  | `:cold_cache` | of 1000 calls or more not one in 20 was answered from the cache |
  | `:many_objects` | a worker holds 50 000 objects or more |
  | `:growing_memory` | a worker of 1000 calls or more takes twice as much memory, and 100 MiB more, as one of less than 100 |
  | `:busy_workers` | all workers of an environment are busy in two looks, and as many calls wait |
  | `:overloaded` | 10 calls or more were refused in the last quarter of an hour |
  | `:deadlines` | 10 calls or more of a function passed their deadline in the last day |
  | `:lost_workers` | 3 calls or more of a function lost their worker in the last day |
  | `:stale_refs` | 10 calls or more came for objects that were gone, in the last day |

  Made of what `stats/1`, `calls/1` and `errors/1` know; takes some tenths of a second.

      [%{rule: :many_quick_calls, subject: "math.sqrt", advice: "Envmgr.map/3 sends " <> _} | _] = Envmgr.advice()
  """
  @spec advice(atom()) :: [
          %{rule: atom(), subject: String.t(), seen: String.t(), advice: String.t()}
        ]
  def advice(name \\ __MODULE__), do: reading(name, fn -> Advice.read(name) end)

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

  defp enumerable!(term) do
    if Enumerable.impl_for(term),
      do: term,
      else: raise(ArgumentError, "#{inspect(term, limit: 5)} is not enumerable")
  end

  defp value!({:ok, value}), do: value
  defp value!({:ok, value, metadata}), do: {value, metadata}
  defp value!({:error, error}), do: raise(error)

  defp answering(name, ask) do
    if :ets.whereis(name) == :undefined,
      do: {:error, Calls.not_running(name)},
      else: with({:error, error} <- ask.(), do: {:error, Error.classified(error)})
  catch
    :exit, _ended -> {:error, Calls.not_running(name)}
  end

  defp reading(name, read) do
    if :ets.whereis(name) == :undefined, do: raise(Calls.not_running(name)), else: read.()
  end
end
