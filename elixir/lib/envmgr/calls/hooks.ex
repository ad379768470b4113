defmodule Envmgr.Calls.Hooks do
  # The outermost layer around a call: functions of the user's before and after it (`Envmgr.Hooks`).
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.{Calls, Error}
  alias Envmgr.Calls.{Arguments, Correlation, Outcome, Telling}
  alias Envmgr.Hooks.Call
  alias Envmgr.Libraries.Hooks

  @typedoc "What came of the hooks before a call: the call as they left it, for those after it."
  @type met :: {:ok, Call.t()} | {:error, Error.t()}

  @impl true
  def around(%{plan: %{hooks: {_before, _later}}, options: %{hooked: nil}} = call, rest) do
    with {:ok, call, now} <- before(call) do
      answer = rest.(call)
      if stream?(call), do: answer, else: later(now, answer, call)
    end
  end

  # They have been: what is called in its place has its own.
  def around(%{options: %{hooked: {:ok, now}}} = call, rest) do
    answer = rest.(%{call | options: %{call.options | hooked: nil}})
    later(now, answer, call)
  end

  def around(%{options: %{hooked: {:error, _error} = refused}}, _rest), do: refused
  def around(call, rest), do: rest.(call)

  @doc "The call as the hooks before it leave it, and what those after it see."
  @spec before(Calls.Call.t()) :: {:ok, Calls.Call.t(), Call.t()} | {:error, Error.t()}
  def before(%{plan: %{hooks: {before, _later}}} = call) do
    seen = seen(call)

    with {:ok, now} <- before(before, seen, call),
         {:ok, call} <- changed(call, seen, now),
         do: {:ok, call, now}
  end

  @doc "An answer as the hooks after it leave it."
  @spec later(Call.t(), Outcome.answer(), Calls.Call.t()) :: Outcome.answer()
  def later(now, answer, %{plan: %{hooks: {_before, later}}} = call),
    do: later(later, now, answer, call)

  # A stream's answer is not its value.
  defp stream?(call), do: match?(%{kind: :stream}, call.options.beside)

  defp seen(%{row: row, options: options, args: args, kwargs: kwargs}) do
    %Call{
      path: elem(row, 10) || elem(row, 0),
      library: elem(row, 1),
      args: args,
      kwargs: Map.new(kwargs),
      correlation: options.correlation || Correlation.logged()
    }
  end

  # Named arguments keep their order where no hook has touched them.
  defp changed(call, %{args: args, kwargs: kwargs}, %{args: args, kwargs: kwargs}),
    do: {:ok, call}

  defp changed(call, _seen, now) do
    case Arguments.split({now.args, now.kwargs}) do
      {:ok, args, kwargs} -> {:ok, %{call | args: args, kwargs: kwargs}}
      {:error, error} -> {:error, told(error, call)}
    end
  end

  defp before(numbers, seen, call) do
    Enum.reduce_while(numbers, {:ok, seen}, fn number, {:ok, seen} ->
      hook = Hooks.fetch(call.options.name, number)

      case run(hook, [seen]) do
        :ok -> {:cont, {:ok, seen}}
        {:ok, %Call{} = now} -> {:cont, {:ok, %{seen | args: now.args, kwargs: now.kwargs}}}
        other -> {:halt, failed(other, hook, ":ok, {:ok, call} or {:error, reason}", call)}
      end
    end)
  end

  defp later(_numbers, _seen, {:error, _error} = answer, _call), do: answer

  defp later(numbers, seen, answer, call) do
    Enum.reduce_while(numbers, answer, fn number, answer ->
      hook = Hooks.fetch(call.options.name, number)

      case run(hook, [seen, elem(answer, 1)]) do
        {:ok, value} -> {:cont, put_elem(answer, 1, value)}
        other -> {:halt, failed(other, hook, "{:ok, value} or {:error, reason}", call)}
      end
    end)
  end

  defp run(hook, arguments) do
    apply(hook.function, arguments)
  catch
    kind, reason -> {:envmgr_failed, Exception.format_banner(kind, reason, __STACKTRACE__)}
  end

  defp failed({:error, %Error{} = error}, hook, _expected, call),
    do: error(%{error | step: error.step || step(hook)}, call)

  defp failed({:error, reason}, hook, _expected, call),
    do: error(%Error{code: :refused, message: text(reason), step: step(hook)}, call)

  defp failed({:envmgr_failed, why}, hook, _expected, call),
    do: error(%Error{code: :hook, message: "it failed: #{why}", step: step(hook)}, call)

  defp failed(other, hook, expected, call) do
    message = "it answered #{inspect(other, limit: 5, printable_limit: 100)}, not #{expected}"
    error(%Error{code: :hook, message: message, step: step(hook)}, call)
  end

  defp error(error, call), do: {:error, told(error, call)}

  defp told(error, %{row: row, options: options} = call) do
    error = %{
      error
      | path: error.path || elem(row, 0),
        library: error.library || elem(row, 1),
        environment: error.environment || elem(row, 2)
    }

    {:error, error} =
      {:error, error}
      |> Correlation.mark(correlation: options.correlation)
      |> Telling.told(options.name, call.args, call.kwargs)

    error
  end

  defp step(hook), do: "hook #{hook.kind} #{hook.name}"

  defp text(reason) when is_binary(reason), do: reason
  defp text(reason) when is_exception(reason), do: Exception.message(reason)
  defp text(reason), do: inspect(reason, limit: 20, printable_limit: 200)
end
