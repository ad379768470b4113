defmodule Envmgr.Hooks do
  @moduledoc """
  Functions of yours before and after calls, in this VM: they check and change arguments, refuse calls, shape results.

      defmodule MyApp.PythonHooks do
        use Envmgr.Hooks

        @before_call "numpy.*"
        def finite(call) do
          if :nan in call.args, do: {:error, "NaN is no number of ours"}, else: :ok
        end

        @before_call ["pandas.read_csv", "pandas.read_table"]
        def ours(call) do
          [file | rest] = call.args
          {:ok, %{call | args: [Path.join("/srv/files", file) | rest]}}
        end

        @after_call "pandas.read_*"
        def named(call, frame), do: {:ok, %{source: hd(call.args), frame: frame}}
      end

      config :envmgr, hooks: [MyApp.PythonHooks]

  or, of another instance, the option `hooks` of `Envmgr.start_link/1`. Single functions stand in that list as `before: {pattern, function}` and
  `after: {pattern, function}`, where a function is `&MyApp.check/1` or `{MyApp, :check}`:

      config :envmgr, hooks: [MyApp.PythonHooks, before: {"numpy.*", {MyApp, :check}}]

  ## Patterns

  A pattern is a path, in which `*` stands for any characters, dots too: `"numpy.*"` is all of numpy, `"*"` is everything. What it is held against is the path as it is called,
  and what that stands for where it is an alias. (A function that a library offers under two paths has two: name both, or the library.)
  Patterns are compared once for each path, when it is first called: a function that meets no hook is called without looking.

  ## What they answer

  | | is called with | answers |
  |---|---|---|
  | before | an `Envmgr.Hooks.Call` | `:ok` (as it is), `{:ok, call}` (with other `args` and `kwargs`), `{:error, reason}` (the call is refused) |
  | after | that, as it was sent, and the value | `{:ok, value}`, `{:error, reason}` |

  A `reason` is a text, an exception, or an `Envmgr.Error` of your own making; the caller gets an error with code `:refused`. A hook that raises, or answers anything else, fails the
  call with code `:hook`. In both, `step` names the hook: `"hook before MyApp.PythonHooks.finite/1"`.

  ## Order

  The first of the list is the outermost: it comes first before a call, and last after it; in a module, the first function. Hooks stand around all else that is done for a call: they
  see it once, however often it is tried again, and also where the cache, or another library, answers. Then the arguments are checked against the signature.
  A failed call meets no hook after it. They run in the process that calls (for `Envmgr.async/3`, in the call's own), within no deadline.

  They are for calls by path: `Envmgr.execute/3`, `Envmgr.async/3` and each item of `Envmgr.map/3`, and before `Envmgr.stream/3`. Chains and methods of refs are called as they are. Hooks
  in Python ([docs/hooks.md](hooks.md)) come after these, in the worker.
  """

  @doc false
  defmacro __using__(_options) do
    quote do
      Module.register_attribute(__MODULE__, :before_call, accumulate: true)
      Module.register_attribute(__MODULE__, :after_call, accumulate: true)
      Module.register_attribute(__MODULE__, :envmgr_hooks, accumulate: true)
      @on_definition Envmgr.Hooks
      @before_compile Envmgr.Hooks
    end
  end

  @kinds [before_call: {:before, 1}, after_call: {:after, 2}]

  @doc false
  def __on_definition__(env, access, name, args, _guards, _body) do
    for {attribute, {kind, arity}} <- @kinds,
        [_ | _] = patterns <- [Module.get_attribute(env.module, attribute)] do
      Module.delete_attribute(env.module, attribute)

      if access != :def or length(args) != arity do
        raise CompileError,
          file: env.file,
          line: env.line,
          description:
            "@#{attribute} stands above a public function of #{arity} argument#{if arity > 1, do: "s"}, not above #{name}/#{length(args)}"
      end

      patterns = patterns |> Enum.reverse() |> List.flatten()
      Module.put_attribute(env.module, :envmgr_hooks, {kind, patterns, name})
    end
  end

  @doc false
  defmacro __before_compile__(env) do
    hooks = env.module |> Module.get_attribute(:envmgr_hooks) |> Enum.reverse()

    for {attribute, _kind} <- @kinds, Module.get_attribute(env.module, attribute) != [] do
      raise CompileError,
        file: env.file,
        line: env.line,
        description: "@#{attribute} of #{inspect(env.module)} stands above no function"
    end

    quote do
      @doc false
      def __envmgr_hooks__, do: unquote(Macro.escape(hooks))
    end
  end
end
