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
    Gathering,
    Options,
    Outcome
  }

  alias Envmgr.Calls.{Request, Telling}
  alias Envmgr.Libraries.{Catalog, Check, Row, Shape, Unknown, Usage}

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
        if Around.concerns?(row, options) do
          call = %Call{
            row: row,
            options: options,
            args: args,
            kwargs: kwargs,
            plan: elem(row, 12)
          }

          Around.run(call, &direct(&1.row, &1.args, &1.kwargs, &1.options, Usage.now()))
        else
          direct(row, args, kwargs, options, now)
        end

      Usage.ended(answer, Row.tally(row), now)
    else
      {:error, error} -> refused(error, path, args, opts)
    end
  end

  def execute(steps, [], opts) when is_list(steps) do
    now = Usage.now()

    with {:ok, options} <- Options.parse(opts),
         {:ok, chain} <- Chain.parse(steps),
         {:ok, begun, tally} <- begin(chain, options, now) do
      begun |> chained(chain.arguments, opts) |> Usage.ended(tally, now)
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

  # The call as it is, from the check of its arguments on.
  defp direct(row, args, kwargs, options, now) do
    path = elem(row, 0)

    case check(options.name, row, args, kwargs) do
      {:ok, into} ->
        case row |> request(path, path, into, options, now) |> run(args, kwargs) do
          {:error, %Error{code: :not_ready}} = answer -> moved(answer, row, args, kwargs, options)
          answer -> answer
        end

      {:error, error} ->
        refused(error, options, args, kwargs)
    end
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

  defp request(row, path, target, into, options, now) do
    {_path, library, environment, timeout, _, _, _, _, _, _, real, traced?, _plan, _tally} = row
    target = if real, do: real(target, real), else: target
    request = Request.new(options, target, path, library, environment, timeout, :call, now)
    request = if into, do: %{request | into: into}, else: request
    if traced?, do: Request.traced(request), else: request
  end

  defp run(%{gather: nil} = request, args, kwargs) do
    case Exchange.run(request, args, kwargs) do
      {:ok, _value} = answer -> answer
      answer -> Telling.told(answer, request.name, args, kwargs)
    end
  end

  defp run(request, args, kwargs),
    do: Gathering.around(request.gather, fn -> run(%{request | gather: nil}, args, kwargs) end)

  # An alias is known on this side alone.
  defp real({:chain, [{0, _alias} | steps]}, real), do: {:chain, [{0, real} | steps]}
  defp real(_alias, real), do: real

  defp chained(%Request{} = request, arguments, _opts), do: run(request, arguments, :chain)
  defp chained({:error, error}, _arguments, opts), do: Correlation.mark({:error, error}, opts)

  # What is known of the first step is known of the chain, which is counted as a call of it.
  defp begin(%{first: path, steps: steps, arguments: [{args, kwargs} | _]}, options, now)
       when is_binary(path) do
    case find(options.name, path) do
      {:ok, row} ->
        case check(options.name, row, args, kwargs) do
          {:ok, into} ->
            {:ok, request(row, path, {:chain, steps}, into, options, now), Row.tally(row)}

          {:error, error} ->
            {:ok, first_step(error, path), Row.tally(row)}
        end

      {:error, error} ->
        first_step(error, path)
    end
  end

  defp begin(%{first: ref, steps: steps}, options, now) do
    request = of_ref(options, ref, {:chain, steps}, ref.type, :call, now)
    {:ok, request, Request.tally(request)}
  end

  defp first_step(error, path), do: {:error, about(%{error | step: "step 1 (#{path})"}, path)}

  defp of_ref(options, ref, target, path, access, now) do
    options = %{options | name: ref.name}
    {library, environment} = {ref.library, ref.environment}
    {timeout, traced?} = Catalog.settings(ref.name, library) || {@timeout, false}
    request = Request.new(options, target, path, library, environment, timeout, access, now)
    request = %{request | owner: ref.owner}
    if traced?, do: Request.traced(request), else: request
  end

  @spec method(Ref.t(), String.t(), term(), keyword(), :call | :attribute | :part) :: answer()
  def method(%Ref{} = ref, name, args, opts, access) when is_binary(name) do
    {path, now} = {"#{ref.type}.#{name}", Usage.now()}

    with {:ok, options} <- Options.parse(opts),
         {:ok, args, kwargs} <- Arguments.split(args) do
      request = of_ref(options, ref, {ref.id, name}, path, access, now)
      answer = run(request, args, kwargs)
      # Parts are what arrays and frames ask for by themselves.
      if access == :part, do: answer, else: Usage.ended(answer, Request.tally(request), now)
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
        do: {:error, not_running(name)},
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
      {:error, Unknown.error(name, path)}
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

  defp check(name, row, args, kwargs) do
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
    name = if Keyword.keyword?(opts), do: Keyword.get(opts, :name, Envmgr), else: Envmgr

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
