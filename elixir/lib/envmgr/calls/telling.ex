defmodule Envmgr.Calls.Telling do
  # What errors that this side makes have in common with those of Python: class, retry, the signature, the arguments in
  # short, and no secrets.
  @moduledoc false

  alias Envmgr.Error
  alias Envmgr.Libraries.Signature
  alias Envmgr.Values.{Secrets, Summary}

  @most 50

  @doc """
  The error, completed: of a call of `path` with these arguments, whose parameters are as the catalog has them, or nil. What is known
  already stays. For errors alone: it costs some microseconds.
  """
  @spec complete(Error.t(), list(), [{String.t(), term()}], Signature.parameters()) :: Error.t()
  def complete(%Error{arguments: []} = error, args, kwargs, parameters) when is_list(args) do
    named = named(args, kwargs, parameters)
    secrets = Secrets.in_arguments(named)

    %{
      error
      | arguments:
          for({name, value} <- Enum.take(named, @most), do: {name, Summary.of(value, name)}),
        signature: error.signature || signature(error.path, parameters),
        message: Secrets.redact(error.message || "", secrets),
        hint: error.hint && Secrets.redact(error.hint, secrets)
    }
    |> Error.classified()
  end

  def complete(error, _args, _kwargs, _parameters), do: Error.classified(error)

  defp signature(path, parameters) when is_binary(path) and is_list(parameters),
    do: Signature.text(path, parameters)

  defp signature(_path, _parameters), do: nil

  defp named(args, kwargs, parameters) do
    names = for [name, kind | _] <- parameters || [], kind < 2, do: name

    positional =
      for {value, position} <- Enum.with_index(args),
          do: {Enum.at(names, position) || position, value}

    positional ++ kwargs
  end
end
