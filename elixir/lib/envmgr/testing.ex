defmodule Envmgr.Testing do
  @moduledoc """
  Calls answered by a test: without Python, without envmgr.toml.

      defmodule MyApp.PricesTest do
        use ExUnit.Case, async: true
        use Envmgr.Testing

        test "the mean price" do
          Testing.stub("numpy.mean", fn [prices], _named -> Enum.sum(prices) / length(prices) end)
          assert MyApp.Prices.mean([1.0, 3.0]) == 2.0
        end

        test "a broken server" do
          Testing.expect("requests.get", fn _args -> Testing.raise_python("ConnectionError", "refused") end)
          assert MyApp.Prices.fetch() == {:error, "the server is not there"}
        end
      end

  `use Envmgr.Testing` makes each test the owner of scripts, and verifies at its end that every expected call came and no other. Options:

  - `mode`: `:strict` (default): a call that nobody scripted raises `Envmgr.Testing.UnexpectedCallError` in its caller, and fails the test; `:passthrough`:
    it goes to Python
  - `shared`: `true`: the scripts hold for every process that has no other test's; such tests are not `async`

  ## Whose scripts hold

  Those of the process that calls, of those that it was started for or by (`$callers`, `$ancestors`: tasks, `Envmgr.async/3`, what `start_supervised/1`
  starts), and of whoever said `allow/2`. Tests that are `async` do not see each other's. A process that no test owns calls Python, as ever.

  ## What is as it would be

  Options of the call, arguments that cannot be sent (a pid), and, where the library is installed, the path and the signature: a call that Python would never
  have seen is refused before the script is asked. What the configuration puts around a call (cache, retries, fallbacks, limits) and hooks are left out.

  The first script of a VM switches this on. A VM without tests pays nothing for it.
  """

  alias Envmgr.{Calls, Error, Ref}
  alias Envmgr.Testing.{Failing, Scripts, VerificationError}

  @typedoc """
  What a script answers: a value, or a function of `[args, named]`, `[args]` or nothing that makes it. `args` is the list of positional arguments, `named` the map of
  the others by name (strings). `{:error, code}` (a code of `Envmgr.Error`) and `{:error, %Envmgr.Error{}}` are errors, `{:ok, value}` is `value`.
  """
  @type answer :: (list(), map() -> term()) | (list() -> term()) | (() -> term()) | term()

  @doc false
  defmacro __using__(options) do
    quote do
      alias Envmgr.Testing

      setup do
        test = self()
        Envmgr.Testing.begin(unquote(options))
        on_exit(Envmgr.Testing, fn -> Envmgr.Testing.finish!(test) end)
      end
    end
  end

  @doc """
  Has calls of a path answered, any number of them, for this process and what it starts. A later stub of the same path takes its place.

      Envmgr.Testing.stub("numpy.mean", 2.0)
      Envmgr.Testing.stub("requests.get", {:error, :timeout})
      Envmgr.Testing.stub("pandas.read_csv", fn [path], named -> rows(path, named["sep"]) end)

  Raises `ArgumentError` when the library is installed and has no such function.
  """
  @spec stub(String.t(), answer()) :: :ok
  def stub(path, answer), do: script(path, answer, nil)

  @doc """
  Expects calls of a path: option `times` (default 1; 0: none). Expectations of one path are met in their order, before a stub. More calls than expected are
  unexpected ones, unless there is a stub; fewer are found by `verify!/1`.

      Envmgr.Testing.expect("requests.get", [times: 2], fn ["https://" <> _] -> %{"status" => 200} end)
  """
  @spec expect(String.t(), [times: non_neg_integer()], answer()) :: :ok
  def expect(path, options \\ [], answer) do
    case Keyword.validate(options, times: 1) do
      {:ok, [times: times]} when is_integer(times) and times >= 0 ->
        script(path, answer, times)

      _other ->
        raise ArgumentError, "the option of an expectation is times: N, not #{inspect(options)}"
    end
  end

  defp script(path, answer, _times)
       when is_function(answer) and not is_function(answer, 0) and
              not is_function(answer, 1) and not is_function(answer, 2) do
    raise ArgumentError,
          "#{inspect(answer)} answers #{path} for no call: a script takes [args, named], [args] or nothing"
  end

  defp script(path, answer, times) when is_binary(path) do
    known!(path)

    Scripts.add(self_or_owner(), %{
      id: make_ref(),
      path: path,
      answer: answer,
      times: times,
      left: times
    })
  end

  # A test's helper processes script for it.
  defp self_or_owner do
    _running = Scripts.process()
    Scripts.owner() || self()
  end

  defp known!(path) do
    if not String.contains?(path, "."),
      do: raise(ArgumentError, "a path is a library, a dot and a function, not #{inspect(path)}")

    with {:error, %Error{code: :unknown_function} = error} <- Calls.find(Envmgr, path),
         do: raise(ArgumentError, Exception.message(error))
  end

  @doc """
  Lets another process (a pid or a registered name) use the scripts of this one: for processes that the test did not start.

      Envmgr.Testing.allow(MyApp.Worker)
  """
  @spec allow(pid(), pid() | atom()) :: :ok
  def allow(owner \\ self(), process) do
    pid = if is_atom(process), do: Process.whereis(process), else: process
    if pid == nil, do: raise(ArgumentError, "there is no process #{inspect(process)}")
    with {:error, why} <- Scripts.allow(owner, pid), do: raise(ArgumentError, why)
  end

  @doc """
  Raises `Envmgr.Testing.VerificationError` unless every expected call came and no unexpected one. `use Envmgr.Testing` does it at the end of each test.

      :ok = Envmgr.Testing.verify!()
  """
  @spec verify!(pid()) :: :ok
  def verify!(owner \\ self()) do
    case Scripts.problems(owner) do
      [] -> :ok
      problems -> raise VerificationError, Enum.join(problems, "\n")
    end
  end

  @doc """
  An object of Python's that a script answers. Its methods and attributes are scripted by its type, with the object as the first argument.

      Envmgr.Testing.stub("pandas.read_csv", Envmgr.Testing.ref("pandas.DataFrame"))
      Envmgr.Testing.stub("pandas.DataFrame.sum", fn [_frame], _named -> 6 end)
      {:ok, frame} = Envmgr.execute("pandas.read_csv", ["x.csv"], as: :ref)
      {:ok, 6} = Envmgr.method(frame, "sum")
  """
  @spec ref(String.t()) :: Ref.t()
  def ref(type) when is_binary(type) do
    [library | _] = String.split(type, ".", parts: 2)

    %Ref{
      id: System.unique_integer([:positive]),
      type: type,
      owner: Scripts.process(),
      library: library,
      generation: 0,
      environment: "scripted",
      name: Envmgr
    }
  end

  @doc """
  In a script: raises a Python exception, whose caller gets `{:error, %Envmgr.Error{code: :exception}}`. `type` is a builtin (`"ValueError"`), or a class with its
  module (`"requests.exceptions.HTTPError"`). `fields` are further ones of `Envmgr.Error`.

      Envmgr.Testing.stub("json.loads", fn _args -> Envmgr.Testing.raise_python("ValueError", "no JSON") end)
      {:error, %Envmgr.Error{type: "ValueError", class: :usage}} = Envmgr.execute("json.loads", ["{"])
  """
  @spec raise_python(String.t(), String.t(), keyword()) :: no_return()
  def raise_python(type, message, fields \\ []),
    do: throw({Failing, Failing.python(type, message, fields)})

  @doc false
  def begin(options \\ []) do
    case Keyword.validate(options, mode: :strict, shared: false) do
      {:ok, options} when is_list(options) ->
        own!(Map.new(options))

      {:error, unknown} ->
        raise ArgumentError, "options of Envmgr.Testing are mode, shared; not #{inspect(unknown)}"
    end
  end

  defp own!(%{mode: mode, shared: shared?})
       when mode in [:strict, :passthrough] and is_boolean(shared?) do
    with {:error, why} <- Scripts.own(self(), mode, shared?, true), do: raise(ArgumentError, why)
  end

  defp own!(options),
    do: raise(ArgumentError, "#{inspect(options)} are no options of Envmgr.Testing")

  @doc false
  def finish!(owner) do
    verify!(owner)
  after
    Scripts.forget(owner)
  end
end

defmodule Envmgr.Testing.UnexpectedCallError do
  @moduledoc "A call that no script of its test answers, in a test that is `:strict`."
  defexception [:message]
end

defmodule Envmgr.Testing.VerificationError do
  @moduledoc "Calls that were expected and did not come, or came unexpected."
  defexception [:message]
end
