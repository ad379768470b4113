defmodule Envmgr.Calls.Prompt do
  # The terminal of who asks. IEx need not be there: a release has none.
  @moduledoc false

  @doc "Prints, in colours where they are on. In IEx the answer is not shown."
  @spec print(IO.ANSI.ansidata()) :: :ok | atom()
  def print(text) do
    text |> IO.ANSI.format(colours?()) |> IO.puts()
    if iex?(), do: apply(IEx, :dont_display_result, []), else: :ok
  end

  defp colours? do
    colours = if iex?(), do: apply(IEx, :configuration, [])[:colors] || [], else: []
    Keyword.get_lazy(colours, :enabled, &IO.ANSI.enabled?/0)
  end

  defp iex?, do: Code.ensure_loaded?(IEx) and apply(IEx, :started?, [])
end
