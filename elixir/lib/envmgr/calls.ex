defmodule Envmgr.Calls do
  # The room of calls, run by the caller's own process from path to value. Imports pool, libraries, values and wire.
  @moduledoc false

  alias Envmgr.{Error, Pool, Ref}

  alias Envmgr.Calls.{
    Arguments,
    Around,
    Call,
    Chain,
    Correlation,
    Exchange,
    Fallback,
    Gathering,
    Options,
    Outcome
  }

  alias Envmgr.Calls.{Plain, Request, Scripted, Sessions, Telling, Wanted}
  alias Envmgr.Libraries.{Catalog, Check, Row, Shape, Signature, Unknown, Usage}
  alias Envmgr.Wire.Messages

  # Of a ref whose library is not there any more.
  @timeout 30_000

  @type answer :: Outcome.answer()

  @spec execute(String.t() | list(), term(), keyword()) :: answer()
  def execute(path, args, opts) when is_binary(path) do
    now = Usage.now()

    with {:ok, options} <- Options.parse(opts),
         {:ok, row} <- find(options.name, path),
         {:ok, args, kwargs} <- Arguments.split(args) do
      answer =
        if Around.concerns?(row, options),
          do: row |> Call.new(options, args, kwargs, now) |> around(),
          else: direct(row, args, kwargs, options, now)

      Usage.ended(answer, Row.tally(row), now)
    else
      {:error, error} -> error |> refused(path, args, opts) |> missing(path, args, opts, now)
    end
  end

  def execute(steps, [], opts) when is_list(steps) do
    now = Usage.now()

    with {:ok, options} <- Options.parse(opts),
         :ok <- Wanted.fits(options, :chain),
         {:ok, chain} <- Chain.parse(steps),
         {:ok, answer, tally} <- chain(chain, options, now) do
      answer |> Correlation.mark(opts) |> Usage.ended(tally, now)
    else
      {:error, error} -> Correlation.mark({:error, error}, opts)
    end
  end

  def execute(steps, _args, _opts) when is_list(steps) do
    message = "the arguments of a chain belong into its steps"
    hint = "Envmgr.execute([{:call, path, args}, ...], [], opts)"
    Correlation.mark({:error, %Error{code: :arguments, message: message, hint: hint}}, [])
  end

  def execute(path, _args, opts) do
    message = "a path is a string such as \"numpy.mean\", not #{inspect(path, limit: 5)}"
    Correlation.mark({:error, %Error{code: :arguments, message: message}}, opts)
  end

  # A stream goes on when its first answer is there.
  defp around(%{options: %{beside: %{kind: :stream}} = options} = call) do
    case Wanted.fits(options, :stream) do
      :ok -> Around.run(:stream, call, &direct/1)
      {:error, error} -> refused(about(error, call.path), options, call.args, call.kwargs)
    end
  end

  defp around(call), do: Around.run(:call, %{call | instead: &instead/2}, &direct/1)

  @doc "Calls another path in the place of a call. It is counted as a call of that function, too."
  @spec instead(Call.t(), String.t()) :: answer()
  def instead(%{options: options, args: args, kwargs: kwargs} = call, path) do
    now = Usage.now()

    case find(options.name, path) do
      {:ok, row} ->
        call = %{call | path: path, library: elem(row, 1), row: row, plan: elem(row, 12)}
        :instead |> Around.run(call, &direct/1) |> Usage.ended(Row.tally(row), now)

      {:error, error} ->
        refused(about(error, path), options, args, kwargs)
    end
  end

  # A library that is not there may have been given something to take its place.
  defp missing({:error, error} = answer, path, args, opts, now) do
    with {:ok, %{fallback: fallback} = options} when fallback not in [nil, []] <-
           Options.parse(opts),
         {:ok, args, kwargs} <- Arguments.split(args) do
      call = Call.of(path, error.library, options, @timeout, now)
      Fallback.missing(%{call | args: args, kwargs: kwargs, instead: &instead/2}, error)
    else
      _nothing -> answer
    end
  end

  # What stands around it may say more than its options did.
  defp direct(call) do
    options = %{call.options | plain?: false}
    direct(call.row, call.args, call.kwargs, options, Usage.now())
  end

  # The call as it is, from the check of its arguments on.
  defp direct(row, args, kwargs, options, now) do
    case check(options.name, row, args, kwargs) do
      {:ok, into} ->
        case sent(row, args, kwargs, into, options, now) do
          {:error, %Error{code: :not_ready}} = answer -> moved(answer, row, args, kwargs, options)
          {:error, %Error{code: :unresolved}} = answer -> gone(answer, row, args, kwargs, options)
          answer -> answer
        end

      {:error, error} ->
        refused(error, options, args, kwargs)
    end
  end

  defp sent(row, args, [], into, %{plain?: true} = options, now) do
    case Plain.run(options.name, row, args, into, now) do
      {:ok, _value} = answer ->
        answer

      unfinished ->
        path = elem(row, 0)
        request = request(row, path, path, into, options, now)
        unfinished |> Plain.finish(request, args) |> Telling.told(options.name, args, [])
    end
  end

  defp sent(row, args, kwargs, into, options, now) do
    path = elem(row, 0)
    row |> request(path, path, into, options, now) |> run(args, kwargs)
  end

  # Its pool went while the call was on its way there, and had it not: the library may be in another environment now.
  defp moved(answer, row, args, kwargs, options) do
    path = elem(row, 0)

    with {:ok, other} when elem(other, 2) != elem(row, 2) <- find(options.name, path),
         {:ok, into} <- check(options.name, other, args, kwargs) do
      other |> request(path, path, into, options, Usage.now()) |> run(args, kwargs)
    else
      _same -> answer
    end
  end

  # While it waited its library was taken out of the environment, for it does not import, say: nobody has run the call.
  defp gone(answer, row, args, kwargs, options) do
    case there(options.name, row) do
      :ok -> moved(answer, row, args, kwargs, options)
      {:error, error} -> refused(error, options, args, kwargs)
    end
  end

  defp there(name, row) do
    path = elem(row, 0)

    with nil <- Unknown.failed(name, elem(row, 1)), {:ok, _row} <- find(name, path) do
      :ok
    else
      {:error, error} -> {:error, about(error, path)}
      reason -> {:error, about(reason, path)}
    end
  end

  @doc "A call of this row, on its way from `now` on."
  @spec request(
          Row.t(),
          String.t(),
          Messages.target(),
          Signature.hints() | nil,
          Options.t(),
          integer()
        ) ::
          Request.t()
  def request(row, path, target, into, options, now) do
    {_path, library, environment, timeout, _, _, _, _, _, _, real, traced?, _plan, tally} = row
    target = if real, do: real(target, real), else: target
    request = Request.new(options, target, path, library, environment, timeout, :call, now)
    request = Request.unseen(request, Usage.unseen?(tally))
    request = if into, do: %{request | into: into}, else: request
    if traced?, do: Request.traced(request), else: request
  end

  defp run(%{session: nil} = request, args, kwargs), do: carried(request, args, kwargs)

  # A stream that is open goes on: `Feed` says when it is over.
  defp run(request, args, kwargs) do
    answer = carried(request, args, kwargs)

    unless match?({:ok, %{request: %Request{}}}, answer),
      do: Sessions.left(request.session, answer)

    answer
  end

  defp carried(%{gather: nil} = request, args, kwargs) do
    case Exchange.run(request, args, kwargs) do
      {:ok, _value} = answer -> answer
      answer -> Telling.told(answer, request.name, args, kwargs)
    end
  end

  defp carried(request, args, kwargs) do
    Gathering.around(request.gather, fn -> carried(%{request | gather: nil}, args, kwargs) end)
  end

  # An alias is known on this side alone.
  defp real({:chain, [{0, _alias} | steps]}, real), do: {:chain, [{0, real} | steps]}
  defp real(_alias, real), do: real

  # What is known of the first step is known of the chain, which is counted as a call of it.
  defp chain(%{first: path, arguments: arguments} = chain, options, now) when is_binary(path) do
    case find(options.name, path) do
      {:ok, row} ->
        answer =
          if Around.concerns?(row, options) do
            Scripted.chain(row, chain, options, fn ->
              call = Call.new(row, options, arguments, :chain, now)
              Around.run(:pathless, call, &chained(chain, &1.row, &1.options, now))
            end)
          else
            chained(chain, row, options, now)
          end

        {:ok, answer, Row.tally(row)}

      {:error, error} ->
        first_step(error, path)
    end
  end

  defp chain(%{first: %Ref{generation: 0} = ref} = chain, options, _now),
    do: {:ok, Scripted.chain(ref, chain, options, fn -> Scripted.stale(ref.type) end), nil}

  defp chain(%{first: ref, steps: steps, arguments: arguments}, options, now) do
    target = {:chain, steps}
    {answer, tally} = of_ref(options, ref, target, ref.type, :call, now, {arguments, :chain})
    {:ok, answer, tally}
  end

  defp chained(%{first: path, steps: steps, arguments: arguments}, row, options, now) do
    [{args, kwargs} | _] = arguments

    case check(options.name, row, args, kwargs) do
      {:ok, into} ->
        case row
             |> request(path, {:chain, steps}, into, options, now)
             |> run(arguments, :chain) do
          {:error, %Error{code: :unresolved}} = answer ->
            with :ok <- there(options.name, row), do: answer

          answer ->
            answer
        end

      {:error, error} ->
        first_step(error, path)
    end
  end

  defp first_step(error, path), do: {:error, about(%{error | step: "step 1 (#{path})"}, path)}

  defp of_ref(options, %Ref{generation: 0} = ref, _target, path, _access, _now, {args, kwargs}),
    do: {Scripted.method(ref, path, args, kwargs, options), nil}

  defp of_ref(options, ref, target, path, access, now, {args, kwargs}) do
    options = %{options | name: ref.name}
    {library, environment} = {ref.library, ref.environment}
    {timeout, traced?} = Catalog.settings(ref.name, library) || {@timeout, false}

    tally = Request.tally(%{name: ref.name, target: target, path: path, library: library})

    new = fn options ->
      request = Request.new(options, target, path, library, environment, timeout, access, now)
      request = Request.unseen(%{request | owner: ref.owner}, Usage.unseen?(tally))
      if traced?, do: Request.traced(request), else: request
    end

    if options.around? do
      call = Call.of(path, library, options, timeout, now)
      {Around.run(:pathless, call, &run(new.(&1.options), args, kwargs)), tally}
    else
      {run(new.(options), args, kwargs), tally}
    end
  end

  @spec method(Ref.t(), String.t(), term(), keyword(), :call | :attribute | :part) :: answer()
  def method(%Ref{} = ref, name, args, opts, access) when is_binary(name) do
    {path, now} = {"#{ref.type}.#{name}", Usage.now()}

    with {:ok, options} <- Options.parse(opts),
         :ok <- Wanted.fits(options, :method),
         {:ok, args, kwargs} <- Arguments.split(args) do
      {answer, tally} = of_ref(options, ref, {ref.id, name}, path, access, now, {args, kwargs})
      # Parts are what arrays and frames ask for by themselves.
      if access == :part, do: answer, else: Usage.ended(answer, tally, now)
    else
      {:error, error} -> refused(error, path, args, opts)
    end
  end

  @doc "The catalog's row of a path. Waits for a catalog that is just being read."
  @spec find(atom(), String.t()) :: {:ok, Row.t()} | {:error, Error.t()}
  def find(name, path) do
    case Catalog.lookup(name, path) do
      nil -> find_again(name, path)
      row -> {:ok, row}
    end
  rescue
    error in ArgumentError ->
      if :ets.whereis(name) == :undefined,
        do: Scripted.otherwise(path, {:error, not_running(name)}),
        else: reraise(error, __STACKTRACE__)
  end

  @spec not_running(atom()) :: Error.t()
  def not_running(name) do
    %Error{
      code: :not_ready,
      message: "the instance #{inspect(name)} is not running",
      hint:
        "start the application :envmgr, or {Envmgr, name: #{inspect(name)}, project: PATH} under your supervisor"
    }
  end

  # A path that nobody called yet is read from its catalog, which may just be loading.
  defp find_again(name, path) do
    with :error <- Catalog.fetch(name, path),
         :ok <- loaded(name, path),
         :error <- Catalog.fetch(name, path) do
      Scripted.otherwise(path, {:error, Unknown.error(name, path)})
    else
      {:ok, row} -> {:ok, row}
      {:error, %Error{} = error} -> {:error, error}
      {:error, reason} -> {:error, damaged(path, reason)}
    end
  end

  defp loaded(name, path) do
    case Catalog.home(name, path) do
      nil -> :ok
      environment -> Pool.await_catalog(name, environment, :infinity)
    end
  end

  defp damaged(path, reason), do: %Error{code: :catalog, path: path, message: reason}

  @doc "What the arguments become for this row, or what is wrong with them."
  @spec check(atom(), Row.t(), list(), [{String.t(), term()}]) ::
          {:ok, Signature.hints() | nil} | {:error, Error.t()}
  def check(name, row, args, kwargs) do
    with :none <- if(kwargs == [], do: Check.quick(row, args), else: :none),
         :none <- Shape.fit(name, row, args, kwargs),
         do: full_check(row, args, kwargs)
  end

  # The signature is that of the real path, so that an alias and what it stands for are both named.
  defp full_check(row, args, kwargs) do
    path = elem(row, 0)

    with {:error, message, hint} <- Check.call(elem(row, 10) || path, Row.raw(row), args, kwargs) do
      {:error,
       %Error{
         code: :arguments,
         message: message,
         hint: hint,
         path: path,
         library: elem(row, 1),
         environment: elem(row, 2)
       }}
    end
  end

  # Nothing was sent.
  defp refused(error, %Options{} = options, args, kwargs) do
    {:error, error}
    |> Correlation.mark(correlation: options.correlation)
    |> Telling.told(options.name, args, kwargs)
  end

  defp refused(error, path, args, opts) do
    name = Options.instance(opts)

    {args, kwargs} =
      case Arguments.split(args) do
        {:ok, args, kwargs} -> {args, kwargs}
        {:error, _malformed} -> {[args], []}
      end

    {:error, about(error, path)} |> Correlation.mark(opts) |> Telling.told(name, args, kwargs)
  end

  defp about(%Error{path: nil} = error, path), do: %{error | path: path}
  defp about(error, _path), do: error
end
