defmodule Envmgr.Libraries.Likeness do
  # How alike words are (docs/architecture.md, "How a search ranks"): equal, beginning, contained, or a few slips of the
  # keyboard away. Letters are code points.
  @moduledoc false

  import Bitwise

  @equal 0
  @begins 1
  @contains 2

  @typedoc "A word with what is compared first: how many letters, and a bit for each letter that it has."
  @type word :: {position :: non_neg_integer(), String.t(), non_neg_integer(), non_neg_integer()}

  @doc "The words of a vocabulary, ready for `alike/2`."
  @spec prepare([String.t()]) :: [word()]
  def prepare(vocabulary), do: prepare(vocabulary, 0)

  defp prepare([], _position), do: []

  defp prepare([word | rest], position) do
    {size, mask} = measure(word, 0, 0)
    [{position, word, size, mask} | prepare(rest, position + 1)]
  end

  @doc "The words of the vocabulary that are like `word`, each with its position and likeness; the most alike first."
  @spec alike(String.t(), [word()]) :: [{non_neg_integer(), String.t(), non_neg_integer()}]
  def alike(word, vocabulary) do
    {size, mask} = measure(word, 0, 0)
    pattern = :binary.compile_pattern(word)

    found =
      for {position, other, letters, _mask} <- vocabulary,
          letters >= size,
          likeness = holds(other, word, pattern, size),
          do: {position, other, likeness}

    most = slips(size)

    if(most > 0 and not Enum.any?(found, &(elem(&1, 2) == @equal)),
      do: found ++ near(vocabulary, word, pattern, size, mask, most),
      else: found
    )
    |> Enum.sort_by(&elem(&1, 2))
  end

  defp holds(word, word, _pattern, _size), do: @equal

  defp holds(other, _word, pattern, size) do
    case :binary.match(other, pattern) do
      {0, _} when size > 1 -> @begins
      {_, _} when size > 2 -> @contains
      _none -> nil
    end
  end

  defp near(vocabulary, word, pattern, size, mask, most) do
    letters = letters(word)

    for {position, other, others, bits} <- vocabulary,
        abs(others - size) <= most,
        few?(bxor(bits, mask), 2 * most),
        holds(other, word, pattern, size) == nil,
        apart = distance(letters, letters(other), most),
        apart <= most,
        do: {position, other, @contains + apart}
  end

  defp slips(size) when size < 4, do: 0
  defp slips(size) when size < 8, do: 1
  defp slips(_size), do: 2

  # One slip changes at most two bits.
  defp measure(<<letter::utf8, rest::binary>>, size, bits),
    do: measure(rest, size + 1, bits ||| 1 <<< (letter &&& 31))

  defp measure(_end, size, bits), do: {size, bits}

  defp few?(0, _most), do: true
  defp few?(_bits, 0), do: false
  defp few?(bits, most), do: few?(bits &&& bits - 1, most - 1)

  defp letters(word), do: for(<<letter::utf8 <- word>>, do: letter)

  @doc """
  Insertions, deletions, substitutions and transpositions of neighbours (optimal string alignment); `most` + 1 stands for
  any more than `most`.
  """
  @spec distance(charlist(), charlist(), non_neg_integer()) :: non_neg_integer()
  def distance(one, other, most) do
    if abs(length(one) - length(other)) > most do
      most + 1
    else
      first = Enum.to_list(0..length(other))
      rows(one, nil, other, first, [], 1, most)
    end
  end

  # `before` are the rows of the last two letters; `previous` is the letter before `letter`.
  defp rows([], _previous, _other, last, _before, _i, most), do: min(List.last(last), most + 1)

  defp rows([letter | rest], previous, other, last, before, i, most) do
    row = [i | row(other, nil, letter, previous, last, before, i)]

    if Enum.min(row) > most and Enum.min(last) > most,
      do: most + 1,
      else: rows(rest, letter, other, row, last, i + 1, most)
  end

  defp row([], _against, _letter, _previous, _last, _before, _left), do: []

  defp row(
         [against | rest],
         neighbour,
         letter,
         previous,
         [diagonal | [above | _] = last],
         before,
         left
       ) do
    same = if letter == against, do: 0, else: 1
    cost = min(min(above + 1, left + 1), diagonal + same)

    # Two rows up and two columns left, where both neighbours are swapped.
    cost =
      if previous == against and neighbour == letter and before != [],
        do: min(cost, hd(before) + 1),
        else: cost

    before = if neighbour == nil or before == [], do: before, else: tl(before)
    [cost | row(rest, against, letter, previous, last, before, cost)]
  end
end
