defmodule Envmgr.Libraries.Check do
  # Whether the arguments of a call fit, told before anything reaches Python: how many, their names, and their types where
  # these are certain. All problems of a call are told at once.
  @moduledoc false

  alias Envmgr.Libraries.{Overloads, Row, Shape, Signature, Types, Wrong}

  @shown 8

  @doc "The quick look, at arguments that are all by position: `{:ok, hints}`, or `:none` where more is to be seen."
  @spec quick(Row.t(), list()) :: {:ok, Signature.hints() | nil} | :none
  def quick({_, _, _, _, least, most, _, _, hints, types, _, _, _, _}, args) do
    count = length(args)

    if count >= least and count <= most and (types == nil or Types.fit?(args, types)),
      do: {:ok, hints},
      else: :none
  end

  @doc "The whole look: what the arguments become, or what is wrong with them and what to do."
  @spec call(String.t(), Row.raw(), list(), [{String.t(), term()}]) ::
          {:ok, Signature.hints() | nil} | {:error, message :: String.t(), hint :: String.t()}
  def call(path, [_path, "constant" | _], args, kwargs) do
    if args == [] and kwargs == [] do
      {:ok, nil}
    else
      {:error, "is a constant and takes no arguments",
       "Envmgr.execute(#{inspect(path)}) reads it"}
    end
  end

  def call(path, [_path, "property" | _], args, kwargs) do
    if length(args) == 1 and kwargs == [] do
      {:ok, nil}
    else
      {:error, "is a property and takes one argument, the object that has it",
       "Envmgr.execute(#{inspect(path)}, [ref]), or Envmgr.attr(ref, #{inspect(leaf(path))})"}
    end
  end

  def call(path, [_path, _kind, parameters, returns, _summary, _flags, none | _], args, kwargs)
      when none in [nil, []] do
    case problems(parameters, args, kwargs) do
      {[], _advice, _names} ->
        {:ok, hints(parameters, args, kwargs)}

      {problems, advice, names} ->
        {:error, Enum.join(problems, "; "),
         told(advice, "the signature is #{Signature.brief(path, parameters, returns, names)}")}
    end
  end

  def call(path, [_path, _kind, parameters, returns, _, flags, overloads | _], args, kwargs) do
    own = Overloads.own(parameters, flags)

    case shape(own, args, kwargs) do
      [] ->
        overloaded(path, own, flags, overloads, args, kwargs)

      wrong ->
        {:error, Enum.join(wrong, "; "),
         "the signature is #{Signature.brief(path, parameters, returns, names(kwargs))}"}
    end
  end

  defp overloaded(path, own, flags, overloads, args, kwargs) do
    tried = for [p, returns | _] <- overloads, do: {problems(p, args, kwargs), p, returns}
    fitting = for {{[], _advice, _names}, p, _returns} <- tried, do: hints(p, args, kwargs)

    cond do
      fitting != [] ->
        {:ok, if(nil in fitting, do: nil, else: hd(fitting))}

      Overloads.doubtful?(own, flags) and
          Enum.all?(overloads, fn [p | _] -> shape(p, args, kwargs) != [] end) ->
        {:ok, hints(own, args, kwargs)}

      true ->
        none_fits(path, tried)
    end
  end

  defp none_fits(path, tried) do
    {{problems, advice, names}, parameters, returns} =
      Enum.min_by(tried, fn {{problems, _advice, _names}, _, _} -> length(problems) end)

    {shown, more} =
      tried
      |> Enum.map(fn {_, p, r} -> Signature.brief(path, p, r, names) end)
      |> Enum.split(@shown)

    more = if more == [], do: [], else: ["and #{length(more)} more"]

    {:error,
     "none of its #{length(tried)} signatures fits; the nearest is " <>
       "#{Signature.brief(path, parameters, returns, names)}: #{Enum.join(problems, "; ")}",
     told(advice, Enum.join(["the signatures are" | shown] ++ more, "\n  "))}
  end

  defp told(advice, signature), do: Enum.join(Enum.uniq(advice) ++ [signature], "; ")

  defp problems(parameters, args, kwargs) do
    {wrong, advice, names} = Wrong.types(parameters, args, kwargs)
    {shape(parameters, args, kwargs) ++ wrong, advice, names ++ names(kwargs)}
  end

  defp shape(parameters, args, kwargs),
    do: Signature.problems(parameters, length(args), names(kwargs))

  defp hints(parameters, args, kwargs),
    do: Shape.hints(parameters, length(args), names(kwargs))

  defp names(kwargs), do: for({name, _value} <- kwargs, do: name)

  defp leaf(path), do: path |> String.split(".") |> List.last()
end
