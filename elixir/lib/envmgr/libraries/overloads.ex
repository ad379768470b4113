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

  @doc "With how many arguments by position a call fits whatever they are; empty where they are to be looked at."
  @spec positional(Signature.parameters(), [Signature.parameters()]) :: {integer(), integer()}
  def positional(own, signatures) do
    {own_least, own_most} = Signature.positional(own)
    all = Enum.map(signatures, &Signature.positional/1)
    least = max(own_least, all |> Enum.map(&elem(&1, 0)) |> Enum.min())
    most = min(own_most, all |> Enum.map(&elem(&1, 1)) |> Enum.max())

    takes_all? =
      Enum.any?(signatures, fn parameters ->
        {l, m} = Signature.positional(parameters)

        l <= least and m >= most and Types.of(parameters) == nil and
          Signature.hints(parameters) == nil
      end)

    if takes_all?, do: {least, most}, else: {1, 0}
  end
end
