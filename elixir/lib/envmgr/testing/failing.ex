defmodule Envmgr.Testing.Failing do
  # Errors that scripts ask for, with all that the real ones have.
  @moduledoc false

  alias Envmgr.{Error, Near}
  alias Envmgr.Calls.Options
  alias Envmgr.Libraries.Row

  # Of builtins: who can mend it, and whether a repeat may do. Others are the library's.
  @classes %{
    "ValueError" => {:usage, false},
    "TypeError" => {:usage, false},
    "KeyError" => {:usage, false},
    "IndexError" => {:usage, false},
    "AttributeError" => {:usage, false},
    "FileNotFoundError" => {:usage, false},
    "PermissionError" => {:policy, false},
    "MemoryError" => {:resource, false},
    "RecursionError" => {:resource, false},
    "TimeoutError" => {:resource, true},
    "ConnectionError" => {:resource, true},
    "ConnectionRefusedError" => {:resource, true},
    "ConnectionResetError" => {:resource, true}
  }

  @said %{
    worker_lost: "the worker was ended by SIGKILL",
    cancelled: "the call was cancelled",
    stale_ref: "the object is gone with its worker",
    not_ready: "the pool is not running",
    start: "no worker starts",
    overloaded: "the pool has more to do than it can before the deadline",
    not_installed: "no environment is installed"
  }

  @doc "An exception of Python's: a builtin, or a class with its module before it."
  @spec python(String.t(), String.t(), keyword()) :: Error.t()
  def python(type, message, fields) do
    {module, class} =
      case type |> String.split(".") |> Enum.split(-1) do
        {[], [class]} -> {"builtins", class}
        {module, [class]} -> {Enum.join(module, "."), class}
      end

    {who, retry} = Map.get(@classes, class, {:library, false})
    mro = Enum.uniq(["#{module}.#{class}", "builtins.Exception", "builtins.BaseException"])
    error = %Error{code: :exception, type: class, module: module, message: message, mro: mro}
    struct!(%{error | class: who, retry: retry}, fields)
  end

  @doc "What a script gave as its reason, as an error of this call."
  @spec error(term(), String.t(), Options.t()) :: Error.t()
  def error(%Error{} = error, path, _options) do
    [library | _] = String.split(path, ".", parts: 2)
    Error.classified(%{error | path: error.path || path, library: error.library || library})
  end

  def error(code, path, options) when is_atom(code) do
    codes = Error.codes()

    if code not in codes do
      near = Near.hint(to_string(code), Enum.map(codes, &to_string/1))
      hint = near || "they are #{codes |> Enum.sort() |> Enum.map_join(", ", &inspect/1)}"
      raise ArgumentError, "#{inspect(code)} is no code of Envmgr.Error; #{hint}"
    end

    error(%Error{code: code, message: said(code, options)}, path, options)
  end

  def error(other, _path, _options) do
    raise ArgumentError,
          "a script answers {:error, code} or {:error, %Envmgr.Error{}}, not #{inspect({:error, other})}"
  end

  defp said(:timeout, options),
    do: "no answer within #{options.timeout || 30_000} ms"

  defp said(code, _options), do: Map.get(@said, code, "a test says #{inspect(code)}")

  @doc "A process that belongs to no test called what no catalog has."
  @spec unowned(Row.t(), Options.t()) :: Error.t()
  def unowned(row, options) do
    path = elem(row, 0)

    %Error{
      code: :unknown_library,
      path: path,
      library: elem(row, 1),
      message:
        "there is no library #{elem(row, 1)}, and #{inspect(self())} belongs to no test that scripts calls",
      hint: "Envmgr.Testing.allow(pid) from the test, or `use Envmgr.Testing, shared: true`",
      correlation: options.correlation
    }
    |> Error.classified()
  end
end
