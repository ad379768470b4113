defmodule Envmgr.Near do
  # The name that was probably meant.
  @moduledoc false

  @surely 0.9

  @doc """
  The candidate nearest to `name`, or nil when none is near. Case and underscores do not count; a name that the other begins
  with is nearer (`sep` for `separator`) than one that is merely like it.
  """
  @spec name(String.t(), [String.t()]) :: String.t() | nil
  def name(name, candidates) do
    case ranked(name, candidates, 1) do
      [{likeness, near}] when likeness >= @surely ->
        near

      ranked ->
        Enum.find(candidates, &(plain(&1) == plain(name))) || beginning(name, candidates) ||
          with([{_, near} | _] <- ranked, do: near, else: (_ -> nil))
    end
  end

  defp beginning(name, candidates) do
    candidates
    |> Enum.filter(
      &(min(byte_size(&1), byte_size(name)) >= 3 and
          (String.starts_with?(name, &1) or String.starts_with?(&1, name)))
    )
    |> Enum.min_by(&abs(byte_size(&1) - byte_size(name)), fn -> nil end)
  end

  defp plain(name), do: name |> String.downcase() |> String.replace("_", "")

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
