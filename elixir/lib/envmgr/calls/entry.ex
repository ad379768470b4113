defmodule Envmgr.Calls.Entry do
  # Where users' calls come in: telemetry hears of each once, and their errors are counted.
  @moduledoc false

  alias Envmgr.{Calls, Ref}
  alias Envmgr.Calls.{Errors, Outcome, Span}

  @spec execute(String.t() | list(), term(), keyword()) :: Outcome.answer()
  def execute(target, args, opts) do
    if Span.wanted?(:call),
      do: Span.around(target, opts, &counted(Calls.execute(target, args, &1), target, opts)),
      else: target |> Calls.execute(args, opts) |> counted(target, opts)
  end

  @spec method(Ref.t(), String.t(), term(), keyword(), :call | :attribute) :: Outcome.answer()
  def method(ref, name, args, opts, access) do
    if Span.wanted?(:call) do
      Span.around({ref, name, access}, opts, fn opts ->
        ref |> Calls.method(name, args, opts, access) |> counted([ref], opts)
      end)
    else
      ref |> Calls.method(name, args, opts, access) |> counted([ref], opts)
    end
  end

  @doc "Counts an answer's error."
  @spec counted(answer, String.t() | list(), keyword()) :: answer when answer: Outcome.answer()
  def counted({:error, error} = answer, target, opts) do
    Errors.note(Span.instance(target, opts), error)
    answer
  end

  def counted(answer, _target, _opts), do: answer
end
