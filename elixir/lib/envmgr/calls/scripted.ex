defmodule Envmgr.Calls.Scripted do
  # Calls that a test may answer. As a layer it is outermost, so that no cache and no circuit carries from one test into the next.
  @moduledoc false

  @behaviour Envmgr.Calls.Around

  alias Envmgr.{Error, Ref}
  alias Envmgr.Calls.{Chain, Options, Outcome}
  alias Envmgr.Libraries.{Plan, Row, Scripted}

  @impl true
  # Of a chain its steps were looked at before.
  def around(%{plan: %{scripted?: true}, kwargs: kwargs} = call, rest) when kwargs != :chain,
    do: answer(call, fn -> rest.(call) end)

  def around(call, rest), do: rest.(call)

  @doc "A chain that begins with this row or object."
  @spec chain(Row.t() | Ref.t(), Chain.t(), Options.t(), (() -> Outcome.answer())) ::
          Outcome.answer()
  def chain(first, chain, options, rest) do
    if scripted?(first), do: answer({chain, options}, rest), else: rest.()
  end

  # A scripted ref is of no generation.
  defp scripted?(%Ref{}), do: true
  defp scripted?(row), do: match?(%Plan{scripted?: true}, elem(row, 12))

  @doc "A call of a scripted ref."
  @spec method(Ref.t(), String.t(), list(), [{String.t(), term()}], Options.t()) ::
          Outcome.answer()
  def method(ref, path, args, kwargs, options),
    do: answer({path, [ref | args], kwargs, options}, fn -> stale(path) end)

  @spec stale(String.t()) :: {:error, Error.t()}
  def stale(path) do
    message = "its object is of a test's script, and no script of this process has it"
    hint = "Envmgr.Testing.stub(#{inspect(path)}, answer), or allow(pid), from the test"
    error = %Error{code: :stale_ref, path: path, message: message, hint: hint}
    {:error, Error.classified(error)}
  end

  # Tests may have ended meanwhile.
  defp answer(call, rest) do
    case Scripted.answer() do
      nil -> rest.()
      answer -> answer.(call, rest)
    end
  end

  @doc "What no catalog has may still be scripted, but not what a catalog lacks."
  @spec otherwise(String.t(), {:error, Error.t()}) :: {:ok, Row.t()} | {:error, Error.t()}
  def otherwise(_path, {:error, %Error{code: :unknown_function}} = error), do: error

  def otherwise(path, error) do
    case Scripted.row(path) do
      nil -> error
      row -> {:ok, row}
    end
  end
end
