defmodule Envmgr.Near do
  # The name that was probably meant.
  @moduledoc false

  @doc "The candidate nearest to `name`, or nil when none is near."
  @spec name(String.t(), [String.t()]) :: String.t() | nil
  def name(name, candidates), do: name |> names(candidates, 1) |> List.first()

  # What is so much farther than the nearest was hardly meant.
  @spread 0.06

  @doc "Up to `most` candidates near `name`, the nearest first."
  @spec names(String.t(), [String.t()], pos_integer()) :: [String.t()]
  def names(name, candidates, most),
    do: for({_, near} <- ranked(name, candidates, most), do: near)

  @doc "The same, each with how near it is: 1.0 is `name` itself."
  @spec ranked(String.t(), [String.t()], pos_integer()) :: [{float(), String.t()}]
  def ranked(name, candidates, most) do
    near =
      candidates
      |> Enum.filter(&(abs(byte_size(&1) - byte_size(name)) <= 4))
      |> Enum.map(&{String.jaro_distance(name, &1), &1})
      |> Enum.filter(fn {likeness, _candidate} -> likeness >= 0.75 end)
      |> Enum.sort(:desc)

    for {likeness, candidate} <- Enum.take(near, most),
        likeness > elem(hd(near), 0) - @spread,
        do: {likeness, candidate}
  end

  @doc "A question to put into a hint, or nil."
  @spec hint(String.t(), [String.t()]) :: String.t() | nil
  def hint(name, candidates) do
    if near = name(name, candidates), do: "did you mean #{near}?"
  end

  @doc "The question for names that were found near; nil for none."
  @spec question([String.t()]) :: String.t() | nil
  def question([]), do: nil
  def question([name]), do: "did you mean #{name}?"

  def question(names) do
    {most, [last]} = Enum.split(names, -1)
    "did you mean #{Enum.join(most, ", ")} or #{last}?"
  end
end
