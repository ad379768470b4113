defmodule Soak.Book do
  # What was asked and what came: counts by environment, kind and outcome; effects that must be found on the disk; what is wrong.
  @moduledoc false

  @most_wrong 200

  def open do
    :ets.new(__MODULE__, [:named_table, :public, write_concurrency: true])
    :ets.new(Soak.Effects, [:named_table, :public, write_concurrency: true])
    :persistent_term.put(__MODULE__, :counters.new(2, []))
  end

  @doc "A number that no other call has."
  def number do
    :counters.add(:persistent_term.get(__MODULE__), 1, 1)
    System.unique_integer([:positive])
  end

  @doc "How many numbers were given out."
  def asked, do: :counters.get(:persistent_term.get(__MODULE__), 1)

  def count(environment, kind, outcome, count \\ 1) do
    :ets.update_counter(
      __MODULE__,
      {environment, kind, outcome},
      count,
      {{environment, kind, outcome}, 0}
    )
  end

  def wrong(what) do
    seen = :ets.update_counter(__MODULE__, :wrong, 1, {:wrong, 0})
    at = Time.utc_now() |> Time.truncate(:second)
    IO.puts(:stderr, "WRONG #{at} #{what}")
    if seen <= @most_wrong, do: :ets.insert(__MODULE__, {{:wrong, seen}, what})
  end

  @doc "What is wrong, oldest first, and how many there were."
  def wrongs do
    list = :ets.match(__MODULE__, {{:wrong, :"$1"}, :"$2"}) |> Enum.sort()
    {:ets.lookup_element(__MODULE__, :wrong, 2), for([_number, what] <- list, do: what)}
  rescue
    ArgumentError -> {0, []}
  end

  @doc "`%{{environment, kind} => %{outcome => count}}`"
  def counts do
    for [environment, kind, outcome, count] <-
          :ets.match(__MODULE__, {{:"$1", :"$2", :"$3"}, :"$4"}),
        reduce: %{} do
      all ->
        put_in(all, [Access.key({environment, kind}, %{}), outcome], count)
    end
  end

  @doc "A call with an effect begins; `most`: how often it may run."
  def effect(number, most), do: :ets.insert(Soak.Effects, {number, most, :unknown})
  def effected(number), do: :ets.update_element(Soak.Effects, number, {3, :answered})

  @doc "Holds the lines that Python has left against what was answered. Nothing may run meanwhile."
  def audit(files) do
    ran =
      for file <- files,
          File.exists?(file),
          line <- file |> File.read!() |> String.split("\n", trim: true),
          do: String.to_integer(line)

    ran = Enum.frequencies(ran)

    for {number, most, outcome} <- :ets.tab2list(Soak.Effects) do
      times = Map.get(ran, number, 0)
      if times > most, do: wrong("effect #{number} ran #{times} times, and may run #{most} times")

      if outcome == :answered and times == 0,
        do: wrong("effect #{number} was answered, and never ran")
    end

    for {number, times} <- ran,
        not :ets.member(Soak.Effects, number),
        do: wrong("effect #{number}, which nobody asked for now, ran #{times} times")

    :ets.delete_all_objects(Soak.Effects)
    Enum.each(files, &File.rm/1)
    ran |> Map.values() |> Enum.sum()
  end
end
