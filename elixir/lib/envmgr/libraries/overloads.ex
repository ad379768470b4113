defmodule Envmgr.Libraries.Overloads do
  # A function with several signatures: a call fits when one of them fits.
  @moduledoc false

  import Bitwise

  alias Envmgr.Libraries.{Signature, Types}

  # Flags of a row.
  @signature_from_stub 4
  @signature_from_doc 8
  @types_from_stub 16

  @doc "The parameters that the running library itself names beside its overloads: nil when it names none."
  @spec own(Signature.parameters(), integer()) :: Signature.parameters()
  def own(parameters, flags) do
    if (flags &&& (@signature_from_stub ||| @signature_from_doc)) == 0, do: parameters
  end

  @doc """
  Whether the number and the names of arguments are for the library's own parameters to judge: it knows them better than
  a stub, which may be of another version.
  """
  @spec doubtful?(Signature.parameters(), integer()) :: boolean()
  def doubtful?(own, flags), do: own != nil and (flags &&& @types_from_stub) != 0

  @doc "How many arguments by position may fit, and what each signature takes; nil when one takes all of them as they are."
  @spec quick({integer(), integer()}, [Signature.parameters()]) ::
          {integer(), integer(), Types.t() | nil}
  def quick({own_least, own_most}, signatures) do
    alternatives =
      for parameters <- signatures do
        {least, most} = Signature.positional(parameters)
        {least, most, Types.of(parameters), Signature.hints(parameters)}
      end

    least = max(own_least, alternatives |> Enum.map(&elem(&1, 0)) |> Enum.min())
    most = min(own_most, alternatives |> Enum.map(&elem(&1, 1)) |> Enum.max())

    takes_all =
      Enum.any?(alternatives, &match?({l, m, nil, nil} when l <= least and m >= most, &1))

    {least, most, if(takes_all, do: nil, else: alternatives)}
  end

  @doc "The hints of the first signature that takes arguments by position, rather one that takes them as they are; `:none`."
  @spec choose(Types.t(), list(), non_neg_integer()) :: {:ok, Signature.hints() | nil} | :none
  def choose(alternatives, args, count, fitting \\ :none)
  def choose([], _args, _count, fitting), do: fitting

  def choose([{least, most, types, hints} | rest], args, count, fitting) do
    cond do
      count < least or count > most or not Types.fit?(args, types) ->
        choose(rest, args, count, fitting)

      hints == nil ->
        {:ok, nil}

      true ->
        choose(rest, args, count, if(fitting == :none, do: {:ok, hints}, else: fitting))
    end
  end
end
