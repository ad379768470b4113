defmodule Envmgr.Calls.Telling do
  # What errors that this side makes have in common with those of Python: class, retry, the signature, the arguments in
  # short, the library's version, and no secrets.
  @moduledoc false

  alias Envmgr.Error
  alias Envmgr.Libraries.{Catalog, Row, Signature}
  alias Envmgr.Values.{Secrets, Summary}

  @most 50

  @doc "An answer; an error of it, completed by what is known of the call. `kwargs` is `:chain` for a chain, which has arguments by step."
  @spec told(answer, atom(), list(), [{String.t(), term()}] | :chain) :: answer
        when answer: term()
  def told({:error, %Error{} = error}, name, args, kwargs) do
    error = if error.version, do: error, else: %{error | version: version(name, error.library)}
    parameters = if error.arguments == [], do: parameters(name, error.path)
    {:error, complete(error, args, kwargs, parameters)}
  end

  def told(answer, _name, _args, _kwargs), do: answer

  @doc """
  The error, completed: of a call of `path` with these arguments, whose parameters are as the catalog has them, or nil. What is known
  already stays. For errors alone: it costs some microseconds.
  """
  @spec complete(Error.t(), list(), [{String.t(), term()}] | :chain, Signature.parameters()) ::
          Error.t()
  def complete(%Error{arguments: [], type: nil} = error, args, kwargs, parameters)
      when is_list(kwargs) do
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

  # The instance may not run.
  defp parameters(name, path) when is_binary(path) do
    with {:ok, row} <- Catalog.fetch(name, path),
         [_path, _kind, parameters | _] when is_list(parameters) <- Row.raw(row) do
      parameters
    else
      _none -> nil
    end
  rescue
    ArgumentError -> nil
  end

  defp parameters(_name, _path), do: nil

  defp version(name, library) when is_binary(library) do
    case Catalog.library(name, library) do
      {_environment, %{version: version}} -> version
      _none -> nil
    end
  rescue
    ArgumentError -> nil
  end

  defp version(_name, _library), do: nil
end
