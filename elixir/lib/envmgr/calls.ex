defmodule Envmgr.Calls do
  # The room of calls, run by the caller's own process from path to value. Imports pool, libraries, values and wire.
  @moduledoc false

  alias Envmgr.{Error, Pool, Ref}
  alias Envmgr.Calls.{Arguments, Exchange, Options, Request}
  alias Envmgr.Libraries.{Catalog, Check, Row, Unknown}

  @spec execute(String.t(), term(), keyword()) ::
          {:ok, term()} | {:ok, term(), map()} | {:error, Error.t()}
  def execute(path, args, opts) when is_binary(path) do
    with {:ok, options} <- Options.parse(opts),
         {:ok, row} <- find(options.name, path),
         {:ok, args, kwargs} <- Arguments.split(args),
         {:ok, into} <- check(row, args, kwargs) do
      {_path, library, environment, timeout, _, _, _, _, _, _, target} = row
      target = target || path
      request = Request.new(options, target, path, library, environment, timeout, :call)
      Exchange.run(if(into, do: %{request | into: into}, else: request), args, kwargs)
    else
      {:error, error} -> {:error, about(error, path)}
    end
  end

  def execute(path, _args, _opts) do
    message = "a path is a string such as \"numpy.mean\", not #{inspect(path, limit: 5)}"
    {:error, %Error{code: :arguments, message: message}}
  end

  @spec method(Ref.t(), String.t(), term(), keyword(), :call | :attribute | :part) ::
          {:ok, term()} | {:ok, term(), map()} | {:error, Error.t()}
  def method(%Ref{} = ref, name, args, opts, access) when is_binary(name) do
    path = "#{ref.type}.#{name}"

    with {:ok, options} <- Options.parse(opts),
         {:ok, args, kwargs} <- Arguments.split(args) do
      options = %{options | name: ref.name}

      request =
        Request.new(
          options,
          {ref.id, name},
          path,
          ref.library,
          ref.environment,
          timeout(ref),
          access
        )

      Exchange.run(%{request | owner: ref.owner}, args, kwargs)
    else
      {:error, error} -> {:error, about(error, path)}
    end
  end

  @doc "The catalog's row of a path. Waits for a catalog that is just being read."
  @spec find(atom(), String.t()) :: {:ok, Row.t()} | {:error, Error.t()}
  def find(name, path) do
    case Catalog.lookup(name, path) do
      nil -> find_again(name, path)
      row -> {:ok, row}
    end
  rescue
    error in ArgumentError ->
      if :ets.whereis(name) == :undefined,
        do: {:error, not_running(name)},
        else: reraise(error, __STACKTRACE__)
  end

  @spec not_running(atom()) :: Error.t()
  def not_running(name) do
    %Error{
      code: :not_ready,
      message: "the instance #{inspect(name)} is not running",
      hint:
        "start the application :envmgr, or {Envmgr, name: #{inspect(name)}, project: PATH} under your supervisor"
    }
  end

  # A path that nobody called yet is read from its catalog, which may just be loading.
  defp find_again(name, path) do
    with :error <- Catalog.fetch(name, path),
         :ok <- loaded(name, path),
         :error <- Catalog.fetch(name, path) do
      {:error, Unknown.error(name, path)}
    else
      {:ok, row} -> {:ok, row}
      {:error, %Error{} = error} -> {:error, error}
      {:error, reason} -> {:error, damaged(path, reason)}
    end
  end

  defp loaded(name, path) do
    case Catalog.home(name, path) do
      nil -> :ok
      environment -> Pool.await_catalog(name, environment, :infinity)
    end
  end

  defp damaged(path, reason), do: %Error{code: :catalog, path: path, message: reason}

  defp check(row, args, []) do
    case Check.quick(row, args) do
      {:ok, into} -> {:ok, into}
      :none -> full_check(row, args, [])
    end
  end

  defp check(row, args, kwargs), do: full_check(row, args, kwargs)

  # The signature is that of the real path, so that an alias and what it stands for are both named.
  defp full_check(row, args, kwargs) do
    path = elem(row, 0)

    with {:error, message, hint} <- Check.call(elem(row, 10) || path, Row.raw(row), args, kwargs) do
      {:error,
       %Error{
         code: :arguments,
         message: message,
         hint: hint,
         path: path,
         library: elem(row, 1),
         environment: elem(row, 2)
       }}
    end
  end

  defp about(%Error{path: nil} = error, path), do: %{error | path: path}
  defp about(error, _path), do: error

  defp timeout(ref) do
    case List.keyfind(Catalog.libraries(ref.name), ref.library, 0) do
      {_, _, facts} -> facts.timeout
      nil -> 30_000
    end
  rescue
    ArgumentError -> 30_000
  end
end
