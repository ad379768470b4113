defmodule Soak.Verdict do
  # Whether what was measured stays as it is: the medians of the first and of the last quarter of the looks, without the warm-up.
  @moduledoc false

  @mib 1024 * 1024

  # By how much the last quarter may be more: a part of the first one, and so much besides.
  @vm [
    memory: {0.05, 3 * @mib},
    processes_used: {0.10, 4 * @mib},
    binary: {0.10, 2 * @mib},
    ets_memory: {0.05, 1 * @mib},
    processes: {0.0, 12},
    ports: {0.0, 6},
    atoms: {0.0, 60},
    descriptors: {0.0, 12},
    tables: {0.0, 3},
    rows: {0.05, 60},
    queued: {0.0, 0}
  ]
  # What a worker has of its own goes up and down by some MiB: the last large buffer that it has received, what malloc does not
  # give back, pages that it shared with its zygote. What Python's objects take does not.
  @worker [
    own: {0.05, 8 * @mib},
    descriptors: {0.0, 1},
    threads: {0.0, 2},
    blocks: {0.05, 1_000}
  ]
  # Of a worker that has lived for so many looks after the first ones, which are its own warm-up.
  @looks 8
  @first 2

  @doc "Of the looks at the VM, oldest first: lines for the table, and what is wrong."
  def vm(looks) do
    looks = Enum.drop(looks, max(div(length(looks), 4), 1))
    for {key, bound} <- @vm, do: judged("BEAM #{key}", Enum.map(looks, & &1[key]), bound)
  end

  @doc "Of the looks at workers."
  def workers(looks) do
    by_worker = looks |> List.flatten() |> Enum.group_by(&{elem(&1, 0), elem(&1, 1)})

    for {{environment, pid}, seen} <- by_worker,
        seen = Enum.drop(seen, @first),
        length(seen) >= @looks,
        {{key, bound}, place} <- Enum.with_index(@worker) do
      calls = elem(List.last(seen), 2)
      values = for {_, _, _, counts} <- seen, do: elem(counts, place)
      judged("#{environment} worker #{pid} (#{calls} calls) #{key}", values, bound)
    end
  end

  defp judged(what, values, {part, more}) do
    quarter = max(div(length(values), 4), 1)
    first = values |> Enum.take(quarter) |> median()
    last = values |> Enum.take(-quarter) |> median()
    line = "#{what}: #{first} -> #{last} in #{length(values)} looks"
    if System.get_env("SOAK_SERIES"), do: IO.inspect(values, label: what, limit: :infinity)
    if last > first * (1 + part) + more, do: {:wrong, line}, else: {:fine, line}
  end

  defp median([]), do: 0
  defp median(values), do: values |> Enum.sort() |> Enum.at(div(length(values), 2))
end
