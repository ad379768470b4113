defmodule Envmgr.Testing.Play do
  # A call that a script answers, from its arguments to what the caller gets: checked and refused as a real one would be.
  @moduledoc false

  alias Envmgr.{Calls, Error, Ref}
  alias Envmgr.Calls.{Call, Correlation, Options, Outcome, Telling}
  alias Envmgr.Libraries.{Row, Scripted}
  alias Envmgr.Testing.{Chain, Failing, Scripts, UnexpectedCallError}
  alias Envmgr.Values.{Encoder, Locate, Refusal}

  @doc "What the hook in the call path calls (`Libraries.Scripted`). `rest` is the real call."
  @spec answer(Call.t() | tuple(), (() -> Outcome.answer())) :: Outcome.answer()
  def answer(%Call{} = call, rest) do
    case call(call.row, call.args, call.kwargs, call.options) do
      :unscripted -> unscripted(call.row, call.options, rest)
      answer -> answer
    end
  end

  def answer({%Calls.Chain{} = chain, options}, rest), do: Chain.answer(chain, options, rest)

  def answer({path, args, kwargs, options}, rest) do
    case find([path], args, kwargs) do
      {:script, script} -> played(path, script, args, kwargs, options, nil)
      :unscripted -> rest.()
    end
  end

  # The script of a call, taken: raises where the test has none for it.
  defp find([path | _] = paths, args, kwargs) do
    case (owner = Scripts.owner()) && Scripts.take(owner, paths, shown(path, args, kwargs)) do
      nil -> :unscripted
      {:unexpected, said} -> raise UnexpectedCallError, said
      found -> found
    end
  end

  defp unscripted(row, options, rest) do
    if Scripted.made?(row), do: {:error, Failing.unowned(row, options)}, else: rest.()
  end

  @doc "A call of a path; where its library is installed, it is checked first."
  @spec call(Row.t(), list(), [{String.t(), term()}], Options.t()) ::
          Outcome.answer() | :unscripted
  def call(row, args, kwargs, options) do
    path = elem(row, 0)

    with {:script, script} <- find([path | List.wrap(elem(row, 10))], args, kwargs),
         {:ok, into} <- fitting(row, args, kwargs, options) do
      played(path, script, args, kwargs, options, into)
    else
      {:error, error} -> told({:error, error}, options, args, kwargs)
      :unscripted -> :unscripted
    end
  end

  defp fitting(row, args, kwargs, options) do
    if Scripted.made?(row), do: {:ok, nil}, else: Calls.check(options.name, row, args, kwargs)
  end

  @doc "Runs a script."
  @spec played(String.t(), term(), list(), [{String.t(), term()}], Options.t(), term()) ::
          Outcome.answer()
  def played(path, script, args, kwargs, options, into) do
    begun = System.monotonic_time(:millisecond)

    with :ok <- sendable(path, args, kwargs, into, nil),
         {:ok, value} <- run(script, args, kwargs),
         :ok <- in_time(options.timeout, begun) do
      answered(value, path, options, System.monotonic_time(:millisecond) - begun)
    else
      {:error, reason} ->
        told({:error, Failing.error(reason, path, options)}, options, args, kwargs)
    end
  end

  # What the BEAM alone knows is refused as it would be.
  defp sendable(path, args, kwargs, into, owner) do
    case Encoder.arguments(args, kwargs, owner, lane: nil, into: into) do
      {:ok, _payload, _held} ->
        :ok

      {:ref, ref} ->
        sendable(path, args, kwargs, into, ref.owner)

      {:error, refusal} ->
        {place, refusal} = Locate.arguments(args, kwargs, owner, into, refusal)
        message = "#{place}: #{Refusal.text(refusal)}"
        {:error, %Error{code: :conversion, message: message, hint: refusal.hint}}
    end
  end

  defp run(script, args, kwargs) do
    case script do
      script when is_function(script, 2) -> script.(args, Map.new(kwargs))
      script when is_function(script, 1) -> script.(args)
      script when is_function(script, 0) -> script.()
      value -> value
    end
    |> case do
      {:error, reason} -> {:error, reason}
      {:ok, value} -> {:ok, value}
      value -> {:ok, value}
    end
  catch
    {Failing, %Error{} = error} -> {:error, error}
  end

  # A script that takes longer than its caller waits has answered too late.
  defp in_time(timeout, begun) do
    late? = is_integer(timeout) and System.monotonic_time(:millisecond) - begun > timeout
    if late?, do: {:error, :timeout}, else: :ok
  end

  defp answered(value, _path, %{beside: %{kind: :stream}}, _ms) do
    if Enumerable.impl_for(value),
      do: {:ok, {:scripted, value}},
      else:
        raise(ArgumentError, "a script of a stream answers an enumerable, not #{inspect(value)}")
  end

  defp answered(value, path, %{as: :ref} = options, ms) when not is_struct(value, Ref),
    do: answered(Envmgr.Testing.ref(path), path, options, ms)

  defp answered(value, _path, %{metadata: false}, _ms), do: {:ok, value}

  defp answered(value, path, options, ms) do
    [library | _] = String.split(path, ".", parts: 2)
    known = %{warnings: [], bytes: 0, library: library, environment: "scripted", generation: 1}
    {:ok, value, known |> traced(options, ms) |> heard(options)}
  end

  defp traced(metadata, %{trace: nil}, _ms), do: metadata

  defp traced(metadata, options, ms) do
    trace = %{
      check: 0.0,
      encode: 0.0,
      transport: 0.0,
      decode: 0.0,
      total: ms / 1_000,
      python: %{}
    }

    Map.merge(metadata, %{correlation: Correlation.of(options.correlation), trace: trace})
  end

  defp heard(metadata, %{output: :metadata}),
    do: Map.merge(metadata, %{stdout: "", stderr: "", logging: [], python_warnings: []})

  defp heard(metadata, _options), do: metadata

  @doc "An error, completed as that of a real call."
  @spec told(Outcome.answer(), Options.t(), list(), list()) :: Outcome.answer()
  def told(answer, options, args, kwargs) do
    answer
    |> Correlation.mark(correlation: options.correlation)
    |> Telling.told(options.name, args, kwargs)
  end

  defp shown(path, args, kwargs) do
    args = Enum.map(args, &inspect(&1, limit: 5, printable_limit: 80))

    named =
      for {name, value} <- kwargs,
          do: "#{name}: " <> inspect(value, limit: 5, printable_limit: 80)

    "#{path}(#{Enum.join(args ++ named, ", ")})"
  end
end
