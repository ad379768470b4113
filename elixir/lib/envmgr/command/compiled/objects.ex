defmodule Envmgr.Command.Compiled.Objects do
  # Which call made an object that code has in a variable.
  @moduledoc false

  alias Envmgr.Command.Compiled.{Code, Values}
  alias Envmgr.Command.Compiled.Sites.Frame

  @deepest 8

  @doc "The paths of these calls; nil among them where that is not known."
  @spec made_by(Code.form(), Frame.t()) :: [String.t() | nil, ...]
  def made_by(form, frame) do
    case form |> makers(frame, @deepest) |> Enum.uniq() do
      [] -> [nil]
      paths -> paths
    end
  end

  defp makers(_form, _frame, 0), do: [nil]

  defp makers({:var, _, name}, frame, depth) do
    case frame do
      %{bound: %{^name => forms}} ->
        Enum.flat_map(forms, &makers(&1, frame, depth - 1))

      %{parameters: %{^name => at}, caller: {given, caller}} ->
        given |> Enum.at(at) |> makers(caller, depth - 1)

      _other ->
        [nil]
    end
  end

  defp makers({:match, _, _pattern, form}, frame, depth), do: makers(form, frame, depth - 1)
  defp makers({:ok, form}, frame, depth), do: answers(form, :execute, frame, depth)
  defp makers(form, frame, depth), do: answers(form, :execute!, frame, depth)

  # `{:ok, object} = Envmgr.execute(…)`, `object = Envmgr.execute!(…)`.
  defp answers(
         {:call, _, {:remote, _, {:atom, _, Envmgr}, {:atom, _, name}}, [target | _]},
         name,
         frame,
         _
       ) do
    for value <- Values.of(target, frame), path <- path(value), do: path
  end

  defp answers({:var, _, name}, wanted, %{bound: bound} = frame, depth)
       when is_map_key(bound, name) and depth > 0,
       do: Enum.flat_map(bound[name], &answers(&1, wanted, frame, depth - 1))

  defp answers(_form, _name, _frame, _depth), do: [nil]

  defp path(path) when is_binary(path), do: [path]

  defp path({:list, [{call, frame}], true}) do
    for {:tuple, [{kind, kind_frame}, {path, path_frame} | _]} <- Values.of(call, frame),
        [{:literal, :call}] == Values.of(kind, kind_frame),
        path <- Values.of(path, path_frame),
        do: if(is_binary(path), do: path)
  end

  defp path(_unknown), do: [nil]
end
