defmodule Envmgr.Calls.Chain do
  # The steps of a chain, as a user writes them, read and checked.
  @moduledoc false

  alias Envmgr.{Error, Ref}
  alias Envmgr.Calls.{Arguments, Operators}
  alias Envmgr.Wire.Messages

  @call 0
  @method 1
  @attribute 2
  @ref 3

  @hint "a step is {:call, path, args} or a ref, at the beginning; then {:method, name, args}, {:attr, name}, {:item, key}, {:op, operator, value}"

  @enforce_keys [:steps, :arguments, :first]
  defstruct [:steps, :arguments, :first]

  @typedoc "`arguments`: `{args, kwargs}` of each step. `first`: the path or the ref that it begins with."
  @type t :: %__MODULE__{
          steps: [Messages.step(), ...],
          arguments: [{list(), [{String.t(), term()}]}, ...],
          first: String.t() | Ref.t()
        }

  @doc "Errors name the step, counted from 1."
  @spec parse(list()) :: {:ok, t()} | {:error, Error.t()}
  def parse([]), do: error("a chain has at least one step")

  def parse(steps) when is_list(steps) do
    if List.improper?(steps),
      do: error("#{inspect(steps, limit: 5)} is no list"),
      else: all(steps)
  end

  defp all([first | _] = steps) do
    steps
    |> Enum.with_index(1)
    |> Enum.reduce_while([], fn {step, number}, read ->
      case step(step, number) do
        {:error, error} ->
          {:halt, {:error, %{error | message: "#{place(step, number)}: #{error.message}"}}}

        step ->
          {:cont, [step | read]}
      end
    end)
    |> case do
      {:error, _} = error ->
        error

      read ->
        {steps, arguments} = read |> Enum.reverse() |> Enum.unzip()
        {:ok, %__MODULE__{steps: steps, arguments: arguments, first: first(first)}}
    end
  end

  defp first({:call, path}), do: path
  defp first({:call, path, _args}), do: path
  defp first({:ref, ref}), do: ref
  defp first(%Ref{} = ref), do: ref

  defp step({:call, path}, 1) when is_binary(path), do: {{@call, path}, {[], []}}
  defp step({:call, path, args}, 1) when is_binary(path), do: called(@call, path, args)
  defp step({:ref, %Ref{} = ref}, 1), do: step(ref, 1)
  defp step(%Ref{id: id}, 1), do: {{@ref, id}, {[], []}}

  defp step(step, 1) when elem(step, 0) in [:method, :attr, :item, :op],
    do: error("a chain begins with {:call, path, args} or with a ref")

  defp step(step, number)
       when number > 1 and elem(step, 0) in [:call, :ref]
       when number > 1 and is_struct(step, Ref),
       do: error("only the first step is a path or a ref")

  defp step({:method, name}, _number) when is_binary(name), do: {{@method, name}, {[], []}}
  defp step({:method, name, args}, _number) when is_binary(name), do: called(@method, name, args)
  defp step({:attr, name}, _number) when is_binary(name), do: {{@attribute, name}, {[], []}}
  defp step({:item, key}, _number), do: {{@method, "__getitem__"}, {[key], []}}

  defp step({:op, operator}, _number) do
    with {:ok, name} <- Operators.unary(operator), do: {{@method, name}, {[], []}}
  end

  defp step({:op, operator, value}, _number) do
    with {:ok, name} <- Operators.binary(operator), do: {{@method, name}, {[value], []}}
  end

  defp step(other, _number), do: error("#{inspect(other, limit: 5)} is no step")

  defp called(kind, name, args) do
    with {:ok, args, kwargs} <- Arguments.split(args), do: {{kind, name}, {args, kwargs}}
  end

  defp place({:call, name, _}, number) when is_binary(name), do: "step #{number} (#{name})"

  defp place({kind, name}, number) when kind in [:call, :method, :attr] and is_binary(name),
    do: "step #{number} (#{name})"

  defp place({:method, name, _}, number) when is_binary(name), do: "step #{number} (#{name})"
  defp place(_step, number), do: "step #{number}"

  defp error(message), do: {:error, %Error{code: :arguments, message: message, hint: @hint}}
end
