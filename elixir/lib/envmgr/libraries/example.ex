defmodule Envmgr.Libraries.Example do
  # Calls as one writes them, in Elixir and in Python, made from a signature: required parameters alone. The command line
  # makes the same (envmgr/catalog/examples.py).
  @moduledoc false

  alias Envmgr.Libraries.{Literal, Row}

  @on_objects ~w(method property)
  @streams ~w(generator async-generator)

  @typedoc "Types of parameters as the docstring tells them."
  @type said :: %{String.t() => String.t()}

  @doc "`raw` has the path that was asked for; `holder` is the class that has it, by its own path, or nil."
  @spec elixir(String.t(), Row.raw(), Row.raw() | nil, said()) :: String.t()
  def elixir(library, [path, "module" | _], _holder, _said),
    do: "Envmgr.functions(#{quoted(library)}, module: #{quoted(path)})"

  def elixir(library, [path, "constant" | _], _holder, _said),
    do: "Envmgr.execute(#{quoted("#{library}.#{path}")})"

  def elixir(library, [path, kind, parameters | _], holder, said) when kind in @on_objects do
    held = if holder, do: held(holder), else: "ref"
    {class, name} = split(path)

    made =
      if holder do
        given = arguments(Enum.at(holder, 2), %{}, &elixir_arguments/2)
        given = if given == "", do: ", []", else: given
        "#{held} = Envmgr.execute!(#{quoted("#{library}.#{class}")}#{given}, as: :ref)\n"
      end

    if kind == "property",
      do: "#{made}Envmgr.attr(#{held}, #{quoted(name)})",
      else:
        "#{made}Envmgr.method(#{held}, #{quoted(name)}#{arguments(own(parameters), said, &elixir_arguments/2)})"
  end

  def elixir(library, [path, kind, parameters | _], _holder, said) do
    {verb, tail} = if kind in @streams, do: {"stream", " |> Enum.take(10)"}, else: {"execute", ""}
    given = arguments(parameters, said, &elixir_arguments/2)
    "Envmgr.#{verb}(#{quoted("#{library}.#{path}")}#{given})#{tail}"
  end

  @doc "Behind `import` of the module."
  @spec python(String.t(), Row.raw(), Row.raw() | nil, said()) :: String.t()
  def python(module, [path, kind | _], _holder, _said) when kind in ["constant", "module"],
    do: "#{module}.#{path}"

  def python(module, [path, kind, parameters | _], holder, said) when kind in @on_objects do
    held = if holder, do: held(holder), else: "value"
    {class, name} = split(path)

    made =
      if holder do
        given = arguments(Enum.at(holder, 2), %{}, &python_arguments/2)
        "#{held} = #{module}.#{class}(#{given})\n"
      end

    called = if kind == "method", do: "(#{arguments(own(parameters), said, &python_arguments/2)})"

    "#{made}#{held}.#{name}#{called}"
  end

  def python(module, [path, kind, parameters | _], _holder, said) do
    called = "#{module}.#{path}(#{arguments(parameters, said, &python_arguments/2)})"
    if kind == "coroutine", do: "await " <> called, else: called
  end

  defp held([path | _]), do: path |> split() |> elem(1) |> Literal.variable()

  defp split(path) do
    {class, [name]} = path |> String.split(".") |> Enum.split(-1)
    {Enum.join(class, "."), name}
  end

  # Without the object.
  defp own(nil), do: nil
  defp own(parameters), do: Enum.drop(parameters, 1)

  # By position, and by name what cannot stand there. Where nothing is needed but anything is taken, two.
  defp arguments(parameters, said, write) do
    wanted =
      for [name, kind, nil | _] = parameter <- parameters || [],
          do: {kind, name, Literal.argument(parameter, said[name])}

    of = fn kind -> for {^kind, _name, value} <- wanted, do: value end
    placed? = Enum.any?(parameters || [], fn [_, kind | _] -> kind < 2 end)

    positional =
      if placed?,
        do: of.(0) ++ of.(1),
        else: for(value <- of.(2), _ <- 1..2, not match?({:name, _}, value), do: value)

    write.(positional, for({3, name, value} <- wanted, do: {name, value}))
  end

  defp elixir_arguments(positional, named) do
    given = "[#{Enum.map_join(positional, ", ", &elixir/1)}]"

    by_name =
      "%{#{Enum.map_join(named, ", ", fn {name, value} -> "#{key(name)} #{elixir(value)}" end)}}"

    case {positional, named} do
      {[], []} -> ""
      {[], _} -> ", #{by_name}"
      {_, []} -> ", #{given}"
      {_, _} -> ", {#{given}, #{by_name}}"
    end
  end

  defp python_arguments(positional, named) do
    Enum.join(
      Enum.map(positional, &python/1) ++
        for({name, value} <- named, do: "#{name}=#{python(value)}"),
      ", "
    )
  end

  defp key(name), do: if(name =~ ~r/^[a-zA-Z]\w*$/, do: "#{name}:", else: "#{quoted(name)}:")

  # What is a tuple, a set or bytes to Python, the parameter's type makes of it.
  defp elixir({:name, name}), do: name
  defp elixir({:function, 0}), do: "fn -> nil end"
  defp elixir({:function, arity}), do: "fn #{given(arity)} -> x end"

  defp elixir({:dict, pairs}),
    do:
      "%{#{Enum.map_join(pairs, ", ", fn {key, value} -> "#{quoted(key)} => #{elixir(value)}" end)}}"

  defp elixir({:bytes, text}), do: quoted(text)
  defp elixir({_tuple_or_set, items}), do: elixir(items)
  defp elixir(items) when is_list(items), do: "[#{Enum.map_join(items, ", ", &elixir/1)}]"
  defp elixir(text) when is_binary(text), do: quoted(text)
  defp elixir(plain), do: inspect(plain)

  defp python({:name, name}), do: name
  defp python({:function, 0}), do: "lambda: None"
  defp python({:function, arity}), do: "lambda #{given(arity)}: x"

  defp python({:dict, pairs}),
    do:
      "{#{Enum.map_join(pairs, ", ", fn {key, value} -> "#{quoted(key)}: #{python(value)}" end)}}"

  defp python({:bytes, text}), do: "b'#{text}'"
  defp python({:tuple, items}), do: "(#{Enum.map_join(items, ", ", &python/1)})"
  defp python({:set, items}), do: "{#{Enum.map_join(items, ", ", &python/1)}}"
  defp python(items) when is_list(items), do: "[#{Enum.map_join(items, ", ", &python/1)}]"
  defp python(text) when is_binary(text), do: quoted(text)
  defp python(nil), do: "None"
  defp python(true), do: "True"
  defp python(false), do: "False"
  defp python(number), do: inspect(number)

  defp given(arity),
    do:
      ["x", "y", "z"]
      |> Stream.concat(Stream.map(Stream.iterate(4, &(&1 + 1)), &"x#{&1}"))
      |> Enum.take(arity)
      |> Enum.join(", ")

  defp quoted(text), do: inspect(text)
end
