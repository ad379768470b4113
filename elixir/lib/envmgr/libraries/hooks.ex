defmodule Envmgr.Libraries.Hooks do
  # The hooks of this VM (`Envmgr.Hooks`): those of an instance, read from its options once, and which of them a path meets. A row has
  # their numbers, and the functions are in a persistent term: a row is copied for each call.
  @moduledoc false

  @typedoc "`name` is how errors name it; `patterns` what paths are held against."
  @type hook :: %{
          kind: :before | :after,
          patterns: [Regex.t()],
          function: (... -> term()),
          name: String.t()
        }

  @typedoc "Numbers of those that a path meets, in the order in which they come."
  @type met :: {before :: [non_neg_integer()], after_ :: [non_neg_integer()]}

  @doc "The hooks of the option `hooks`; problems, where there are any."
  @spec parse(term()) :: {:ok, [hook()]} | {:error, [String.t()]}
  def parse(said) when is_list(said) do
    read = Enum.flat_map(said, &read/1)

    case for {:error, problem} <- read, do: problem do
      [] -> {:ok, read}
      problems -> {:error, problems}
    end
  end

  def parse(other), do: {:error, ["#{inspect(other)} is no list"]}

  defp read(module) when is_atom(module) do
    if Code.ensure_loaded?(module) and function_exported?(module, :__envmgr_hooks__, 0) do
      for {kind, patterns, name} <- module.__envmgr_hooks__(),
          do: hook(kind, patterns, {module, name})
    else
      [{:error, "#{inspect(module)} is no module that uses Envmgr.Hooks"}]
    end
  end

  defp read({kind, {pattern, function}}) when kind in [:before, :after],
    do: [hook(kind, List.wrap(pattern), function)]

  defp read(other) do
    [
      {:error,
       "#{inspect(other)} is neither a module nor before: {pattern, function} or after: {pattern, function}"}
    ]
  end

  defp hook(kind, patterns, function) do
    arity = if kind == :before, do: 1, else: 2

    with :ok <- paths(patterns), {:ok, function, name} <- function(function, arity) do
      %{kind: kind, patterns: Enum.map(patterns, &regex/1), function: function, name: name}
    end
  end

  defp paths([_ | _] = patterns) do
    case Enum.reject(patterns, &(is_binary(&1) and &1 != "")) do
      [] -> :ok
      [wrong | _] -> {:error, "#{inspect(wrong)} is no pattern of paths, such as \"numpy.*\""}
    end
  end

  defp paths(_none), do: {:error, "a hook has at least one pattern"}

  defp function(function, arity) when is_function(function, arity) do
    {:ok, function, inspect(function)}
  end

  defp function({module, name}, arity) when is_atom(module) and is_atom(name) do
    if Code.ensure_loaded?(module) and function_exported?(module, name, arity),
      do: {:ok, Function.capture(module, name, arity), "#{inspect(module)}.#{name}/#{arity}"},
      else: {:error, "there is no function #{inspect(module)}.#{name}/#{arity}"}
  end

  defp function(other, arity) do
    words = if arity == 1, do: "one argument", else: "two arguments"
    {:error, "#{inspect(other)} is no function of #{words}, nor {module, name} of one"}
  end

  # `*` is any characters.
  defp regex(pattern) do
    parts = pattern |> String.split("*") |> Enum.map_join(".*", &Regex.escape/1)
    Regex.compile!("\\A" <> parts <> "\\z", "su")
  end

  @doc "Makes the hooks those of the instance."
  @spec register(atom(), [hook()]) :: :ok
  def register(instance, []) do
    _ = :persistent_term.erase({__MODULE__, instance})
    :ok
  end

  def register(instance, hooks),
    do: :persistent_term.put({__MODULE__, instance}, List.to_tuple(hooks))

  @doc "Which hooks a function meets that is called by one of these paths; nil: none."
  @spec met(atom(), [String.t()]) :: met() | nil
  def met(instance, paths) do
    hooks = {__MODULE__, instance} |> :persistent_term.get({}) |> Tuple.to_list()

    met =
      for {hook, number} <- Enum.with_index(hooks),
          Enum.any?(paths, fn path -> Enum.any?(hook.patterns, &Regex.match?(&1, path)) end),
          do: {hook.kind, number}

    before = for {:before, number} <- met, do: number
    # The first of the list is the outermost.
    later = Enum.reverse(for {:after, number} <- met, do: number)
    if met != [], do: {before, later}
  end

  @spec fetch(atom(), non_neg_integer()) :: hook()
  def fetch(instance, number),
    do: elem(:persistent_term.get({__MODULE__, instance}), number)
end
