defmodule Envmgr.Testing.Chain do
  # A chain whose steps are scripted each: the first by its path, the others by the type of the ref that they work on.
  @moduledoc false

  alias Envmgr.{Calls, Error, Ref}
  alias Envmgr.Calls.{Chain, Options, Outcome, Scripted}
  alias Envmgr.Testing.{Play, UnexpectedCallError}

  @spec answer(Chain.t(), Options.t(), (() -> Outcome.answer())) :: Outcome.answer()
  def answer(%{first: first} = chain, options, rest) do
    [_first | steps] = Enum.zip(chain.steps, chain.arguments)
    # The last value alone is answered as the options say.
    plain = %{options | as: :value, metadata: false, beside: nil}

    case begin(first, hd(chain.arguments), if(steps == [], do: options, else: plain)) do
      :unscripted -> rest.()
      {:error, error} -> {:error, at(error, 1, first)}
      answer -> follow(answer, steps, 2, plain, options)
    end
  end

  defp begin(%Ref{} = ref, _arguments, _options), do: {:ok, ref}

  defp begin(path, {args, kwargs}, options) do
    with {:ok, row} <- Calls.find(options.name, path),
         do: Play.call(row, args, kwargs, options)
  end

  defp follow(answer, [], _number, _plain, _options), do: answer

  defp follow({:ok, value}, [{{_kind, name}, {args, kwargs}} | rest], number, plain, options) do
    case step(value, name, args, kwargs, if(rest == [], do: options, else: plain), number) do
      {:error, error} -> {:error, at(error, number, name)}
      answer -> follow(answer, rest, number + 1, plain, options)
    end
  end

  defp step(%Ref{} = ref, name, args, kwargs, options, _number),
    do: Scripted.method(ref, "#{ref.type}.#{name}", args, kwargs, options)

  # What can be done with a plain value needs no script.
  defp step(value, "__getitem__", [key], [], _options, _number) when is_map_key(value, key),
    do: {:ok, Map.fetch!(value, key)}

  defp step(value, "__getitem__", [index], [], _options, _number)
       when is_list(value) and is_integer(index) and index < length(value),
       do: {:ok, Enum.at(value, index)}

  defp step(value, name, _args, _kwargs, _options, number) do
    raise UnexpectedCallError,
          "step #{number} (#{name}) of a chain works on #{inspect(value, limit: 5)}; let the script before it answer " <>
            "Envmgr.Testing.ref(\"some.Type\"), and script \"some.Type.#{name}\""
  end

  defp at(error, number, %Ref{type: type}), do: at(error, number, type)
  defp at(%Error{} = error, number, name), do: %{error | step: "step #{number} (#{name})"}
end
