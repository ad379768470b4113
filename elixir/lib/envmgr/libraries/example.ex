defmodule Envmgr.Libraries.Example do
  # A call of each kind of object, in Elixir and in Python, with what is required and nothing else. What no literal is plausible
  # for is a variable of the parameter's name.
  @moduledoc false

  alias Envmgr.Libraries.{Literal, Row}

  @doc """
  `library` and `module`: the names in Elixir and in Python. `types`: of parameters, as the docstring has them. `maker`: the row of the class whose
  method this is, or nil.
  """
  @spec make(String.t(), String.t(), Row.raw(), %{String.t() => String.t()}, Row.raw() | nil) ::
          %{elixir: String.t(), python: String.t()}
  def make(library, module, [path, kind | _] = raw, types, maker) do
    {args, kwargs} = arguments(raw, types)

    %{
      elixir:
        elixir(
          kind,
          inspect("#{library}.#{path}"),
          path,
          args,
          kwargs,
          {library, object(library, maker)}
        ),
      python: "import #{module}\n" <> python(kind, module, path, args, kwargs, maker)
    }
  end

  @doc "Of a library as a whole."
  @spec library(String.t(), String.t()) :: %{elixir: String.t(), python: String.t()}
  def library(library, module) do
    %{elixir: "Envmgr.functions(#{inspect(library)})", python: "import #{module}\ndir(#{module})"}
  end

  defp elixir("module", _path, path, _args, _kwargs, {library, _object}),
    do: "Envmgr.functions(#{inspect(library)}, module: #{inspect(path)})"

  defp elixir("constant", path, _, _args, _kwargs, _object), do: "Envmgr.execute(#{path})"

  defp elixir("property", _path, path, _args, _kwargs, {_library, object}),
    do: object <> "Envmgr.attr(object, #{inspect(leaf(path))})"

  defp elixir("method", _path, path, args, kwargs, {_library, object}),
    do: object <> "Envmgr.method(#{join(["object", inspect(leaf(path)), written(args, kwargs)])})"

  defp elixir(kind, path, _, args, kwargs, _object) when kind in ["generator", "async-generator"],
    do: "#{join(["Envmgr.stream(#{path}", written(args, kwargs)])}) |> Enum.take(10)"

  defp elixir(_callable, path, _, args, kwargs, _object),
    do: "Envmgr.execute(#{join([path, written(args, kwargs)])})"

  defp python("module", module, path, _args, _kwargs, _maker), do: "dir(#{module}.#{path})"
  defp python("constant", module, path, _args, _kwargs, _maker), do: "#{module}.#{path}"

  defp python("property", module, path, _args, _kwargs, maker),
    do: made(module, maker) <> "object.#{leaf(path)}"

  defp python("method", module, path, args, kwargs, maker),
    do: made(module, maker) <> "object.#{leaf(path)}(#{pythons(args, kwargs)})"

  defp python("coroutine", module, path, args, kwargs, _maker),
    do: "await #{module}.#{path}(#{pythons(args, kwargs)})"

  defp python(_callable, module, path, args, kwargs, _maker),
    do: "#{module}.#{path}(#{pythons(args, kwargs)})"

  defp object(_library, nil), do: ""

  defp object(library, [path | _] = class) do
    {args, kwargs} = arguments(class, %{})
    arguments = written(args, kwargs) || "[]"
    "{:ok, object} = Envmgr.execute(#{inspect("#{library}.#{path}")}, #{arguments}, as: :ref)\n"
  end

  defp made(_module, nil), do: ""

  defp made(module, [path | _] = class) do
    {args, kwargs} = arguments(class, %{})
    "object = #{module}.#{path}(#{pythons(args, kwargs)})\n"
  end

  # Those by position and those by name alone: `{name, elixir, python}`.
  defp arguments([_path, kind, parameters | _], types) do
    required =
      for [name, k, nil | _] = parameter <- own(kind, parameters),
          k in [0, 1, 3],
          do: {k, name, Literal.plausible(parameter, types[name])}

    {named, placed} = Enum.split_with(required, &(elem(&1, 0) == 3))
    strip = fn {_k, name, {elixir, python}} -> {name, elixir, python} end
    {Enum.map(placed, strip), Enum.map(named, strip)}
  end

  # The first of a method is the object.
  defp own(_kind, nil), do: []
  defp own("method", [[_self, kind | _] | rest]) when kind < 2, do: rest
  defp own(_kind, parameters), do: parameters

  defp written([], []), do: nil
  defp written(args, []), do: "[#{elixirs(args)}]"
  defp written([], kwargs), do: "%{#{names(kwargs)}}"
  defp written(args, kwargs), do: "{[#{elixirs(args)}], %{#{names(kwargs)}}}"

  defp elixirs(args), do: Enum.map_join(args, ", ", &elem(&1, 1))

  defp names(kwargs),
    do: Enum.map_join(kwargs, ", ", fn {name, elixir, _} -> "#{inspect(name)} => #{elixir}" end)

  defp pythons(args, kwargs) do
    join([
      Enum.map_join(args, ", ", &elem(&1, 2)),
      Enum.map_join(kwargs, ", ", fn {name, _, python} -> "#{name}=#{python}" end)
    ])
  end

  defp join(words), do: words |> Enum.reject(&(&1 in [nil, ""])) |> Enum.join(", ")
  defp leaf(path), do: path |> String.split(".") |> List.last()
end
