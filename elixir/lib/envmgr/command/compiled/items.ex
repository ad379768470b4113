defmodule Envmgr.Command.Compiled.Items do
  # The arguments that `Envmgr.map/3` is given, one after the other.
  @moduledoc false

  alias Envmgr.Command.Compiled.{Code, Values}
  alias Envmgr.Command.Compiled.Sites.Frame

  @mapping [Enum, Stream]
  @deepest 8

  @doc "Each of them, as far as code says so; one that is unknown for those that are made when it runs."
  @spec of(Code.form(), Frame.t()) :: [{Code.form(), Frame.t()}]
  def of(form, frame), do: items(form, frame, @deepest)

  defp items(_form, frame, 0), do: [{{:unknown, 0}, frame}]

  defp items({:var, _, name}, %{bound: bound} = frame, depth) when is_map_key(bound, name),
    do: Enum.flat_map(bound[name], &items(&1, frame, depth - 1))

  defp items({:match, _, _pattern, form}, frame, depth), do: items(form, frame, depth - 1)

  defp items(
         {:call, _, {:remote, _, {:atom, _, module}, {:atom, _, :map}}, [_, function]},
         frame,
         _
       )
       when module in @mapping,
       do: for(body <- bodies(function), do: {body, frame})

  defp items(
         {:call, _, {:remote, _, {:atom, _, :lists}, {:atom, _, :map}}, [function, _]},
         frame,
         _
       ),
       do: for(body <- bodies(function), do: {body, frame})

  # `for item <- items, do: arguments`
  defp items(
         {:call, _, {:remote, _, {:atom, _, :lists}, {:atom, _, :reverse}},
          [
            {:call, _, {:remote, _, {:atom, _, Enum}, {:atom, _, :reduce}},
             [_, {nil, _}, function]}
          ]},
         frame,
         _depth
       ) do
    for body <- bodies(function), do: {head(body), frame}
  end

  defp items(form, frame, _depth) do
    for value <- Values.of(form, frame), item <- listed(value, frame), do: item
  end

  defp listed({:list, items, true}, _frame), do: items
  defp listed({:list, items, false}, frame), do: items ++ [{{:unknown, 0}, frame}]
  defp listed(_unknown, frame), do: [{{:unknown, 0}, frame}]

  defp bodies({:fun, _, {:clauses, clauses}}),
    do: for({:clause, _, _, _, body} <- clauses, do: List.last(body))

  defp bodies(_function), do: [{:unknown, 0}]

  defp head({:cons, _, head, _tail}), do: head
  defp head(_filtered), do: {:unknown, 0}
end
