defmodule Envmgr.Calls.Objects do
  # What is done with an object that stays in its worker, beside calling its methods.
  @moduledoc false

  alias Envmgr.{Calls, Error, Ref}
  alias Envmgr.Calls.{Entry, Holders, Operators, Stale}
  alias Envmgr.Pool.Raised

  @spec binary(term(), term(), term(), keyword()) :: Calls.answer()
  def binary(%Ref{} = left, operator, right, opts) do
    with {:ok, name} <- Operators.binary(operator),
         do: Entry.method(left, name, [right], opts, :call)
  end

  def binary(left, operator, %Ref{} = right, opts) do
    with {:ok, name} <- Operators.reflected(operator),
         do: Entry.method(right, name, [left], opts, :call)
  end

  def binary(_left, _operator, _right, _opts) do
    hint = "numbers and lists are computed with where they are"
    error = %Error{code: :arguments, message: "neither operand is a ref", hint: hint}
    {:error, Error.classified(error)}
  end

  @spec unary(Ref.t(), term()) :: Calls.answer()
  def unary(ref, operator) do
    with {:ok, name} <- Operators.unary(operator), do: Entry.method(ref, name, [], [], :call)
  end

  @doc "What answers nothing."
  @spec change(Ref.t(), String.t(), list(), keyword()) :: :ok | {:error, Error.t()}
  def change(ref, name, args, opts) do
    with {:error, error} <- Entry.method(ref, name, args, opts, :call),
         do: {:error, error},
         else: (_done -> :ok)
  end

  @spec within(Ref.t(), (term() -> result), keyword()) :: {:ok, result} | {:error, Error.t()}
        when result: term()
  def within(ref, fun, opts) do
    opts = Keyword.drop(opts, [:as, :metadata, :output, :trace])

    with {:ok, entered} <- Entry.method(ref, "__enter__", [], opts, :call) do
      result =
        try do
          fun.(entered)
        catch
          kind, reason ->
            leave(ref, [Raised.told(kind, reason, __STACKTRACE__)], opts)
            :erlang.raise(kind, reason, __STACKTRACE__)
        end

      with {:ok, _} <- leave(ref, [nil, nil, nil], opts), do: {:ok, result}
    end
  end

  @spec give_away(Ref.t(), pid()) :: :ok | {:error, Error.t()}
  def give_away(ref, pid) do
    with {:error, fate} <- Holders.give(ref, pid) do
      fields = [path: ref.type, library: ref.library, environment: ref.environment]
      {:error, Error |> struct!(fields) |> struct!(Stale.fields(fate)) |> Error.classified()}
    end
  end

  defp leave(ref, args, opts), do: Entry.method(ref, "__exit__", args, opts, :call)
end
