defmodule Envmgr.Calls.Gathering do
  # What a call's Python code says while it runs, kept for the metadata of its answer.
  @moduledoc false

  alias Envmgr.Calls.Outcome

  @doc "An alias of the calling process, to which the output goes."
  @spec open() :: reference()
  def open, do: :erlang.alias()

  @doc "Runs the call, and adds what came: to the metadata, or to the details of an error."
  @spec around(reference(), (() -> Outcome.answer())) :: Outcome.answer()
  def around(alias, call) do
    answer = call.()
    :erlang.unalias(alias)
    add(answer, said(alias, []))
  catch
    kind, reason ->
      :erlang.unalias(alias)
      said(alias, [])
      :erlang.raise(kind, reason, __STACKTRACE__)
  end

  defp add({:ok, value, metadata}, said), do: {:ok, value, Map.merge(metadata, sorted(said))}

  defp add({:error, error}, said),
    do: {:error, %{error | details: Map.put(error.details, :output, sorted(said))}}

  defp add(other, _said), do: other

  # Latest first.
  defp said(alias, said) do
    receive do
      {:envmgr_output, ^alias, one} -> said(alias, [one | said])
    after
      0 -> said
    end
  end

  defp sorted(said) do
    said = Enum.reverse(said)
    of = fn stream -> Enum.filter(said, &(&1.stream == stream)) end

    %{
      stdout: Enum.map_join(of.(:stdout), & &1.text),
      stderr: Enum.map_join(of.(:stderr), & &1.text),
      logging:
        for(one <- of.(:logging), do: %{level: one.level, logger: one.logger, message: one.text}),
      python_warnings:
        for(one <- of.(:warnings), do: %{category: one.category, message: one.text})
    }
  end
end
