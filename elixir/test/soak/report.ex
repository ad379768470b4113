defmodule Soak.Report do
  # The end of a run, in words: what was counted, what was measured, what is wrong.
  @moduledoc false

  alias Soak.Book

  @doc "Prints it, and answers the exit status."
  def print(judged, seconds, seed) do
    counts = Book.counts()
    IO.puts("\nenvironment, kind: outcomes")

    for {{environment, kind}, outcomes} <- Enum.sort(counts),
        do: IO.puts("#{String.pad_trailing("#{environment} #{kind}", 24)} #{listed(outcomes)}")

    together =
      for {{environment, kind}, outcomes} <- counts,
          environment != "",
          kind != :kill,
          reduce: %{} do
        all -> Map.merge(all, outcomes, fn _, one, other -> one + other end)
      end

    IO.puts("#{String.pad_trailing("together", 24)} #{listed(together)}\n")
    for {_, line} <- judged, do: IO.puts(line)

    IO.puts(
      "\n#{Book.asked()} numbers in #{round(seconds)} s, #{round(Book.asked() / seconds)} a second, seed #{seed}"
    )

    verdict(Book.wrongs())
  end

  @doc "Tables that have more rows than before, if only some."
  def grown(before, later) do
    for {table, size} <- later,
        size > (before[table] || 0) + 20,
        do: {table, before[table] || 0, size}
  end

  defp listed(outcomes),
    do: Enum.map_join(Enum.sort(outcomes), ", ", fn {outcome, count} -> "#{outcome} #{count}" end)

  defp verdict({0, []}) do
    IO.puts("nothing is wrong")
    0
  end

  defp verdict({count, list}) do
    IO.puts("FAILED: #{count} things are wrong")
    for {what, number} <- Enum.with_index(list, 1), do: IO.puts("#{number}. #{what}")
    1
  end
end
